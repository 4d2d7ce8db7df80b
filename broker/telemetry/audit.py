"""The audit trail: one JSON line for each decision, allowed or not.

A line never holds a key, a token or a signature: keys stand there as digests, so that the trail can
be kept and searched without telling what people's files are called.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import TextIO

    from broker.policy.identity import Principal

_DIGEST_LENGTH = 32  # hex characters
# ASCII with every control character escaped: no text from outside can end a line or begin one.
_encode = json.JSONEncoder(separators=(",", ":")).encode


class AuditLog:
    def __init__(self, stream: TextIO, clock: Callable[[], datetime]) -> None:
        self._stream = stream
        self._clock = clock

    def record(
        self,
        event: str,
        *,
        principal: Principal,
        action: str,
        bucket: str,
        key: str,
        allowed: bool,
        reason: str,
        request_id: str,
        size: int | None = None,
        count: int = 1,
    ) -> None:
        """`size` is in bytes; `count` is how many URLs the decision stands for."""
        line = {
            "time": self._clock().isoformat(),
            "event": event,
            "actor": principal.subject,
            "issuer": principal.issuer,
            "action": action,
            "bucket": bucket,
            "key_hash": key_digest(bucket, key),
            "allowed": allowed,
            "reason": reason,
            "request_id": request_id,
            "size": size,
            "count": count,
        }
        self._stream.write(_encode(line) + "\n")
        self._stream.flush()


def key_digest(bucket: str, key: str) -> str:
    """Return what stands for a key: a bucket's name holds no `/`, so no two pairs share a text."""
    return hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()[:_DIGEST_LENGTH]
