"""A clock that stands still and a forger of tokens that shares no code with the broker."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from broker.auth.tokens import TokenVerifier, local_issuer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECRET = b"the first secret of these tests, long enough"
AUDIENCE = "broker"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Forge:
    """Writes HS256 tokens by hand, with the key that the first secret yields."""

    secret = SECRET
    audience = AUDIENCE

    def __init__(self, now: datetime) -> None:
        self.now = int(now.timestamp())
        self.key = hmac.digest(SECRET, b"broker:token:HS256", "sha256")
        self.kid = hashlib.sha256(b"kid:" + self.key).hexdigest()[:16]

    def header(self, **changes: object) -> dict[str, object]:
        return {"alg": "HS256", "kid": self.kid, "typ": "at+jwt"} | changes

    def claims(self, **changes: object) -> dict[str, object]:
        return {
            "iss": "local",
            "aud": AUDIENCE,
            "sub": "alice",
            "roles": ["member"],
            "iat": self.now,
            "exp": self.now + 900,
            "jti": "token-1",
        } | changes

    def token(
        self,
        header: Mapping[str, object] | str | None = None,
        claims: Mapping[str, object] | str | None = None,
        key: bytes | None = None,
    ) -> str:
        """Header and claims given as text are taken as they are; `key` is for HMAC."""
        return self.signed_by(
            lambda signed: hmac.digest(key or self.key, signed, "sha256"),
            self.header() if header is None else header,
            self.claims() if claims is None else claims,
        )

    def signed_by(
        self,
        sign: Callable[[bytes], bytes],
        header: Mapping[str, object] | str,
        claims: Mapping[str, object] | str,
    ) -> str:
        unsigned = f"{_segment(_text(header).encode())}.{_segment(_text(claims).encode())}"
        return f"{unsigned}.{_segment(sign(unsigned.encode()))}"

    def sign_segments(self, head: str, body: str) -> str:
        """Sign any text, also what is no base64url."""
        signed = f"{head}.{body}".encode("utf-8", "surrogatepass")
        return f"{head}.{body}.{_segment(hmac.digest(self.key, signed, 'sha256'))}"


def _segment(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _text(value: Mapping[str, object] | str) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def forge(clock: Clock) -> Forge:
    return Forge(clock.now)


@pytest.fixture
def verifier(clock: Clock) -> TokenVerifier:
    return TokenVerifier([local_issuer([SECRET], AUDIENCE)], clock, lambda _: False)
