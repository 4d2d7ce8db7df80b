"""Step 6 of the guard: what the claims must say. One attack, one test; limits at one off."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from broker.errors import InvalidToken
from broker.policy.identity import Principal

if TYPE_CHECKING:
    from broker.auth.tokens import TokenVerifier
    from tests.auth.conftest import Clock, Forge

DAY = 24 * 60 * 60


def refuse(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(token)


def test_a_verified_token_says_who_how_long_and_which(
    verifier: TokenVerifier, forge: Forge, clock: Clock
) -> None:
    verified = verifier.verify(forge.token(claims=forge.claims(sid="session-1")))
    assert verified.principal == Principal("local", "alice", frozenset({"member"}))
    assert verified.expires_at == clock.now + timedelta(minutes=15)
    assert verified.token_id == "token-1"
    assert verified.session_id == "session-1"


def test_a_token_without_a_session_has_none(verifier: TokenVerifier, forge: Forge) -> None:
    assert verifier.verify(forge.token()).session_id is None


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "iat", "exp", "jti"])
def test_each_claim_is_required(verifier: TokenVerifier, forge: Forge, claim: str) -> None:
    claims = forge.claims()
    del claims[claim]
    refuse(verifier, forge.token(claims=claims))


def test_a_token_without_roles_has_none(verifier: TokenVerifier, forge: Forge) -> None:
    claims = forge.claims()
    del claims["roles"]
    assert verifier.verify(forge.token(claims=claims)).principal.roles == frozenset()


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    "value", ["null", "true", "[]", "{}", '"1893456900"', "1e400", "Infinity", "NaN", "9" * 400]
)
def test_a_time_must_be_a_finite_number(
    verifier: TokenVerifier, forge: Forge, claim: str, value: str
) -> None:
    claims = {name: held for name, held in forge.claims().items() if name != claim}
    refuse(verifier, forge.token(claims=f'{{"{claim}":{value},' + json.dumps(claims)[1:]))


@pytest.mark.parametrize("value", [-(10**400), -1e308, 0, -1])
def test_a_start_in_the_distant_past_is_too_long_a_life(
    verifier: TokenVerifier, forge: Forge, value: float
) -> None:
    refuse(verifier, forge.token(claims=forge.claims(iat=value)))


def test_a_token_lives_to_the_second_before_exp(verifier: TokenVerifier, forge: Forge) -> None:
    verifier.verify(forge.token(claims=forge.claims(exp=forge.now + 1)))
    refuse(verifier, forge.token(claims=forge.claims(exp=forge.now)))
    refuse(verifier, forge.token(claims=forge.claims(exp=forge.now - 1)))


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_another_clock_may_be_sixty_seconds_ahead(
    verifier: TokenVerifier, forge: Forge, claim: str
) -> None:
    verifier.verify(forge.token(claims=forge.claims(**{claim: forge.now + 60})))
    refuse(verifier, forge.token(claims=forge.claims(**{claim: forge.now + 61})))


def test_a_good_nbf_does_not_excuse_an_iat_in_the_future(
    verifier: TokenVerifier, forge: Forge
) -> None:
    refuse(verifier, forge.token(claims=forge.claims(iat=forge.now + 61, nbf=forge.now)))


def test_a_local_token_lives_a_day_at_most(verifier: TokenVerifier, forge: Forge) -> None:
    verifier.verify(forge.token(claims=forge.claims(exp=forge.now + DAY)))
    refuse(verifier, forge.token(claims=forge.claims(exp=forge.now + DAY + 1)))


@pytest.mark.parametrize("aud", ["broker", ["broker"], ["other", "broker"]])
def test_our_audience_passes_alone_or_among_others(
    verifier: TokenVerifier, forge: Forge, aud: object
) -> None:
    verifier.verify(forge.token(claims=forge.claims(aud=aud)))


@pytest.mark.parametrize(
    "aud",
    ["other", "Broker", "", None, 1, {"broker": 1}, [], ["other"], ["broker", 1], [["broker"]]],
)
def test_another_or_an_odd_audience_is_refused(
    verifier: TokenVerifier, forge: Forge, aud: object
) -> None:
    refuse(verifier, forge.token(claims=forge.claims(aud=aud)))


@pytest.mark.parametrize("iss", ["", "Local", "local ", None, 1, ["local"], {"local": 1}])
def test_another_or_an_odd_issuer_is_refused(
    verifier: TokenVerifier, forge: Forge, iss: object
) -> None:
    refuse(verifier, forge.token(claims=forge.claims(iss=iss)))


@pytest.mark.parametrize(
    "sub",
    ["", " ", "a b", "alice\n", "a\0", "\x7f", "é", "\ud800", "\u202e", None, 1, ["alice"]],
)
def test_a_subject_out_of_the_charset_is_refused(
    verifier: TokenVerifier, forge: Forge, sub: object
) -> None:
    refuse(verifier, forge.token(claims=forge.claims(sub=sub)))


def test_a_subject_has_255_characters_at_most(verifier: TokenVerifier, forge: Forge) -> None:
    verifier.verify(forge.token(claims=forge.claims(sub="~" * 255)))
    refuse(verifier, forge.token(claims=forge.claims(sub="~" * 256)))


@pytest.mark.parametrize("claim", ["nonce", "at_hash"])
def test_an_id_token_is_refused(verifier: TokenVerifier, forge: Forge, claim: str) -> None:
    refuse(verifier, forge.token(claims=forge.claims(**{claim: "x"})))


@pytest.mark.parametrize("claim", ["jti", "sid"])
@pytest.mark.parametrize("value", ["", "a b", None, 1, ["x"], "x" * 256])
def test_an_odd_id_of_token_or_session_is_refused(
    verifier: TokenVerifier, forge: Forge, claim: str, value: object
) -> None:
    refuse(verifier, forge.token(claims=forge.claims(**{claim: value})))


@pytest.mark.parametrize(
    "roles", ["admin", None, 1, {"admin": 1}, [1], [None], [["admin"]], [""], ["a\nb"], ["\ud800"]]
)
def test_odd_roles_are_refused(verifier: TokenVerifier, forge: Forge, roles: object) -> None:
    refuse(verifier, forge.token(claims=forge.claims(roles=roles)))


def test_roles_are_bounded_in_number_and_length(verifier: TokenVerifier, forge: Forge) -> None:
    numbers = [str(number) for number in range(257)]
    verifier.verify(forge.token(claims=forge.claims(roles=numbers[:256])))
    refuse(verifier, forge.token(claims=forge.claims(roles=numbers)))
    verifier.verify(forge.token(claims=forge.claims(roles=["r" * 128])))
    refuse(verifier, forge.token(claims=forge.claims(roles=["r" * 129])))
