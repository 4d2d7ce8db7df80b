"""Steps 1 and 2 of the guard: what a token must look like before any key is touched.

RFC 7515 section 7.1 (compact serialization), RFC 8725 sections 3.1 and 3.11.
Every fault is a ValueError; the guard turns it into the one answer.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from broker.auth import strict_json

MAX_TOKEN_CHARACTERS = 8 * 1024
MAX_OPENINGS = 256  # of objects and arrays; their count can only overstate the nesting

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TYPES = frozenset({"jwt", "at+jwt"})
# Each would let the token bring its own key or change how it is read.
_REFUSED_HEADERS = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5c", "x5u"})


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a token says of itself; nothing in it is to be believed yet."""

    algorithm: str
    kid: str
    claims: dict[str, object]


def take_apart(token: str) -> Unverified:
    if len(token) > MAX_TOKEN_CHARACTERS or not _COMPACT.fullmatch(token):
        raise ValueError("not a compact token")
    header_segment, claims_segment, signature_segment = token.split(".")
    _decode(signature_segment)
    header = _parse_object(header_segment)
    algorithm, kid = _read_header(header)
    return Unverified(algorithm, kid, _parse_object(claims_segment))


def _read_header(header: dict[str, object]) -> tuple[str, str]:
    if not _REFUSED_HEADERS.isdisjoint(header):
        raise ValueError("header: refused member")
    algorithm, kid, type_ = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not (isinstance(algorithm, str) and isinstance(kid, str) and isinstance(type_, str)):
        raise TypeError("header: alg, kid and typ are strings")
    if type_.lower() not in _TYPES:
        raise ValueError("header: typ")
    return algorithm, kid


def _parse_object(segment: str) -> dict[str, object]:
    text = _decode(segment).decode()
    if text.count("{") + text.count("[") > MAX_OPENINGS:
        raise ValueError("nested too deeply")
    value = strict_json.loads(text)
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _decode(segment: str) -> bytes:
    """Decode base64url in its one canonical form: no padding, unused trailing bits zero."""
    raw = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if urlsafe_b64encode(raw).rstrip(b"=") != segment.encode():
        raise ValueError("not canonical base64url")
    return raw
