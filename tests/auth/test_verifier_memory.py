"""Step 10 of the guard: remembering a verified token never outlives its end or its revocation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from broker.auth.tokens import Issuer, TokenVerifier, VerificationKey, VerifiedToken, local_issuer
from broker.errors import InvalidToken

if TYPE_CHECKING:
    from tests.auth.conftest import Clock, Forge


def never(_: VerifiedToken) -> bool:
    return False


def with_removable_keys(forge: Forge) -> tuple[Issuer, dict[str, VerificationKey]]:
    made = local_issuer([forge.secret], forge.audience)
    keys = dict(made.keys)
    return Issuer(made.name, made.audience, made.algorithms, keys, made.max_life), keys


def refuse(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(token)


def test_a_remembered_token_ends_at_exp(
    verifier: TokenVerifier, forge: Forge, clock: Clock
) -> None:
    token = forge.token()
    verifier.verify(token)
    clock.advance(899.999)
    verifier.verify(token)
    clock.advance(0.001)
    refuse(verifier, token)
    refuse(verifier, token)


def test_a_remembered_token_is_the_same_value(verifier: TokenVerifier, forge: Forge) -> None:
    assert verifier.verify(forge.token()) is verifier.verify(forge.token())


def test_revocation_is_asked_on_every_call(clock: Clock, forge: Forge) -> None:
    revoked: set[str | None] = set()
    issuers = [local_issuer([forge.secret], forge.audience)]
    verifier = TokenVerifier(issuers, clock, lambda token: token.token_id in revoked)
    verifier.verify(forge.token())
    revoked.add("token-1")
    refuse(verifier, forge.token())
    revoked.clear()
    verifier.verify(forge.token())


def test_a_token_revoked_before_its_first_use_is_refused(clock: Clock, forge: Forge) -> None:
    issuers = [local_issuer([forge.secret], forge.audience)]
    refuse(TokenVerifier(issuers, clock, lambda _: True), forge.token())


def test_a_removed_key_is_dead_once_all_is_forgotten(clock: Clock, forge: Forge) -> None:
    issuer, keys = with_removable_keys(forge)
    verifier = TokenVerifier([issuer], clock, never)
    verifier.verify(forge.token())
    keys.clear()
    verifier.forget_all()
    refuse(verifier, forge.token())


def test_the_least_recently_used_token_is_forgotten_first(clock: Clock, forge: Forge) -> None:
    issuer, keys = with_removable_keys(forge)
    verifier = TokenVerifier([issuer], clock, never, cache_size=2)
    first, second, third = (forge.token(claims=forge.claims(jti=jti)) for jti in "123")
    for token in (first, second, first, third):
        verifier.verify(token)
    keys.clear()  # from here on only remembered tokens pass
    verifier.verify(first)
    verifier.verify(third)
    refuse(verifier, second)


def test_refused_tokens_are_not_remembered(verifier: TokenVerifier, forge: Forge) -> None:
    for number in range(20):
        refuse(verifier, forge.token(claims=forge.claims(jti=str(number)), key=b"wrong"))
    assert not verifier._remembered
