"""Sealing: a text comes back unchanged or not at all."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from broker.auth.seal import BadSeal, Sealer
from broker.errors import ConfigurationError

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
NEW = b"the newest secret of the sealing tests"
OLD = b"the oldest secret of the sealing tests"
SEALER = Sealer([NEW], "ticket")

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text("abc"), inner, max_size=5),
    max_leaves=20,
)


def by_hand(payload: str, secret: bytes = NEW, purpose: str = "ticket") -> str:
    key = hmac.digest(secret, f"broker:seal:{purpose}".encode(), hashlib.sha256)
    value = urlsafe_b64encode(payload.encode()).rstrip(b"=")
    signature = urlsafe_b64encode(hmac.digest(key, value, hashlib.sha256)).rstrip(b"=")
    return (value + b"." + signature).decode()


def refuse(sealer: Sealer, text: str) -> None:
    with pytest.raises(BadSeal):
        sealer.unseal(text)


@given(JSON_VALUES)
def test_what_was_sealed_comes_back(payload: object) -> None:
    assert SEALER.unseal(SEALER.seal(payload)) == payload


def test_a_seal_is_compact_json_and_an_hmac() -> None:
    assert SEALER.seal({"a": [1, "é"]}) == by_hand('{"a":[1,"é"]}')


def test_every_other_character_at_every_place_is_refused() -> None:
    text = SEALER.seal({"key": "users/alice/cat.jpg", "size": 12})
    for at, original in enumerate(text):
        for other in ALPHABET + ".=+/ é\n":
            if other != original:
                refuse(SEALER, text[:at] + other + text[at + 1 :])


def test_every_shorter_and_longer_text_is_refused() -> None:
    text = SEALER.seal({"a": 1})
    for length in range(len(text)):
        refuse(SEALER, text[:length])
        refuse(SEALER, text[length + 1 :] if length else text + "=")
    for extra in ("A", "=", "\n", "\0", ".", "."):
        refuse(SEALER, text + extra)
        refuse(SEALER, extra + text)


@given(st.text())
def test_no_text_raises_anything_but_bad_seal(text: str) -> None:
    refuse(SEALER, text)


def test_an_old_secret_still_opens_and_a_removed_one_does_not() -> None:
    sealed = Sealer([OLD], "ticket").seal("x")
    assert Sealer([NEW, OLD], "ticket").unseal(sealed) == "x"
    refuse(Sealer([NEW], "ticket"), sealed)


def test_the_newest_secret_seals() -> None:
    assert Sealer([NEW, OLD], "ticket").seal("x") == by_hand('"x"', NEW)


def test_a_seal_for_one_purpose_opens_for_no_other() -> None:
    refuse(SEALER, Sealer([NEW], "session").seal("x"))
    refuse(SEALER, by_hand('"x"', purpose="ticket2"))


def test_eight_kibibytes_pass_and_one_byte_more_does_not() -> None:
    longest = "x" * 6109  # two quotes more: 6111 bytes, 8148 characters, a dot and 43 characters
    sealed = SEALER.seal(longest)
    assert len(sealed) == 8192
    assert SEALER.unseal(sealed) == longest
    with pytest.raises(ValueError, match="8192"):
        SEALER.seal(longest + "x")
    refuse(SEALER, by_hand(json.dumps(longest + "x")))


def test_a_compressed_payload_is_never_unpacked() -> None:
    key = hmac.digest(NEW, b"broker:seal:ticket", hashlib.sha256)
    options = {"key_derivation": "none", "digest_method": hashlib.sha256}
    bomb = URLSafeSerializer(key, signer_kwargs=options).dumps("0" * 1_000_000)
    assert re.match(r"\.[\w-]+\.[\w-]+", str(bomb))
    assert len(bomb) < 8192
    refuse(SEALER, str(bomb))


@pytest.mark.parametrize("payload", [float("nan"), float("inf"), "\ud800", {1, 2}])
def test_what_json_cannot_hold_is_not_sealed(payload: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        SEALER.seal(payload)


@pytest.mark.parametrize("secrets", [[], [b"x" * 31], [NEW, b"short"]])
def test_a_missing_or_short_secret_is_named(secrets: list[bytes]) -> None:
    with pytest.raises(ConfigurationError, match="secrets"):
        Sealer(secrets, "ticket")
