"""Tickets: sealed for one owner, the same refusal for everybody else."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.auth.seal import Sealer
from broker.errors import UploadNotFound
from broker.policy.identity import LOCAL_ISSUER, Principal
from broker.policy.ticket import MAX_TICKET_LENGTH, Ticket, Tickets

NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)
ALICE = Principal(LOCAL_ISSUER, "alice", frozenset({"member"}))
BOB = Principal(LOCAL_ISSUER, "bob", frozenset({"member"}))
TICKET = Ticket(
    issuer=LOCAL_ISSUER,
    subject="alice",
    bucket="uploads",
    key="users/alice/a",
    size=25,
    content_type="image/png",
    mark="m" * 32,
    created_at=NOW,
    expires_at=NOW + timedelta(days=7),
    may_overwrite=False,
    upload_id="u-1",
    part_size=10,
    fingerprint="f",
    profile="avatar",
)
SEALER = Sealer([b"s" * 32], "ticket")
TICKETS = Tickets(SEALER.seal, SEALER.unseal)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
TIMES = st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
ANY_TICKET = st.builds(
    Ticket,
    issuer=TEXTS,
    subject=TEXTS,
    bucket=TEXTS,
    key=TEXTS,
    size=st.integers(0, 5 * 2**40),
    content_type=TEXTS,
    mark=TEXTS,
    created_at=TIMES,
    expires_at=TIMES,
    may_overwrite=st.booleans(),
    upload_id=st.none() | TEXTS,
    part_size=st.none() | st.integers(1, 5 * 2**30),
    fingerprint=st.none() | TEXTS,
    profile=st.none() | TEXTS,
)


def refusal(text: str, principal: Principal = ALICE) -> tuple[object, ...]:
    with pytest.raises(UploadNotFound) as caught:
        TICKETS.open(text, principal)
    error = caught.value
    return type(error), error.code, error.status, error.detail, error.__cause__


UNKNOWN = refusal("never-sealed")


@given(ANY_TICKET)
def test_what_was_sealed_is_opened_member_for_member(ticket: Ticket) -> None:
    owner = Principal(ticket.issuer, ticket.subject, frozenset())
    opened = TICKETS.open(TICKETS.seal(ticket), owner)
    assert opened == ticket
    assert {name.name: type(getattr(opened, name.name)) for name in fields(Ticket)} == {
        name.name: type(getattr(ticket, name.name)) for name in fields(Ticket)
    }


def test_times_are_whole_seconds_and_never_later_than_said() -> None:
    ticket = replace(TICKET, expires_at=NOW + timedelta(seconds=1, microseconds=999_999))
    opened = TICKETS.open(TICKETS.seal(ticket), ALICE)
    assert opened.expires_at == NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    "principal",
    [BOB, Principal("https://login.example", "alice", ALICE.roles), Principal("", "", ALICE.roles)],
)
def test_somebody_elses_ticket_is_an_unknown_one(principal: Principal) -> None:
    assert refusal(TICKETS.seal(TICKET), principal) == UNKNOWN


def test_new_roles_do_not_take_a_ticket_away() -> None:
    assert TICKETS.open(TICKETS.seal(TICKET), ALICE._replace(roles=frozenset())) == TICKET


def test_a_ticket_changed_in_any_one_character_is_an_unknown_one() -> None:
    sealed = TICKETS.seal(TICKET)
    for at, character in enumerate(sealed):
        other = "B" if character == "A" else "A"
        assert refusal(sealed[:at] + other + sealed[at + 1 :]) == UNKNOWN


@pytest.mark.parametrize("addition", ["x", "=", ".", "\n", " "])
def test_a_ticket_with_something_added_is_an_unknown_one(addition: str) -> None:
    sealed = TICKETS.seal(TICKET)
    assert refusal(f"{sealed}{addition}") == refusal(f"{addition}{sealed}") == UNKNOWN


@pytest.mark.parametrize("text", ["", ".", "a.b", "\ud800", "é", "\x00", "null"])
def test_what_is_no_ticket_at_all_is_an_unknown_one(text: str) -> None:
    assert refusal(text) == UNKNOWN


def test_a_seal_of_other_secrets_or_another_purpose_is_an_unknown_one() -> None:
    for sealer in (Sealer([b"t" * 32], "ticket"), Sealer([b"s" * 32], "cursor")):
        assert refusal(sealer.seal(TICKET.to_payload())) == UNKNOWN


@pytest.mark.parametrize(
    "payload",
    [
        None,
        "text",
        7,
        {},
        [],
        [1],
        TICKET.to_payload()[:-1],
        [*TICKET.to_payload(), None],
        [2, *TICKET.to_payload()[1:]],
        [None, *TICKET.to_payload()[1:]],
    ],
)
def test_a_seal_over_anything_but_this_form_is_an_unknown_one(payload: object) -> None:
    assert refusal(SEALER.seal(payload)) == UNKNOWN


def test_a_text_past_the_longest_ticket_is_refused_before_it_is_unsealed() -> None:
    asked: list[str] = []

    def unseal(text: str) -> object:
        asked.append(text)
        raise ValueError

    tickets = Tickets(SEALER.seal, unseal)
    for length in (MAX_TICKET_LENGTH - 1, MAX_TICKET_LENGTH, MAX_TICKET_LENGTH + 1):
        with pytest.raises(UploadNotFound):
            tickets.open("a" * length, ALICE)
    assert [len(text) for text in asked] == [MAX_TICKET_LENGTH - 1, MAX_TICKET_LENGTH]


def test_the_largest_ticket_that_a_request_can_cause_still_fits() -> None:
    largest = replace(
        TICKET,
        issuer="i" * 255,
        subject="s" * 255,
        bucket="b" * 63,
        key="é" * 512,
        content_type="t" * 127,
        upload_id="u" * 1024,
        fingerprint="f" * 128,
        profile="p" * 64,
    )
    owner = Principal(largest.issuer, largest.subject, frozenset())
    assert TICKETS.open(TICKETS.seal(largest), owner) == largest


@pytest.mark.parametrize(
    ("size", "part_size", "lengths"),
    [(25, 10, [10, 10, 5]), (25, None, [25]), (0, None, [0]), (0, 10, [0])],
)
def test_the_plan_is_the_tickets_parts_or_one_of_the_whole_size(
    size: int, part_size: int | None, lengths: list[int]
) -> None:
    plan = replace(TICKET, size=size, part_size=part_size).plan
    assert [plan.length(number) for number in range(1, plan.part_count + 1)] == lengths


def test_only_a_ticket_with_an_upload_id_is_multipart() -> None:
    assert TICKET.is_multipart
    assert not replace(TICKET, upload_id=None).is_multipart
