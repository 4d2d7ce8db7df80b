"""Tokens: the guard around python-jose that verifies them, and the maker of local ones.

python-jose alone tries every key, forgives loose base64 and missing claims, and lets foreign
exceptions escape. So it is asked one thing only: does this one key verify this signature?
Claims are checked here and not by `jose.jwt.decode`, which reads the clock itself.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING

from jose import jws
from jose.exceptions import JOSEError

from broker.auth.claims import NAME, VerifiedToken, check_claims, is_roles
from broker.auth.issuers import (
    LOCAL_ALGORITHM,
    MAX_LOCAL_LIFE,
    Issuer,
    VerificationKey,
    assert_backend,
    local_issuer,
    local_keys,
)
from broker.auth.shape import MAX_TOKEN_CHARACTERS, take_apart
from broker.errors import ConfigurationError, InvalidRequest, InvalidToken
from broker.policy.identity import LOCAL_ISSUER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

__all__ = [
    "Issuer",
    "TokenIssuer",
    "TokenVerifier",
    "VerificationKey",
    "VerifiedToken",
    "assert_backend",
    "local_issuer",
]

MAX_SESSION_TOKEN_LIFE = timedelta(minutes=15)
DEFAULT_CACHE_SIZE = 10_000

_REFUSALS = (JOSEError, ValueError, TypeError, OverflowError, RecursionError, KeyError)


class TokenVerifier:
    """Turns a token's text into who it stands for. Belongs to one thread.

    Verified tokens are remembered until they expire; the least recently used goes first.
    """

    def __init__(
        self,
        issuers: Iterable[Issuer],
        clock: Callable[[], datetime],
        is_revoked: Callable[[VerifiedToken], bool],
        cache_size: int = DEFAULT_CACHE_SIZE,
    ) -> None:
        """`is_revoked` is asked on every call, also about remembered tokens."""
        listed = list(issuers)
        self._issuers = {issuer.name: issuer for issuer in listed}
        if len(self._issuers) != len(listed):
            raise ConfigurationError(["issuers: one occurs twice"])
        self._clock = clock
        self._is_revoked = is_revoked
        self._cache_size = cache_size
        self._remembered: OrderedDict[str, VerifiedToken] = OrderedDict()

    def verify(self, token: str) -> VerifiedToken:
        """Raises InvalidToken, without detail, for every reason to refuse."""
        verified = self._remembered.get(token)
        if verified is None:
            verified = self._admit(token)
        elif verified.expires_at <= self._clock():
            del self._remembered[token]
            raise InvalidToken
        else:
            self._remembered.move_to_end(token)
        if self._is_revoked(verified):
            raise InvalidToken
        return verified

    def forget_all(self) -> None:
        """Verify every token anew: for when an issuer's keys change."""
        self._remembered.clear()

    def _admit(self, token: str) -> VerifiedToken:
        try:
            verified = self._prove(token)
        except _REFUSALS:
            raise InvalidToken from None
        self._remembered[token] = verified
        if len(self._remembered) > self._cache_size:
            self._remembered.popitem(last=False)
        return verified

    def _prove(self, token: str) -> VerifiedToken:
        unverified = take_apart(token)
        issuer, key = self._find_key(unverified.claims["iss"], unverified.kid)
        if unverified.algorithm != key.algorithm or key.algorithm not in issuer.algorithms:
            raise ValueError("alg")
        jws.verify(token, key.key, [key.algorithm])
        return check_claims(unverified.claims, issuer, self._clock())

    def _find_key(self, name: object, kid: str) -> tuple[Issuer, VerificationKey]:
        if not isinstance(name, str):
            raise TypeError("iss")
        issuer = self._issuers[name]
        return issuer, issuer.keys[kid]


class TokenIssuer:
    """Makes the broker's own tokens; the newest secret signs."""

    def __init__(
        self,
        secrets: Sequence[bytes],
        audience: str,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._key = local_keys(secrets)[0]
        self._audience = audience
        self._clock = clock
        self._new_id = new_id

    def issue(
        self, subject: str, roles: Iterable[str], life: timedelta, session_id: str | None = None
    ) -> str:
        """`life` is cut to whole seconds. Raises InvalidRequest naming the field at fault.

        A token of a session (`session_id`) lives 15 minutes at most, any other one 24 hours.
        """
        members = sorted(set(roles))
        seconds = int(life.total_seconds())
        _check_request(subject, members, seconds, session_id)
        issued = int(self._clock().timestamp())
        claims: dict[str, object] = {
            "iss": LOCAL_ISSUER,
            "aud": self._audience,
            "sub": subject,
            "roles": members,
            "iat": issued,
            "exp": issued + seconds,
            "jti": self._new_id(),
        }
        if session_id is not None:
            claims["sid"] = session_id
        headers = {"kid": self._key.kid, "typ": "at+jwt"}
        token = jws.sign(claims, self._key.key, headers, LOCAL_ALGORITHM)
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise InvalidRequest(problems=[("roles", "too many for one token")])
        return token


def _check_request(subject: str, roles: Sequence[str], seconds: int, session: str | None) -> None:
    longest = MAX_LOCAL_LIFE if session is None else MAX_SESSION_TOKEN_LIFE
    most = int(longest.total_seconds())
    faults = {
        "subject": (NAME.fullmatch(subject), "1 to 255 printable ASCII characters, no space"),
        "roles": (is_roles(roles), "up to 256, each 1 to 128 printable characters"),
        "life": (1 <= seconds <= most, f"1 to {most} seconds"),
    }
    problems = [(field, rule) for field, (holds, rule) in faults.items() if not holds]
    if problems:
        raise InvalidRequest(problems=problems)
