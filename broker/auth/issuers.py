"""Whose tokens are accepted, and the keys that prove them.

The broker's own issuer is made here. Another issuer is an `Issuer` too: its `keys` may be any
mapping, also one that is filled anew while the broker runs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from jose import jwk

from broker.auth.derive import derive_keys
from broker.errors import ConfigurationError
from broker.policy.identity import LOCAL_ISSUER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jose.backends.base import Key

LOCAL_ALGORITHM = "HS256"
MAX_LOCAL_LIFE = timedelta(hours=24)
MAX_LEEWAY = timedelta(seconds=60)

_PUBLIC_KEY_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"})
_BACKEND = "jose.backends.cryptography_backend"
_KID_LENGTH = 16  # hex digits of a SHA-256: tells keys apart, gives nothing away


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """`key` is built once: building it from a JWK on each call costs more than verifying."""

    kid: str
    algorithm: str
    key: Key


@dataclass(frozen=True, slots=True)
class Issuer:
    """What is demanded of one issuer's tokens; `name` is their `iss`.

    `keys` are found by `kid`. `required` claims must be there, beside `iss`.
    Raises ConfigurationError for an algorithm or a leeway that the guard does not allow.
    """

    name: str
    audience: str
    algorithms: frozenset[str]
    keys: Mapping[str, VerificationKey]
    max_life: timedelta
    roles_claim: str = "roles"
    leeway: timedelta = timedelta(0)
    required: frozenset[str] = frozenset({"aud", "exp", "iat", "sub"})

    def __post_init__(self) -> None:
        # A secret shared with an identity provider could be its public key in disguise.
        allowed = {LOCAL_ALGORITHM} if self.name == LOCAL_ISSUER else _PUBLIC_KEY_ALGORITHMS
        problems = []
        if not self.algorithms or not self.algorithms <= allowed:
            problems.append(f"{self.name}.algorithms: only {', '.join(sorted(allowed))}")
        if not timedelta(0) <= self.leeway <= MAX_LEEWAY:
            problems.append(f"{self.name}.leeway: 0 to {MAX_LEEWAY.seconds} seconds")
        if problems:
            raise ConfigurationError(problems)


def local_issuer(secrets: Sequence[bytes], audience: str) -> Issuer:
    """Return the broker itself as an issuer: every secret verifies, the first one signs."""
    return Issuer(
        name=LOCAL_ISSUER,
        audience=audience,
        algorithms=frozenset({LOCAL_ALGORITHM}),
        keys={key.kid: key for key in local_keys(secrets)},
        max_life=MAX_LOCAL_LIFE,
        required=frozenset({"aud", "exp", "iat", "jti", "sub"}),
    )


def local_keys(secrets: Sequence[bytes]) -> list[VerificationKey]:
    """Return one key per secret, in their order."""
    return [_local_key(derived) for derived in derive_keys(secrets, f"token:{LOCAL_ALGORITHM}")]


def _local_key(derived: bytes) -> VerificationKey:
    kid = hashlib.sha256(b"kid:" + derived).hexdigest()[:_KID_LENGTH]
    return VerificationKey(kid, LOCAL_ALGORITHM, jwk.construct(derived, LOCAL_ALGORITHM))


def assert_backend() -> None:
    """Raise ConfigurationError unless python-jose works on the cryptography library.

    Without that library it falls back to pure Python without a word.
    """
    for algorithm in (LOCAL_ALGORITHM, *sorted(_PUBLIC_KEY_ALGORITHMS)):
        key_class = jwk.get_key(algorithm)
        if key_class is None or key_class.__module__ != _BACKEND:
            raise ConfigurationError(["python-jose: its cryptography backend is missing"])
