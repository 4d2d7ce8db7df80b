"""Step 6 of the guard: what a token's verified claims must say.

RFC 7519 section 4.1, RFC 9068 section 2.2 (access tokens).
Every fault is a ValueError or a TypeError; the guard turns it into the one answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeGuard

from broker.policy.identity import LOCAL_ISSUER, Principal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broker.auth.issuers import Issuer

MAX_AHEAD = timedelta(seconds=60)  # how far another clock may run before ours
MAX_ROLES = 256
MAX_ROLE_CHARACTERS = 128

NAME = re.compile(r"[!-~]{1,255}")  # OpenID Connect Core section 2: a `sub` is ASCII, up to 255
_ID_TOKEN_CLAIMS = frozenset({"nonce", "at_hash"})


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """`expires_at` has the issuer's leeway in it; at that moment the token is dead.

    `token_id` is the claim `jti`. `session_id` is the claim `sid` of a local token: set when it
    was handed out at a sign-in here, and ends with it. Another issuer's `sid` is none of ours.
    """

    principal: Principal
    expires_at: datetime
    token_id: str | None
    session_id: str | None


def check_claims(claims: dict[str, object], issuer: Issuer, now: datetime) -> VerifiedToken:
    """`issuer` is the one that the claim `iss` names and whose key verified the token."""
    if not issuer.required <= claims.keys():
        raise ValueError("a required claim is missing")
    if not _ID_TOKEN_CLAIMS.isdisjoint(claims):
        raise ValueError("an ID token is not for an API")
    _check_audience(claims["aud"], issuer.audience)
    return VerifiedToken(
        principal=Principal(issuer.name, _name(claims["sub"]), _roles(claims, issuer.roles_claim)),
        expires_at=_expiry(claims, issuer, now),
        token_id=_optional_name(claims, "jti"),
        session_id=_optional_name(claims, "sid") if issuer.name == LOCAL_ISSUER else None,
    )


def _expiry(claims: dict[str, object], issuer: Issuer, now: datetime) -> datetime:
    seconds_now = now.timestamp()
    latest_start = seconds_now + MAX_AHEAD.total_seconds()
    expires, issued = _number(claims["exp"]), _number(claims["iat"])
    ends = expires + issuer.leeway.total_seconds()
    if ends <= seconds_now:
        raise ValueError("exp")
    if issued > latest_start or _number(claims.get("nbf", issued)) > latest_start:
        raise ValueError("iat or nbf")
    if expires - issued > issuer.max_life.total_seconds():
        raise ValueError("too long a life")
    return datetime.fromtimestamp(ends, UTC)


def _number(value: object) -> int | float:
    # type() and not isinstance(): a bool is an int. The strict parser let no infinity through.
    if type(value) is int or type(value) is float:
        return value
    raise TypeError("not a number")


def _check_audience(value: object, audience: str) -> None:
    members = value if isinstance(value, list) else [value]
    if not all(isinstance(member, str) for member in members) or audience not in members:
        raise ValueError("aud")


def _roles(claims: dict[str, object], claim: str) -> frozenset[str]:
    roles = claims.get(claim, [])
    if not isinstance(roles, list) or not is_roles(roles):
        raise ValueError("roles")
    return frozenset(roles)


def is_roles(values: Sequence[object]) -> TypeGuard[Sequence[str]]:
    return len(values) <= MAX_ROLES and all(
        isinstance(value, str) and 0 < len(value) <= MAX_ROLE_CHARACTERS and value.isprintable()
        for value in values
    )


def _optional_name(claims: dict[str, object], claim: str) -> str | None:
    return _name(claims[claim]) if claim in claims else None


def _name(value: object) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError("not a name")
    return value
