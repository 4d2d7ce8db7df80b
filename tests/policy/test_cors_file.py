"""The rules file: what it may hold, and what ours holds."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import ConfigurationError
from broker.policy.cors import DOWNLOAD_HEADERS, EXPOSED_HEADERS, METHODS, UPLOAD_HEADERS, CorsRule
from broker.policy.cors_file import MAX_FILE_BYTES, parse_rules
from broker.policy.ticket import MARK_HEADER

OUR_FILE = Path(__file__).resolve().parents[2] / "infra" / "cors.json"
GOOD: dict[str, object] = {
    "ID": "presign-broker",
    "AllowedOrigins": ["${ORIGIN}"],
    "AllowedMethods": ["GET"],
}


def file_of(*entries: dict[str, object]) -> bytes:
    return json.dumps({"CORSRules": entries}).encode()


def test_our_file_allows_exactly_what_the_broker_hands_out() -> None:
    (rule,) = parse_rules(OUR_FILE.read_bytes())
    assert rule.origins == ("${ORIGIN}",)
    assert set(rule.methods) == {"GET", "HEAD", "PUT"} == set(METHODS)
    assert set(rule.headers) == {*UPLOAD_HEADERS, *DOWNLOAD_HEADERS}
    assert set(rule.expose_headers) == set(EXPOSED_HEADERS)
    assert MARK_HEADER in rule.headers
    assert rule.max_age == timedelta(hours=1)


def test_our_file_names_each_header_for_servers_that_know_no_pattern() -> None:
    assert "*" not in OUR_FILE.read_text()


def test_a_minimal_rule_is_taken() -> None:
    assert parse_rules(file_of(GOOD)) == (CorsRule("presign-broker", ("${ORIGIN}",), ("GET",)),)


@pytest.mark.parametrize("seconds", [0, 1, 86_400])
def test_max_age_is_taken_up_to_a_day(seconds: int) -> None:
    (rule,) = parse_rules(file_of(GOOD | {"MaxAgeSeconds": seconds}))
    assert rule.max_age == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"ID": "theirs"}, "ID"),
        ({"ID": ""}, "ID"),
        ({"ID": 1}, "ID"),
        ({"ID": "presign-broker-" + "x" * 241}, "ID"),
        ({"AllowedOrigins": []}, "AllowedOrigins"),
        ({"AllowedOrigins": "https://app.example"}, "AllowedOrigins"),
        ({"AllowedOrigins": ["https://*.example"]}, "AllowedOrigins"),
        ({"AllowedOrigins": ["null"]}, "AllowedOrigins"),
        ({"AllowedMethods": []}, "AllowedMethods"),
        ({"AllowedMethods": ["OPTIONS"]}, "AllowedMethods"),
        ({"AllowedMethods": ["get"]}, "AllowedMethods"),
        ({"AllowedHeaders": ["x-*-*"]}, "AllowedHeaders"),
        ({"AllowedHeaders": ["a b"]}, "AllowedHeaders"),
        ({"AllowedHeaders": [1]}, "AllowedHeaders"),
        ({"ExposeHeaders": ["*"]}, "ExposeHeaders"),
        ({"ExposeHeaders": ["a\r\nb"]}, "ExposeHeaders"),
        ({"MaxAgeSeconds": -1}, "MaxAgeSeconds"),
        ({"MaxAgeSeconds": 86_401}, "MaxAgeSeconds"),
        ({"MaxAgeSeconds": True}, "MaxAgeSeconds"),
        ({"MaxAgeSeconds": "60"}, "MaxAgeSeconds"),
        ({"AllowCredentials": True}, "AllowCredentials"),
    ],
)
def test_a_bad_field_is_named(change: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_rules(file_of(GOOD | change))
    (problem,) = caught.value.problems
    assert problem.startswith(f"CORSRules[0].{named}: ")


def test_every_problem_is_reported_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_rules(file_of(GOOD | {"MaxAgeSeconds": -1}, GOOD | {"ID": "x", "Extra": 1}))
    assert len(caught.value.problems) == 3


def test_an_id_may_occur_once() -> None:
    with pytest.raises(ConfigurationError, match="once"):
        parse_rules(file_of(GOOD, GOOD))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 60_000,
        b'{"CORSRules": []}',
        b'{"CORSRules": {}}',
        b'{"CORSRules": [1]}',
        b'{"CORSRules": [{}], "x": 1}',
        file_of(*[GOOD] * 101),
        b" " * (MAX_FILE_BYTES + 1),
    ],
)
def test_anything_else_is_refused(text: bytes) -> None:
    with pytest.raises(ConfigurationError):
        parse_rules(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["ID", "AllowedOrigins", "x"]), inner)
        ),
    )
)
def test_no_content_of_a_rule_raises_anything_else(content: object) -> None:
    text = json.dumps({"CORSRules": [content]}).encode()
    with pytest.raises(ConfigurationError):
        parse_rules(text)
