"""Argon2id with the parameters of RFC 9106 section 4, second recommended option (64 MiB).

One verification takes tens of milliseconds and 64 MiB: callers run it in a bounded pool of threads.
"""

from __future__ import annotations

import re

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY as PROFILE

MAX_PASSWORD_BYTES = 1024

_PARAMETERS = (
    f"$argon2id$v={PROFILE.version}"
    f"$m={PROFILE.memory_cost},t={PROFILE.time_cost},p={PROFILE.parallelism}"
)
# 16 bytes of salt and 32 of digest in base64, the unused bits of each last character zero
_HASH = re.compile(
    re.escape(_PARAMETERS) + r"\$[A-Za-z0-9+/]{21}[AQgw]\$[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]"
)
# Costs what a real one costs. Nobody knows a password for it.
NOBODY = f"{_PARAMETERS}${'A' * 22}${'A' * 43}"

_hasher = PasswordHasher.from_parameters(PROFILE)


def is_hash(text: str) -> bool:
    """Whether `text` is a hash with exactly these parameters, so that all cost the same."""
    return _HASH.fullmatch(text) is not None


def is_password(text: str) -> bool:
    return _bytes(text) is not None


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def matches(hashed: str, password: str) -> bool:
    """Do the whole work for any password, also one that no user can have."""
    given = _bytes(password)
    try:
        _hasher.verify(hashed, given or b"-")
    except VerifyMismatchError:
        return False
    return given is not None


def _bytes(password: str) -> bytes | None:
    """Return 1 to 1024 bytes of UTF-8, or None."""
    try:
        given = password.encode()
    except UnicodeEncodeError:
        return None
    return given if 0 < len(given) <= MAX_PASSWORD_BYTES else None
