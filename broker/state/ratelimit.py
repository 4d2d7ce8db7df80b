"""How often someone may ask, counted over a sliding minute in this process's memory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from broker.errors import RateLimited

if TYPE_CHECKING:
    from collections.abc import Callable


class RateLimit:
    """At most `per_minute` hits of one name."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        """`clock` is seconds since the epoch, as the `limits` library counts."""
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._clock = clock

    def hit(self, name: str) -> None:
        """Count one. Raises RateLimited with the time until one more would pass."""
        if self._limiter.hit(self._item, name):
            return
        reset = self._limiter.get_window_stats(self._item, name).reset_time
        wait = timedelta(seconds=max(1, round(reset - self._clock())))
        raise RateLimited(f"At most {self._item.amount} requests a minute.", wait)
