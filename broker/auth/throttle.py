"""Guesses of passwords: a few at once, then ever slower, at most ten a minute.

Counted per account and per peer, in one process. A count is forgotten after a minute, so nobody is
locked out for good. Refused guesses count for nothing: asking again does not prolong the wait.

`limits` is not used here: its memory store reads the clock itself, starts a thread per hit and
never forgets a key, while the keys of this throttle are chosen by strangers.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network
from math import ceil
from typing import TYPE_CHECKING

from broker.errors import RateLimited

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = 60.0  # seconds
MAX_GUESSES = 10  # within the window
FREE_GUESSES = 5  # without a wait; then 1 s, 2 s, 4 s, 8 s, 16 s
MAX_KEYS = 20_000

_IPV6_SITE_BITS = 64  # one customer usually has this whole network


class LoginThrottle:
    """Belongs to one thread. The least recently used key is forgotten when there are too many."""

    def __init__(self, clock: Callable[[], float], max_keys: int = MAX_KEYS) -> None:
        """`clock`: seconds that never go back, as time.monotonic."""
        self._clock = clock
        self._max_keys = max_keys
        self._guesses: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, username: str, peer: str) -> None:
        """Count a guess before it is evaluated; raises RateLimited when it must wait.

        Counting first keeps guesses sent in parallel within the limit.
        """
        now = self._clock()
        keys = _keys(username, peer)
        wait = max(_wait(self._recent(key, now), now) for key in keys)
        if wait > 0:
            raise RateLimited("Too many sign-ins: wait.", timedelta(seconds=ceil(wait)))
        for key in keys:
            self._count(key, now)

    def succeeded(self, username: str, peer: str) -> None:
        """Give back the guess that `check` counted: it was right. Wrong ones stay counted."""
        for key in _keys(username, peer):
            guesses = self._guesses.get(key)
            if guesses:
                guesses.pop()

    def _recent(self, key: str, now: float) -> list[float]:
        """Return the guesses within the window; asking alone keeps no key."""
        return [at for at in self._guesses.get(key, ()) if at > now - WINDOW]

    def _count(self, key: str, now: float) -> None:
        self._guesses[key] = [*self._recent(key, now), now]
        self._guesses.move_to_end(key)
        if len(self._guesses) > self._max_keys:
            self._guesses.popitem(last=False)


def _wait(guesses: list[float], now: float) -> float:
    """Return the seconds until the next guess may be evaluated; 0 or less: now."""
    if len(guesses) < FREE_GUESSES:
        return 0
    if len(guesses) >= MAX_GUESSES:
        return guesses[-MAX_GUESSES] + WINDOW - now
    return guesses[-1] + (1 << len(guesses) - FREE_GUESSES) - now


def _keys(username: str, peer: str) -> tuple[str, str]:
    # No user has a name of 65 characters; longer ones need not be told apart, nor kept.
    return f"account {username[:65]}", f"peer {_site(peer)}"


def _site(peer: str) -> str:
    """Return an IPv6 peer's /64 network, any other peer as it is."""
    try:
        address = IPv6Address(peer)
    except ValueError:
        return peer
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), _IPV6_SITE_BITS), strict=False))
