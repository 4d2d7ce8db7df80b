"""Sealing: payloads that travel through clients and come back unchanged or not at all.

The text is `base64url(JSON).signature`. It is signed, not encrypted: its holder can read it.
Nothing is compressed, so a short text never becomes a large payload.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING

from itsdangerous import BadSignature, Signer

from broker.auth.derive import derive_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SEALED_CHARACTERS = 8 * 1024

# A 32-byte signature ends in a character whose two unused bits are zero. itsdangerous decodes it
# loosely, so without this rule four texts would pass for one.
_SEALED = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


class BadSeal(ValueError):
    """The text was not made by this sealer with one of its secrets."""


class Sealer:
    """Seals with the newest secret and opens what any of them sealed, for one purpose."""

    def __init__(self, secrets: Sequence[bytes], purpose: str) -> None:
        """`secrets`: newest first, at least 32 bytes each; else ConfigurationError."""
        keys = derive_keys(secrets, f"seal:{purpose}")
        self._signer = Signer(
            keys[::-1],  # itsdangerous wants the oldest first
            key_derivation="none",  # derived once, above, instead of on each call
            digest_method=hashlib.sha256,
        )

    def seal(self, payload: object) -> str:
        """`payload` is what JSON can hold. Raises ValueError when the text would be too long."""
        text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        sealed = self._signer.sign(urlsafe_b64encode(text.encode()).rstrip(b"=")).decode()
        if len(sealed) > MAX_SEALED_CHARACTERS:
            raise ValueError(f"payload: longer than {MAX_SEALED_CHARACTERS} characters once sealed")
        return sealed

    def unseal(self, text: str) -> object:
        """Return the payload; raises BadSeal for any text that `seal` did not make."""
        if len(text) > MAX_SEALED_CHARACTERS or not _SEALED.fullmatch(text):
            raise BadSeal
        try:
            encoded = self._signer.unsign(text)
        except BadSignature:
            raise BadSeal from None
        payload: object = json.loads(urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4)))
        return payload
