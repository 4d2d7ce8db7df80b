"""One key per purpose from each configured secret, so that no key serves two ends."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from broker.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_SECRET_BYTES = 32


def derive_keys(secrets: Sequence[bytes], purpose: str) -> list[bytes]:
    """Return a 32-byte key for each secret, in their order; `purpose` separates the families.

    Raises ConfigurationError when there is no secret, or one is shorter than 32 bytes.
    """
    if not secrets:
        raise ConfigurationError(["secrets: at least one is needed"])
    if any(len(secret) < MIN_SECRET_BYTES for secret in secrets):
        raise ConfigurationError([f"secrets: each needs at least {MIN_SECRET_BYTES} bytes"])
    return [hmac.digest(secret, f"broker:{purpose}".encode(), "sha256") for secret in secrets]
