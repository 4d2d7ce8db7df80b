"""The audit trail: one JSON line for each decision, allowed or not.

A line never holds a key, a token or a signature: keys stand there as digests, so that the trail can
be kept and searched without telling what people's files are called.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from pydantic_core import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import TextIO

    from broker.policy.identity import Principal

_DIGEST_LENGTH = 32  # hex characters


class AuditLog:
    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], datetime],
        soon: Callable[[Callable[[], None]], object],
    ) -> None:
        """`soon` calls back at the end of the event loop's turn.

        The lines of one turn leave together, as writing to a disk costs as much as all else. An
        answer may leave before its line, by no more than that turn.
        """
        self._stream = stream
        self._clock = clock
        self._soon = soon
        self._pending: list[Mapping[str, object]] = []

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
        self._pending.append(line)
        if len(self._pending) == 1:
            self._soon(self.flush)

    def flush(self) -> None:
        """Write what is pending; also for the end of the process."""
        lines, self._pending = self._pending, []
        self._stream.write("".join(map(_encoded, lines)))
        self._stream.flush()


def _encoded(line: Mapping[str, object]) -> str:
    """ASCII with all else escaped: no text from outside can end a line, or turn it around."""
    return to_json(line, ensure_ascii=True).decode() + "\n"


def at_turn_end(call: Callable[[], None]) -> None:
    """Call back once the running event loop has done what is ready now."""
    asyncio.get_running_loop().call_soon(call)


def key_digest(bucket: str, key: str) -> str:
    """Return what stands for a key: a bucket's name holds no `/`, so no two pairs share a text."""
    return hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()[:_DIGEST_LENGTH]
