"""The broker's own tokens."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from broker.auth.tokens import TokenIssuer, TokenVerifier, local_issuer
from broker.errors import InvalidRequest, InvalidToken

if TYPE_CHECKING:
    from tests.auth.conftest import Clock, Forge

MINUTES_15 = timedelta(minutes=15)
HOURS_24 = timedelta(hours=24)
SECOND = timedelta(seconds=1)


@pytest.fixture
def issuer(clock: Clock, forge: Forge) -> TokenIssuer:
    numbers = count(1)
    return TokenIssuer([forge.secret], forge.audience, clock, lambda: f"id-{next(numbers)}")


def decode(segment: str) -> object:
    return json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def test_a_token_holds_exactly_these_members(issuer: TokenIssuer, forge: Forge) -> None:
    header, claims, signature = issuer.issue("alice", ["b", "a", "b"], MINUTES_15, "s1").split(".")
    assert decode(header) == {"alg": "HS256", "kid": forge.kid, "typ": "at+jwt"}
    assert decode(claims) == {
        "iss": "local",
        "aud": "broker",
        "sub": "alice",
        "roles": ["a", "b"],
        "iat": forge.now,
        "exp": forge.now + 900,
        "jti": "id-1",
        "sid": "s1",
    }
    expected = hmac.digest(forge.key, f"{header}.{claims}".encode(), "sha256")
    assert urlsafe_b64decode(signature + "=") == expected


def test_a_token_of_no_session_has_no_sid(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    verified = verifier.verify(issuer.issue("alice", [], MINUTES_15))
    assert verified.session_id is None


def test_each_token_has_its_own_id(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    tokens = [issuer.issue("alice", [], MINUTES_15) for _ in range(3)]
    assert [verifier.verify(token).token_id for token in tokens] == ["id-1", "id-2", "id-3"]


def test_a_session_token_lives_fifteen_minutes_at_most(issuer: TokenIssuer) -> None:
    issuer.issue("alice", [], MINUTES_15, "s1")
    with pytest.raises(InvalidRequest, match="life"):
        issuer.issue("alice", [], MINUTES_15 + SECOND, "s1")


def test_another_token_lives_a_day_at_most(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    verifier.verify(issuer.issue("alice", [], HOURS_24))
    with pytest.raises(InvalidRequest, match="life"):
        issuer.issue("alice", [], HOURS_24 + SECOND)


@pytest.mark.parametrize("life", [timedelta(0), -SECOND, timedelta(milliseconds=999)])
def test_a_life_under_a_second_is_refused(issuer: TokenIssuer, life: timedelta) -> None:
    issuer.issue("alice", [], SECOND)
    with pytest.raises(InvalidRequest, match="life"):
        issuer.issue("alice", [], life)


@pytest.mark.parametrize("subject", ["", "a b", "é", "\ud800", "x" * 256])
def test_a_subject_the_guard_would_refuse_is_not_issued(issuer: TokenIssuer, subject: str) -> None:
    with pytest.raises(InvalidRequest, match="subject"):
        issuer.issue(subject, [], MINUTES_15)


@pytest.mark.parametrize("roles", [[""], ["a\n"], ["r" * 129], [str(n) for n in range(257)]])
def test_roles_the_guard_would_refuse_are_not_issued(issuer: TokenIssuer, roles: list[str]) -> None:
    with pytest.raises(InvalidRequest, match="roles"):
        issuer.issue("alice", roles, MINUTES_15)


def test_a_token_longer_than_the_guard_allows_is_not_issued(issuer: TokenIssuer) -> None:
    with pytest.raises(InvalidRequest, match="roles"):
        issuer.issue("alice", [f"{n:0128}" for n in range(60)], MINUTES_15)


def test_every_fault_is_named_at_once(issuer: TokenIssuer) -> None:
    with pytest.raises(InvalidRequest) as refused:
        issuer.issue("", [""], timedelta(0))
    assert [field for field, _ in refused.value.problems] == ["subject", "roles", "life"]


def test_after_rotation_old_tokens_live_until_their_secret_is_removed(
    issuer: TokenIssuer, clock: Clock, forge: Forge
) -> None:
    token = issuer.issue("alice", [], MINUTES_15)
    newer = b"the second secret of these tests, long enough"
    rotated = TokenVerifier([local_issuer([newer, forge.secret], "broker")], clock, lambda _: False)
    removed = TokenVerifier([local_issuer([newer], "broker")], clock, lambda _: False)
    rotated.verify(token)
    with pytest.raises(InvalidToken):
        removed.verify(token)


def test_the_newest_secret_signs(clock: Clock, forge: Forge) -> None:
    newer = b"the second secret of these tests, long enough"
    rotating = TokenIssuer([newer, forge.secret], "broker", clock, lambda: "id")
    verifier = TokenVerifier([local_issuer([newer], "broker")], clock, lambda _: False)
    verifier.verify(rotating.issue("alice", [], MINUTES_15))
