"""Cookie sessions: they slide, end, and can be signed out of."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from broker.auth.seal import Sealer
from broker.auth.sessions import MAX_REVOKED, Session, Sessions
from broker.errors import InvalidToken
from broker.policy.identity import Principal

if TYPE_CHECKING:
    from tests.auth.conftest import Clock

ALICE = Principal("local", "alice", frozenset({"member", "editor"}))
IDLE = 8 * 60 * 60
ABSOLUTE = 7 * 24 * 60 * 60
SEALER = Sealer([b"the secret of the session tests, long enough"], "session")


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    numbers = count(1)
    return Sessions(SEALER, clock, lambda: f"sid-{next(numbers)}")


def refuse(sessions: Sessions, session: Session) -> None:
    with pytest.raises(InvalidToken):
        sessions.open(sessions.seal(session))
    with pytest.raises(InvalidToken):
        sessions.renew(session)


def test_a_session_opens_as_it_was_sealed(sessions: Sessions, clock: Clock) -> None:
    clock.advance(0.75)  # a fraction of a second does not survive the cookie, so none is kept
    session = sessions.start(ALICE, "generation")
    assert sessions.open(sessions.seal(session)) == session
    assert session.principal == ALICE
    assert session.started_at == clock.now - timedelta(seconds=0.75)


def test_each_session_has_its_own_id(sessions: Sessions) -> None:
    assert [sessions.start(ALICE, ".g").sid for _ in range(2)] == ["sid-1.g", "sid-2.g"]


def test_an_unused_session_ends_after_the_idle_time(sessions: Sessions, clock: Clock) -> None:
    session = sessions.start(ALICE, "generation")
    clock.advance(IDLE - 1)
    sessions.open(sessions.seal(session))
    clock.advance(1)
    refuse(sessions, session)


def test_renewing_slides_the_end_and_keeps_the_rest(sessions: Sessions, clock: Clock) -> None:
    session = sessions.start(ALICE, "generation")
    clock.advance(IDLE - 1)
    renewed = sessions.renew(session)
    assert renewed.expires_at == clock.now + timedelta(seconds=IDLE)
    assert renewed.started_at == session.started_at
    assert (renewed.sid, renewed.principal) == (session.sid, ALICE)


def test_no_renewal_passes_the_absolute_end(sessions: Sessions, clock: Clock) -> None:
    session = sessions.start(ALICE, "generation")
    while clock.now < session.started_at + timedelta(seconds=ABSOLUTE - IDLE):
        clock.advance(IDLE - 1)
        session = sessions.renew(session)
    end = session.started_at + timedelta(seconds=ABSOLUTE)
    assert session.expires_at == end
    clock.now = end - timedelta(seconds=1)
    sessions.renew(session)
    clock.advance(1)
    refuse(sessions, session)


def test_a_shorter_absolute_time_ends_older_cookies_too(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.seal(sessions.start(ALICE, "generation"))
    stricter = Sessions(SEALER, clock, str, absolute=timedelta(hours=1))
    clock.advance(3599)
    stricter.open(cookie)
    clock.advance(1)
    with pytest.raises(InvalidToken):
        stricter.open(cookie)


def test_an_idle_time_beyond_the_absolute_one_is_cut(clock: Clock) -> None:
    brief = Sessions(SEALER, clock, lambda: "s", absolute=timedelta(hours=1))
    assert brief.start(ALICE, "generation").expires_at == clock.now + timedelta(hours=1)


def test_a_revoked_session_is_refused_at_once_and_others_stay(sessions: Sessions) -> None:
    mine, other = sessions.start(ALICE, "g"), sessions.start(ALICE, "g")
    sessions.revoke(mine.sid)
    refuse(sessions, mine)
    sessions.open(sessions.seal(other))
    assert sessions.is_revoked(mine.sid)
    assert not sessions.is_revoked(other.sid)


def test_a_revocation_is_kept_until_the_session_would_have_ended(
    sessions: Sessions, clock: Clock
) -> None:
    session = sessions.start(ALICE, "generation")
    sessions.revoke(session.sid)
    clock.advance(ABSOLUTE - 1)
    sessions.revoke("another")
    assert sessions.is_revoked(session.sid)
    clock.advance(1)
    sessions.revoke("a third")
    assert not sessions.is_revoked(session.sid)
    refuse(sessions, session)


def test_a_forgotten_revocation_never_opens_a_session_again(
    sessions: Sessions, clock: Clock
) -> None:
    first = sessions.start(ALICE, "generation")
    clock.advance(1)
    sessions.revoke(first.sid)
    clock.advance(1)
    later = sessions.start(ALICE, "generation")
    for number in range(MAX_REVOKED):  # one more than are kept: the oldest is forgotten
        sessions.revoke(f"other-{number}")
    assert not sessions.is_revoked(first.sid)
    refuse(sessions, first)
    sessions.open(sessions.seal(later))


def test_every_tampered_cookie_is_refused(sessions: Sessions) -> None:
    cookie = sessions.seal(sessions.start(ALICE, "generation"))
    for at in range(len(cookie)):
        with pytest.raises(InvalidToken):
            sessions.open(cookie[:at] + ("A" if cookie[at] != "A" else "B") + cookie[at + 1 :])


@pytest.mark.parametrize("cookie", ["", ".", "x", "é", "\ud800", "a" * 100_000])
def test_a_cookie_of_another_make_is_refused(sessions: Sessions, cookie: str) -> None:
    with pytest.raises(InvalidToken):
        sessions.open(cookie)


@pytest.mark.parametrize("payload", [[], {}, {"sid": "s"}, "text", None])
def test_a_seal_over_something_else_is_no_session(sessions: Sessions, payload: object) -> None:
    with pytest.raises(InvalidToken):
        sessions.open(SEALER.seal(payload))


def test_a_cookie_stays_within_what_browsers_keep(clock: Clock) -> None:
    roles = frozenset(f"role-{number:03}" for number in range(100))
    sessions = Sessions(SEALER, clock, lambda: "s" * 22)
    cookie = sessions.seal(sessions.start(Principal("local", "a" * 64, roles), "g" * 16))
    assert len(cookie) < 4096
    assert re.fullmatch(r"[\w.-]+", cookie, re.ASCII)
