"""The audit trail: one line for each event, which no text from outside can forge."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.policy.identity import Principal
from broker.telemetry.audit import AuditLog, Decided, key_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)
FORGED = '{"event":"forged","allowed":true}'
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def at_once(call: Callable[[], None]) -> None:
    call()


def written(
    subject: str = "alice",
    issuer: str = "local",
    bucket: str = "uploads",
    key: str = "users/alice/a.txt",
    reason: str = "grant",
    request_id: str = "r-1",
) -> str:
    stream = StringIO()
    AuditLog(stream, lambda: NOW, at_once).record(
        Decided(
            "upload.create",
            principal=Principal(issuer, subject, frozenset({"member"})),
            action="write",
            bucket=bucket,
            key=key,
            allowed=True,
            reason=reason,
            request_id=request_id,
            size=7,
            urls=3,
        )
    )
    return stream.getvalue()


def read(text: str) -> Mapping[str, object]:
    """Return the one event; more or fewer lines, by anybody's idea of a line, fail."""
    assert text.endswith("\n")
    (line,) = text.splitlines()
    event = json.loads(line)
    assert isinstance(event, dict)
    return event


def test_a_line_has_every_member_of_the_contract() -> None:
    assert read(written()) == {
        "time": "2026-03-07T12:00:00+00:00",
        "event": "upload.create",
        "actor": "alice",
        "issuer": "local",
        "action": "write",
        "bucket": "uploads",
        "key_hash": hashlib.sha256(b"uploads/users/alice/a.txt").hexdigest()[:32],
        "allowed": True,
        "reason": "grant",
        "request_id": "r-1",
        "size": 7,
        "count": 3,
    }


@pytest.mark.parametrize(
    "text",
    [
        f"\n{FORGED}",
        f"\r\n{FORGED}\r\n",
        f"\u2028{FORGED}",
        f"\u2029{FORGED}",
        f"\x85{FORGED}",
        f"\x0b{FORGED}",
        f"\x1e{FORGED}",
        f'"}}\n{FORGED}',
        '","allowed":false,"x":"',
        "\x1b[2K\x1b[1A",
        "\x00",
        "\u202e",
    ],
)
def test_hostile_text_forges_no_line_and_no_member(text: str) -> None:
    line = written(subject=text, issuer=text, bucket=text, key=text, reason=text, request_id=text)
    event = read(line)
    assert (event["event"], event["allowed"]) == ("upload.create", True)
    assert event["actor"] == event["issuer"] == event["reason"] == text
    assert line.rstrip("\n").isascii()
    assert line.rstrip("\n").isprintable()


@given(subject=TEXTS, bucket=TEXTS, key=TEXTS)
def test_any_text_reads_back_from_one_line(subject: str, bucket: str, key: str) -> None:
    event = read(written(subject=subject, bucket=bucket, key=key))
    assert (event["actor"], event["bucket"]) == (subject, bucket)


@pytest.mark.parametrize("key", ["secret-plans.pdf", "users/alice/Gehalt März.xlsx"])
def test_no_line_holds_any_part_of_a_key(key: str) -> None:
    line = written(subject="x", key=key)
    for part in key.replace("/", " ").replace(".", " ").split():
        assert part not in line


def test_lines_equal_events() -> None:
    stream = StringIO()
    log = AuditLog(stream, lambda: NOW, at_once)
    for number in range(50):
        log.record(
            Decided(
                "download.sign",
                principal=Principal("local", "bob\n", frozenset()),
                action="read",
                bucket="uploads",
                key=f"{number}",
                allowed=bool(number % 2),
                reason="no_grant",
                request_id=f"r-{number}",
            )
        )
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["request_id"] for event in events] == [f"r-{number}" for number in range(50)]
    assert {event["size"] for event in events} == {None}


def test_each_key_of_each_bucket_has_a_digest_of_its_own() -> None:
    pairs = [("a", "b/c"), ("b", "c"), ("a", "b"), ("a", "c"), ("ab", "/c"), ("a", "")]
    assert len({key_digest(*pair) for pair in pairs}) == len(pairs)
