"""Steps 1, 2 and 5 of the guard: what a token looks like. One attack, one test."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.errors import InvalidToken

if TYPE_CHECKING:
    from broker.auth.tokens import TokenVerifier
    from tests.auth.conftest import Forge

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# The verifier keeps no state that one refused token could leave to the next.
FUZZ = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


def refuse(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(InvalidToken) as refused:
        verifier.verify(token)
    assert refused.value.detail == "Invalid token"
    assert refused.value.__suppress_context__


def test_a_token_made_by_hand_from_the_rfc_is_accepted(
    verifier: TokenVerifier, forge: Forge
) -> None:
    assert verifier.verify(forge.token()).principal.subject == "alice"


@pytest.mark.parametrize(
    "token", ["", ".", "..", "...", "a.b", "a.b.c.d", ".b.c", "a..c", "a.b.", "Bearer a.b.c"]
)
def test_other_than_three_full_segments_is_refused(verifier: TokenVerifier, token: str) -> None:
    refuse(verifier, token)


@pytest.mark.parametrize("extra", ["=", "==", "\n", " ", "é", "+", "/", "\ud800", "\0"])
def test_foreign_characters_are_refused_though_signed(
    verifier: TokenVerifier, forge: Forge, extra: str
) -> None:
    head, body, _ = forge.token().split(".")
    for at in (0, 5, len(head)):
        refuse(verifier, forge.sign_segments(head[:at] + extra + head[at:], body))
        refuse(verifier, forge.sign_segments(head, body[:at] + extra + body[at:]))
    refuse(verifier, forge.token() + extra)
    refuse(verifier, extra + forge.token())


def test_only_one_text_stands_for_the_same_header(verifier: TokenVerifier, forge: Forge) -> None:
    head, body, _ = forge.token(forge.header(pad="xx")).split(".")
    verifier.verify(forge.sign_segments(head, body))
    for twin in twins(head):
        refuse(verifier, forge.sign_segments(twin, body))


def test_only_one_text_stands_for_the_same_claims(verifier: TokenVerifier, forge: Forge) -> None:
    head, body, _ = forge.token(claims=forge.claims(jti="token-12")).split(".")
    verifier.verify(forge.sign_segments(head, body))
    for twin in twins(body):
        refuse(verifier, forge.sign_segments(head, twin))


def test_only_one_text_stands_for_the_same_signature(verifier: TokenVerifier, forge: Forge) -> None:
    head, body, signature = forge.token().split(".")
    for twin in twins(signature):
        refuse(verifier, f"{head}.{body}.{twin}")


def twins(segment: str) -> list[str]:
    """Other texts that a loose decoder reads as the same bytes; there is always one here."""
    others = (segment[:-1] + last for last in ALPHABET if last != segment[-1])
    same = [other for other in others if _loose(other) == _loose(segment)]
    assert same
    return same


def _loose(segment: str) -> bytes:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _of_length(forge: Forge, length: int) -> str:
    for header_pad in range(4):
        for pad in range(5700, 6000):
            header = forge.header(pad="x" * header_pad)
            token = forge.token(header, forge.claims(pad="x" * pad))
            if len(token) == length:
                return token
    raise AssertionError(length)


def test_eight_kibibytes_pass_and_one_more_does_not(verifier: TokenVerifier, forge: Forge) -> None:
    verifier.verify(_of_length(forge, 8192))
    refuse(verifier, _of_length(forge, 8193))


@pytest.mark.parametrize("member", ["crit", "b64", "zip", "jwk", "jku", "x5c", "x5u"])
def test_a_header_that_changes_the_reading_or_brings_a_key_is_refused(
    verifier: TokenVerifier, forge: Forge, member: str
) -> None:
    values: list[object] = [None, [], "x"]
    for value in values:
        refuse(verifier, forge.token(forge.header(**{member: value})))


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "AT+JWT"])
def test_both_types_pass_in_any_case(verifier: TokenVerifier, forge: Forge, typ: str) -> None:
    verifier.verify(forge.token(forge.header(typ=typ)))


def test_a_header_without_a_type_passes(verifier: TokenVerifier, forge: Forge) -> None:
    verifier.verify(forge.token({"alg": "HS256", "kid": forge.kid}))


@pytest.mark.parametrize("typ", ["", "JWE", "dpop+jwt", "logout+jwt", None, 1, ["JWT"]])
def test_another_type_is_refused(verifier: TokenVerifier, forge: Forge, typ: object) -> None:
    refuse(verifier, forge.token(forge.header(typ=typ)))


@pytest.mark.parametrize("member", ["alg", "kid"])
@pytest.mark.parametrize("value", [None, 1, True, ["HS256"], {"a": 1}, ""])
def test_alg_and_kid_must_be_known_strings(
    verifier: TokenVerifier, forge: Forge, member: str, value: object
) -> None:
    refuse(verifier, forge.token(forge.header(**{member: value})))


@pytest.mark.parametrize("member", ["alg", "kid"])
def test_a_header_without_alg_or_kid_is_refused(
    verifier: TokenVerifier, forge: Forge, member: str
) -> None:
    header = forge.header()
    del header[member]
    refuse(verifier, forge.token(header))


@pytest.mark.parametrize("text", ["[]", '"x"', "1", "null", "", "{", "{}x", "\ufeff{}", "{'a':1}"])
def test_header_and_claims_must_be_json_objects(
    verifier: TokenVerifier, forge: Forge, text: str
) -> None:
    refuse(verifier, forge.token(header=text))
    refuse(verifier, forge.token(claims=text))


def test_a_duplicate_member_is_refused(verifier: TokenVerifier, forge: Forge) -> None:
    header, claims = json.dumps(forge.header()), json.dumps(forge.claims())
    refuse(verifier, forge.token(header='{"alg":"none",' + header[1:]))
    refuse(verifier, forge.token(claims='{"sub":"admin",' + claims[1:]))
    refuse(verifier, forge.token(claims='{"deep":[{"a":1,"a":1}],' + claims[1:]))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 5000])
def test_a_number_that_json_or_floats_cannot_hold_is_refused(
    verifier: TokenVerifier, forge: Forge, number: str
) -> None:
    refuse(verifier, forge.token(claims=f'{{"x":{number},' + json.dumps(forge.claims())[1:]))
    refuse(verifier, forge.token(header=f'{{"x":{number},' + json.dumps(forge.header())[1:]))


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_deeply_nested_header_of_four_kilobytes_is_refused(
    verifier: TokenVerifier, forge: Forge, opening: str
) -> None:
    deep = opening * (4096 // len(opening))
    refuse(verifier, forge.token(header=deep))
    refuse(verifier, forge.token(claims=deep))


def test_256_openings_pass_and_one_more_does_not(verifier: TokenVerifier, forge: Forge) -> None:
    # The claims open one object and one array of roles.
    verifier.verify(forge.token(claims=forge.claims(x=[[]] * 253)))
    refuse(verifier, forge.token(claims=forge.claims(x=[[]] * 254)))


def test_text_that_is_not_utf8_is_refused(verifier: TokenVerifier, forge: Forge) -> None:
    _, claims, signature = forge.token().split(".")
    refuse(verifier, f"_w.{claims}.{signature}")  # the byte 0xff


@pytest.mark.parametrize("text", ["a" * 50_000, "a." * 25_000, "a" * 25_000 + "." * 25_000])
def test_fifty_kilobytes_are_refused_in_under_fifty_milliseconds(
    verifier: TokenVerifier, text: str
) -> None:
    started = time.process_time()
    refuse(verifier, text)
    assert time.process_time() - started < 0.05


@FUZZ
@given(st.text() | st.text(alphabet=ALPHABET + "."))
def test_no_text_at_all_raises_anything_else(verifier: TokenVerifier, text: str) -> None:
    refuse(verifier, text)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@FUZZ
@given(JSON_VALUES, JSON_VALUES)
def test_no_signed_json_raises_anything_else(
    verifier: TokenVerifier, forge: Forge, header: object, claims: object
) -> None:
    refuse(verifier, forge.token(header=json.dumps(header)))
    refuse(verifier, forge.token(claims=json.dumps(claims)))


@FUZZ
@given(st.sampled_from(["iss", "aud", "sub", "exp", "iat", "nbf", "jti", "sid"]), JSON_VALUES)
def test_no_single_claim_raises_anything_else(
    verifier: TokenVerifier, forge: Forge, claim: str, value: object
) -> None:
    token = forge.token(claims=forge.claims(**{claim: value}))
    try:
        verified = verifier.verify(token)
    except InvalidToken:
        return
    assert claim in {"sub", "iat", "nbf", "jti", "sid"}
    assert verified.principal.issuer == "local"
