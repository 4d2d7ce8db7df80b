"""The audit trail: one JSON line for each decision, allowed or not.

A line never holds a key, a token or a signature: keys stand there as digests, so that the trail can
be kept and searched without telling what people's files are called.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from pydantic_core import to_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import TextIO

    from broker.policy.identity import Principal

WRITTEN_WITHIN = timedelta(milliseconds=10)
_DIGEST_LENGTH = 32  # hex characters


class Decided(NamedTuple):
    """What a line tells; `size` is in bytes, `urls` is how many URLs the decision stands for."""

    event: str
    principal: Principal
    action: str
    bucket: str
    key: str
    allowed: bool
    reason: str
    request_id: str
    size: int | None = None
    urls: int = 1


class AuditLog:
    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], datetime],
        soon: Callable[[Callable[[], None]], object],
    ) -> None:
        """`soon` calls back within moments.

        The lines of these moments are made and leave together, as writing to a disk costs as much
        as all else. An answer may leave before its line; only a killed process loses any.
        """
        self._stream = stream
        self._clock = clock
        self._soon = soon
        self._pending: list[tuple[datetime, Decided]] = []

    def record(self, decided: Decided) -> None:
        self._pending.append((self._clock(), decided))
        if len(self._pending) == 1:
            self._soon(self.flush)

    def flush(self) -> None:
        """Write what is pending; also for the end of the process."""
        pending, self._pending = self._pending, []
        self._stream.write("".join([_line(time, decided) for time, decided in pending]))
        self._stream.flush()


def _line(time: datetime, decided: Decided) -> str:
    line = {
        "time": time.isoformat(),
        "event": decided.event,
        "actor": decided.principal.subject,
        "issuer": decided.principal.issuer,
        "action": decided.action,
        "bucket": decided.bucket,
        "key_hash": key_digest(decided.bucket, decided.key),
        "allowed": decided.allowed,
        "reason": decided.reason,
        "request_id": decided.request_id,
        "size": decided.size,
        "count": decided.urls,
    }
    # ASCII with all else escaped: no text from outside can end a line, or turn it around.
    return to_json(line, ensure_ascii=True).decode() + "\n"


def shortly(call: Callable[[], None]) -> None:
    """Call back on the running event loop within moments."""
    asyncio.get_running_loop().call_later(WRITTEN_WITHIN.total_seconds(), call)


def key_digest(bucket: str, key: str) -> str:
    """Return what stands for a key: a bucket's name holds no `/`, so no two pairs share a text."""
    return hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()[:_DIGEST_LENGTH]
