"""The gate: every decision is counted, recorded and made by today's policy."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest

from broker.errors import Forbidden, RateLimited, SizeNotAllowed
from broker.gate import Caller, Gate, Wanted
from broker.policy.grants import Action, Grant, Policy
from broker.policy.identity import LOCAL_ISSUER, Principal
from broker.state.ratelimit import RateLimit
from broker.telemetry.audit import AuditLog
from broker.telemetry.metrics import Metrics

ALICE = Caller(Principal(LOCAL_ISSUER, "alice", frozenset({"member"})), "r-1")
HOME = Grant("*", "uploads", "users/{sub}/", frozenset({Action.READ, Action.WRITE}), max_size=10)
MINE, NOT_MINE = "users/alice/a", "users/bob/a"


class House:
    """A gate of real parts, with a policy that can be swapped."""

    def __init__(self, per_minute: int = 100) -> None:
        self.policy = Policy([HOME])
        self.stream = StringIO()
        self.metrics = Metrics()
        audit = AuditLog(self.stream, lambda: datetime(2026, 3, 7, tzinfo=UTC), lambda call: call())
        rate = RateLimit(per_minute, lambda: 0.0)
        self.gate = Gate(lambda: self.policy, rate, audit, self.metrics)

    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def counted(self) -> str:
        return self.metrics.render().decode()


@pytest.fixture
def house() -> House:
    return House()


def read(key: str) -> Wanted:
    return Wanted("download.sign", Action.READ, "uploads", key)


def test_what_is_allowed_is_recorded_as_allowed(house: House) -> None:
    grant = house.gate.allow(ALICE, read(MINE))
    assert grant.prefix == "users/alice/"
    (event,) = house.events()
    assert (event["event"], event["allowed"], event["reason"]) == ("download.sign", True, "grant")
    assert (event["actor"], event["request_id"], event["action"]) == ("alice", "r-1", "read")
    assert 'broker_decisions_total{action="read",allowed="true",reason="grant"} 1.0' in (
        house.counted()
    )


def test_what_is_refused_is_recorded_with_its_reason(house: House) -> None:
    with pytest.raises(Forbidden):
        house.gate.allow(ALICE, read(NOT_MINE))
    (event,) = house.events()
    assert (event["allowed"], event["reason"]) == (False, "no_grant")
    assert 'allowed="false",reason="no_grant"} 1.0' in house.counted()


def test_an_upload_is_decided_with_its_size_and_type(house: House) -> None:
    def upload(size: int) -> Wanted:
        return Wanted("upload.create", Action.WRITE, "uploads", MINE, size, "image/png", urls=3)

    house.gate.allow(ALICE, upload(10))
    with pytest.raises(SizeNotAllowed):
        house.gate.allow(ALICE, upload(11))
    assert [(event["size"], event["reason"], event["count"]) for event in house.events()] == [
        (10, "grant", 3),
        (11, "size_not_allowed", 3),
    ]


def test_an_upload_that_must_overwrite_needs_a_grant_that_lets_it(house: House) -> None:
    house.policy = Policy([replace(HOME, overwrite=False)])
    wanted = Wanted("upload.create", Action.WRITE, "uploads", MINE, 1, "image/png")
    assert house.gate.allow(ALICE, wanted).overwrite is False
    with pytest.raises(Forbidden):
        house.gate.allow(ALICE, wanted._replace(must_overwrite=True))
    assert [event["reason"] for event in house.events()] == ["grant", "no_overwrite"]


def test_a_prefix_above_ones_own_is_enough_where_anywhere_below_is_asked(house: House) -> None:
    wanted = Wanted("uploads.list", Action.WRITE, "uploads", "users/")
    with pytest.raises(Forbidden):
        house.gate.allow(ALICE, wanted)
    house.gate.allow(ALICE, wanted._replace(anywhere_below=True))
    with pytest.raises(Forbidden):
        house.gate.allow(ALICE, wanted._replace(key="users/bob/", anywhere_below=True))


def test_a_refusal_from_elsewhere_is_recorded_and_raised(house: House) -> None:
    refusal = Forbidden("profile: is not known.", reason="no_profile")
    with pytest.raises(Forbidden) as caught:
        house.gate.refuse(ALICE, read(MINE), refusal)
    assert caught.value is refusal
    assert [(event["allowed"], event["reason"]) for event in house.events()] == [
        (False, "no_profile")
    ]


def test_asking_whether_something_may_be_shown_leaves_no_record(house: House) -> None:
    assert house.gate.permits(ALICE, Action.READ, "uploads", MINE)
    assert not house.gate.permits(ALICE, Action.READ, "uploads", NOT_MINE)
    assert house.events() == []


def test_a_new_policy_holds_from_the_next_question_on(house: House) -> None:
    house.gate.allow(ALICE, read(MINE))
    house.policy = Policy([])
    with pytest.raises(Forbidden):
        house.gate.allow(ALICE, read(MINE))
    assert house.gate.policy is house.policy


def test_requests_past_the_limit_are_refused_and_counted() -> None:
    house = House(per_minute=2)
    house.gate.enter(ALICE.principal)
    house.gate.enter(ALICE.principal)
    with pytest.raises(RateLimited):
        house.gate.enter(ALICE.principal)
    assert "broker_rate_limited_total 1.0" in house.counted()


def test_the_limit_is_by_issuer_and_subject() -> None:
    house = House(per_minute=1)
    for issuer in (LOCAL_ISSUER, "https://login.example"):
        house.gate.enter(Principal(issuer, "alice", frozenset()))
