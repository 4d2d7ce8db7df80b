"""CORS rules as values: origins, merging with a bucket's own rules, the diff."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import InvalidRequest
from broker.policy.cors import (
    MAX_RULES,
    METHODS,
    CorsRule,
    check_origins,
    diff,
    differs,
    expand,
    foreign,
    merge,
    with_metadata,
)

APP = "https://app.example"
TEMPLATE = CorsRule("presign-broker", ("${ORIGIN}",), METHODS, ("content-type",), ("ETag",))

_names = st.lists(st.sampled_from(["a", "b", "C", "d"]), unique=True, max_size=4).map(tuple)


def rules(ids: st.SearchStrategy[str]) -> st.SearchStrategy[CorsRule]:
    return st.builds(
        CorsRule,
        id=ids,
        origins=_names,
        methods=st.lists(st.sampled_from(METHODS), unique=True).map(tuple),
        headers=_names,
        expose_headers=_names,
        max_age=st.none() | st.integers(0, 9).map(lambda seconds: timedelta(seconds=seconds)),
    )


foreign_ids = st.sampled_from(["cdn", "presign-brokerage", "team presign-broker"])
our_ids = st.sampled_from(["presign-broker", "presign-broker-read"])
bucket_rules = st.lists(rules(foreign_ids | our_ids), max_size=6)
wanted_rules = st.lists(rules(our_ids), min_size=1, max_size=3)


@given(bucket_rules, wanted_rules)
def test_merge_keeps_every_rule_with_a_foreign_id_in_its_order(
    existing: list[CorsRule], wanted: list[CorsRule]
) -> None:
    kept = [rule for rule in merge(existing, wanted) if rule not in wanted]
    assert kept == [
        rule for rule in existing if rule.id in {"cdn", "presign-brokerage", "team presign-broker"}
    ]


@given(bucket_rules, wanted_rules)
def test_merge_holds_exactly_the_wanted_rules_of_ours(
    existing: list[CorsRule], wanted: list[CorsRule]
) -> None:
    merged = merge(existing, wanted)
    assert merged[: len(wanted)] == tuple(wanted)
    assert foreign(merged) == merged[len(wanted) :]


@given(bucket_rules, wanted_rules)
def test_a_second_merge_changes_nothing(existing: list[CorsRule], wanted: list[CorsRule]) -> None:
    once = merge(existing, wanted)
    assert merge(once, wanted) == once
    assert diff(once, merge(once, wanted)) == ()


@given(wanted_rules)
def test_a_server_that_drops_ids_changes_nothing_at_the_second_merge(
    wanted: list[CorsRule],
) -> None:
    dropped = [CorsRule("", *_fields(rule)) for rule in merge([], wanted)]
    assert not differs(dropped, merge(dropped, wanted))


def _fields(
    rule: CorsRule,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...], timedelta | None]:
    return rule.origins, rule.methods, rule.headers, rule.expose_headers, rule.max_age


def test_a_rule_without_id_and_with_other_content_is_foreign() -> None:
    other = CorsRule("", (APP,), ("GET",))
    assert merge([other], [TEMPLATE]) == (TEMPLATE, other)


def test_a_rule_of_someone_else_with_the_same_content_is_kept() -> None:
    twin = CorsRule("theirs", *_fields(TEMPLATE))
    assert merge([twin], [TEMPLATE]) == (TEMPLATE, twin)


@pytest.mark.parametrize("order", list(permutations(["GET", "HEAD", "PUT"])))
def test_a_server_that_sorts_its_lists_makes_no_difference(order: tuple[str, ...]) -> None:
    sent = CorsRule("x", (APP,), ("GET", "HEAD", "PUT"), ("Content-Type",))
    assert not differs([sent], [CorsRule("x", (APP,), order, ("content-type",))])


@pytest.mark.parametrize(
    "other",
    [
        CorsRule("x", ("https://other.example",), ("GET",), ("a",), ("b",), timedelta(1)),
        CorsRule("x", (APP,), ("PUT",), ("a",), ("b",), timedelta(1)),
        CorsRule("x", (APP,), ("GET",), (), ("b",), timedelta(1)),
        CorsRule("x", (APP,), ("GET",), ("a",), (), timedelta(1)),
        CorsRule("x", (APP,), ("GET",), ("a",), ("b",), None),
    ],
    ids=["origin", "method", "header", "exposed", "age"],
)
def test_every_field_makes_a_difference(other: CorsRule) -> None:
    rule = CorsRule("x", (APP,), ("GET",), ("a",), ("b",), timedelta(1))
    assert differs([rule], [other])
    assert any(line.startswith("-") for line in diff([rule], [other]))


def test_the_diff_names_the_changed_line_only() -> None:
    before = expand([TEMPLATE], [APP])
    after = expand([TEMPLATE], [APP, "https://new.example"])
    changed = [
        line for line in diff(before, after) if line[0] in "+-" and line[:3] not in {"+++", "---"}
    ]
    assert changed == [
        f'-      "{APP}"',
        f'+      "{APP}",',
        '+      "https://new.example"',
    ]


@pytest.mark.parametrize("count", [MAX_RULES - 2, MAX_RULES - 1])
def test_a_bucket_takes_a_hundred_rules(count: int) -> None:
    existing = [CorsRule(f"other-{number}", (APP,), ("GET",)) for number in range(count)]
    assert len(merge(existing, [TEMPLATE])) == count + 1


def test_more_than_a_hundred_rules_are_refused_before_s3_is_asked() -> None:
    existing = [CorsRule(f"other-{number}", (APP,), ("GET",)) for number in range(MAX_RULES)]
    with pytest.raises(InvalidRequest, match="101 CORS rules"):
        merge(existing, [TEMPLATE])


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example",
        "http://localhost:8000",
        "http://127.0.0.1:1",
        "https://app.example:65535",
        "http://[::1]:8000",
        "capacitor://localhost",
        "https://xn--bcher-kva.example",
    ],
)
def test_an_origin_as_browsers_send_it_is_taken(origin: str) -> None:
    assert check_origins([origin, origin]) == (origin,)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "app.example",
        "https://",
        "https://app.example/",
        "https://app.example/path",
        "https://app.example?x",
        "https://app.example#x",
        "https://App.example",
        "HTTPS://app.example",
        "https://user@app.example",
        "https://app.example:",
        "https://app.example:0",
        "https://app.example:65536",
        "https://app.example:443",
        "http://app.example:80",
        "https://*.example",
        "https://app.example\n",
        " https://app.example",
        "https://bücher.example",
        "https://app.example,https://other.example",
        "https://" + "a" * 505,
        "https://" + "a" * 50_000 + "!",
    ],
)
def test_anything_that_no_browser_sends_is_refused(origin: str) -> None:
    with pytest.raises(InvalidRequest, match="origin"):
        check_origins([APP, origin])


def test_no_origin_at_all_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="at least one"):
        check_origins([])


def test_every_bad_origin_is_named() -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_origins(["null", APP, "https://x/"])
    assert [text.split()[0] for _, text in caught.value.problems] == ["'null'", "'https://x/'"]


def test_the_placeholder_becomes_every_origin() -> None:
    (rule,) = expand([TEMPLATE], [APP, "https://b.example", APP])
    assert rule.origins == (APP, "https://b.example")
    assert rule.methods == TEMPLATE.methods


def test_any_origin_with_write_methods_needs_to_be_asked_for() -> None:
    with pytest.raises(InvalidRequest, match="--allow-any-origin"):
        expand([TEMPLATE], ["*"])
    (rule,) = expand([TEMPLATE], ["*"], allow_any_origin=True)
    assert rule.origins == ("*",)


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_a_wildcard_written_into_the_rules_is_refused_as_well(method: str) -> None:
    with pytest.raises(InvalidRequest, match="any site"):
        expand([CorsRule("presign-broker", ("*",), ("GET", method))], [APP])


def test_any_origin_may_read() -> None:
    rule = CorsRule("presign-broker", ("*",), ("GET", "HEAD"))
    assert expand([rule], [APP]) == (rule,)


def test_metadata_is_allowed_where_uploads_are() -> None:
    read = CorsRule("presign-broker-read", (APP,), ("GET",))
    upload, unchanged = with_metadata([TEMPLATE, read], ["camera", "camera"])
    assert upload.headers == ("content-type", "x-amz-meta-camera")
    assert unchanged == read


@pytest.mark.parametrize("name", ["", "*", "a b", "ä", "Camera", "a\n", "a" * 129])
def test_metadata_names_are_plain(name: str) -> None:
    with pytest.raises(InvalidRequest, match="metadata"):
        with_metadata([TEMPLATE], [name])
