"""A circuit breaker: while S3 is down, calls fail at once instead of holding threads."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


THRESHOLD = 5  # failures in a row
PAUSE = timedelta(seconds=1)


class Breaker:
    """Opens after `threshold` failures in a row; from then on one call per `pause` may try."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        threshold: int = THRESHOLD,
        pause: timedelta = PAUSE,
    ) -> None:
        """`clock` is monotonic seconds."""
        self._threshold = threshold
        self._pause = pause.total_seconds()
        self._clock = clock
        self._failures = 0
        self._next_try = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= self._threshold

    def admits(self) -> bool:
        """Say whether a call may go out; while open, one per pause may."""
        if not self.is_open:
            return True
        now = self._clock()
        if now < self._next_try:
            return False
        self._next_try = now + self._pause
        return True

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        self._next_try = self._clock() + self._pause
