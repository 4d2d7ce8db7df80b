"""How often someone may ask, over a sliding minute, in this process's memory.

The sliding window counter: this minute's hits, and last minute's as far as the window still reaches
into it. The `limits` library has it too, but its memory store starts a thread every few hits and
never forgets a name; on this path that cost as much as everything else together.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING

from broker.errors import RateLimited

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = 60.0  # seconds
MAX_NAMES = 100_000


class RateLimit:
    """At most `per_minute` hits of one name. Belongs to one thread.

    The least recently seen name is forgotten when there are too many.
    """

    def __init__(
        self, per_minute: int, clock: Callable[[], float], max_names: int = MAX_NAMES
    ) -> None:
        """`clock` is monotonic seconds."""
        self._per_minute = per_minute
        self._clock = clock
        self._max_names = max_names
        # The window's number, the hits in it, and those in the one before.
        self._counts: OrderedDict[str, tuple[int, int, int]] = OrderedDict()

    def hit(self, name: str) -> None:
        """Count one. Raises RateLimited, uncounted, with the time until one more would pass."""
        now = self._clock()
        window = int(now // WINDOW)
        hits, before = self._counted(name, window)
        passed = now % WINDOW
        if hits + before * (1 - passed / WINDOW) >= self._per_minute:
            raise RateLimited(
                f"At most {self._per_minute} requests a minute.",
                _wait(hits, before, passed, self._per_minute),
            )
        self._counts[name] = (window, hits + 1, before)
        self._counts.move_to_end(name)
        if len(self._counts) > self._max_names:
            self._counts.popitem(last=False)

    def _counted(self, name: str, window: int) -> tuple[int, int]:
        last, hits, before = self._counts.get(name, (window, 0, 0))
        if last == window:
            return hits, before
        return 0, hits if last == window - 1 else 0


def _wait(hits: int, before: int, passed: float, limit: int) -> timedelta:
    """Return the time until the weighted sum falls below the limit."""
    if before and hits < limit:
        reached = WINDOW * (1 - (limit - hits) / before)
        return timedelta(seconds=max(1.0, reached - passed))
    # Only the next window helps; there these hits weigh the less, the more of it has passed.
    weighed = WINDOW * (1 - limit / hits) if hits > limit else 0.0
    return timedelta(seconds=max(1.0, WINDOW - passed + weighed))
