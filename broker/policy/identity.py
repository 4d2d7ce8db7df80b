"""Who asks, and the name that stands for them in keys.

Identity is (issuer, subject), never the subject alone: two providers may both know an `alice`.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from typing import NamedTuple

LOCAL_ISSUER = "local"

PLAIN_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9_-])?")
_SAFE_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_ISSUER_DIGEST_LENGTH = 26  # base32 characters: 130 bits


class Principal(NamedTuple):
    """A verified identity; `roles` come from the token or the users file."""

    issuer: str
    subject: str
    roles: frozenset[str]


def encode_identity(principal: Principal) -> str:
    """Return the path-safe name of (issuer, subject); two identities never share one.

    Plain local names stand for themselves. Every other name holds an `@`, which no plain name
    does: the subject with `=XX` for each byte out of `[A-Za-z0-9._-]`, `@`, a digest of the issuer.
    """
    if principal.issuer == LOCAL_ISSUER and PLAIN_NAME.fullmatch(principal.subject):
        return principal.subject
    escaped = "".join(
        chr(byte) if byte in _SAFE_BYTES else f"={byte:02X}" for byte in principal.subject.encode()
    )
    digest = b32encode(hashlib.sha256(principal.issuer.encode()).digest()).decode().lower()
    return f"{escaped}@{digest[:_ISSUER_DIGEST_LENGTH]}"
