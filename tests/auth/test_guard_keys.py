"""Steps 3, 4 and 11 of the guard: which key may prove which token."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jose import jwk

from broker.auth.tokens import (
    Issuer,
    TokenVerifier,
    VerificationKey,
    assert_backend,
    local_issuer,
)
from broker.errors import ConfigurationError, InvalidToken
from broker.policy.identity import Principal

if TYPE_CHECKING:
    from tests.auth.conftest import Clock, Forge

ACME = "https://id.acme.example"


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, form: Encoding) -> bytes:
    return key.public_key().public_bytes(form, PublicFormat.SubjectPublicKeyInfo)


def acme(**changes: timedelta) -> Issuer:
    pems = {
        "r1": ("RS256", public(rsa_key(), Encoding.PEM)),
        "e1": ("ES256", public(ec_key(), Encoding.PEM)),
    }
    keys = {
        kid: VerificationKey(kid, algorithm, jwk.construct(pem, algorithm))
        for kid, (algorithm, pem) in pems.items()
    }
    life = changes.get("max_life", timedelta(hours=1))
    leeway = changes.get("leeway", timedelta(0))
    algorithms = frozenset({"RS256", "ES256"})
    return Issuer(ACME, "broker", algorithms, keys, life, roles_claim="groups", leeway=leeway)


@pytest.fixture
def both(clock: Clock, forge: Forge) -> TokenVerifier:
    return TokenVerifier([local_issuer([forge.secret], forge.audience), acme()], clock, no_one)


def no_one(_: object) -> bool:
    return False


def refuse(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(token)


def acme_claims(forge: Forge, **changes: object) -> dict[str, object]:
    return forge.claims(iss=ACME, groups=["staff"], **changes)


def rs256(forge: Forge, claims: dict[str, object], kid: str = "r1") -> str:
    def sign(signed: bytes) -> bytes:
        return rsa_key().sign(signed, padding.PKCS1v15(), hashes.SHA256())

    return forge.signed_by(sign, forge.header(alg="RS256", kid=kid), claims)


def es256(forge: Forge, claims: dict[str, object]) -> str:
    def sign(signed: bytes) -> bytes:
        numbers = decode_dss_signature(ec_key().sign(signed, ec.ECDSA(hashes.SHA256())))
        return b"".join(number.to_bytes(32, "big") for number in numbers)

    return forge.signed_by(sign, forge.header(alg="ES256", kid="e1"), claims)


def test_another_issuers_keys_plug_in(both: TokenVerifier, forge: Forge) -> None:
    token = rs256(forge, acme_claims(forge))
    principal = both.verify(token).principal
    assert principal == Principal(ACME, "alice", frozenset({"staff"}))
    assert principal != both.verify(forge.token()).principal


def test_an_es256_key_beside_an_rs256_key_works(both: TokenVerifier, forge: Forge) -> None:
    assert both.verify(es256(forge, acme_claims(forge))).principal.issuer == ACME


def test_the_session_of_another_issuer_is_not_one_of_ours(
    both: TokenVerifier, forge: Forge
) -> None:
    assert both.verify(rs256(forge, acme_claims(forge, sid="session-1"))).session_id is None


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "HS384", "hs256", "RS256", "dir"])
def test_no_other_algorithm_passes_with_the_local_key(
    both: TokenVerifier, forge: Forge, alg: str
) -> None:
    refuse(both, forge.token(forge.header(alg=alg)))


def test_alg_none_without_a_signature_is_refused(both: TokenVerifier, forge: Forge) -> None:
    refuse(both, forge.token(forge.header(alg="none")).rsplit(".", 1)[0] + ".")


@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("kid", ["r1", "e1"])
def test_a_public_key_is_no_hmac_secret(
    both: TokenVerifier, forge: Forge, form: Encoding, kid: str
) -> None:
    for key in (rsa_key(), ec_key()):
        token = forge.token(forge.header(kid=kid), acme_claims(forge), key=public(key, form))
        refuse(both, token)


def test_the_local_key_does_not_speak_for_another_issuer(both: TokenVerifier, forge: Forge) -> None:
    refuse(both, forge.token(claims=acme_claims(forge)))


def test_another_issuers_key_does_not_speak_for_the_local_one(
    both: TokenVerifier, forge: Forge
) -> None:
    refuse(both, rs256(forge, forge.claims()))


def test_a_header_with_the_alg_of_another_key_of_the_set_is_refused(
    both: TokenVerifier, forge: Forge
) -> None:
    refuse(both, rs256(forge, acme_claims(forge), kid="e1"))


@pytest.mark.parametrize("kid", ["", "x", "../../dev/null", "r1", "' OR 1=1 --"])
def test_an_unknown_kid_is_refused(both: TokenVerifier, forge: Forge, kid: str) -> None:
    refuse(both, forge.token(forge.header(kid=kid)))


def test_a_signature_by_another_secret_is_refused(both: TokenVerifier, forge: Forge) -> None:
    refuse(both, forge.token(key=b"another key"))


@pytest.mark.parametrize("length", [1, 31, 32, 33, 64, 256])
def test_a_zero_signature_is_refused(both: TokenVerifier, forge: Forge, length: int) -> None:
    for header, claims in (
        (forge.header(), forge.claims()),
        (forge.header(alg="ES256", kid="e1"), acme_claims(forge)),
        (forge.header(alg="RS256", kid="r1"), acme_claims(forge)),
    ):
        refuse(both, forge.signed_by(lambda _: bytes(length), header, claims))


def test_claims_swapped_under_a_good_signature_are_refused(
    both: TokenVerifier, forge: Forge
) -> None:
    header, _, signature = forge.token().split(".")
    _, other, _ = forge.token(claims=forge.claims(sub="admin")).split(".")
    refuse(both, f"{header}.{other}.{signature}")


def test_without_local_users_no_local_token_passes(clock: Clock, forge: Forge) -> None:
    refuse(TokenVerifier([acme()], clock, no_one), forge.token())


def test_a_leeway_ends_where_it_says(clock: Clock, forge: Forge) -> None:
    verifier = TokenVerifier([acme(leeway=timedelta(seconds=60))], clock, no_one)
    token = rs256(forge, acme_claims(forge, exp=forge.now - 59))
    assert verifier.verify(token).expires_at == clock.now + timedelta(seconds=1)
    refuse(verifier, rs256(forge, acme_claims(forge, exp=forge.now - 60)))
    clock.advance(1)
    refuse(verifier, token)


@pytest.mark.parametrize("algorithm", ["HS256", "none", "PS256", "dir"])
def test_another_issuer_cannot_be_given_such_an_algorithm(algorithm: str) -> None:
    with pytest.raises(ConfigurationError, match="algorithms"):
        Issuer(ACME, "broker", frozenset({"RS256", algorithm}), {}, timedelta(hours=1))


def test_the_local_issuer_knows_hs256_only() -> None:
    with pytest.raises(ConfigurationError, match="algorithms"):
        Issuer("local", "broker", frozenset({"RS256"}), {}, timedelta(hours=1))


def test_a_leeway_over_sixty_seconds_is_refused() -> None:
    acme(leeway=timedelta(seconds=60))
    with pytest.raises(ConfigurationError, match="leeway"):
        acme(leeway=timedelta(seconds=61))


def test_an_issuer_twice_is_refused(clock: Clock) -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        TokenVerifier([acme(), acme()], clock, no_one)


@pytest.mark.parametrize("secrets", [[], [b""], [b"x" * 31], [b"x" * 32, b"x" * 31]])
def test_a_missing_or_short_secret_is_refused(secrets: list[bytes]) -> None:
    with pytest.raises(ConfigurationError, match="secrets"):
        local_issuer(secrets, "broker")


def test_the_key_id_gives_no_part_of_the_secret_away(forge: Forge) -> None:
    (kid,) = local_issuer([forge.secret], "broker").keys
    assert kid == forge.kid
    assert forge.secret.hex().find(kid) == -1
    assert forge.key.hex().find(kid) == -1


def test_this_python_jose_works_on_cryptography() -> None:
    assert_backend()


def test_a_python_jose_without_cryptography_is_refused() -> None:
    """In a process of its own, because python-jose chooses its backend when imported."""
    script = (
        "import sys, json; sys.modules['cryptography.hazmat.backends'] = None\n"
        "from broker.auth.tokens import assert_backend\n"
        "from broker.errors import ConfigurationError\n"
        "try: assert_backend()\n"
        "except ConfigurationError as error: print(json.dumps(error.problems))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == ["python-jose: its cryptography backend is missing"]
