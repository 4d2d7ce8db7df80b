"""Rows of the benchmark's one table, and how they are measured side by side."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a duration, and for a promise also the ratio, its reach and whether it is kept."""

    name: str
    microseconds: float
    ratio: float | None = None
    reach: str = ""
    ok: bool | None = None

    @classmethod
    def at_least(cls, name: str, microseconds: float, ratio: float, reach: float) -> Row:
        return cls(name, microseconds, ratio, f">= {reach:g}x", ratio >= reach)

    @classmethod
    def at_most(cls, name: str, microseconds: float, ratio: float, reach: float) -> Row:
        return cls(name, microseconds, ratio, f"<= {reach:g}x", ratio <= reach)


@dataclass(frozen=True, slots=True)
class Contest:
    """Durations of competitors over the same rounds, in microseconds per piece of work."""

    rounds: Mapping[str, list[float]]

    def microseconds(self, name: str) -> float:
        return median(self.rounds[name])

    def ratio(self, name: str, to: str) -> float:
        """How many times as long `name` takes; by round, so that a busy moment hits both."""
        pairs = zip(self.rounds[name], self.rounds[to], strict=True)
        return median(mine / other for mine, other in pairs)


@dataclass(frozen=True, slots=True)
class Competitor:
    run: Callable[[], object]
    pieces: int = 1
    """What one run makes."""
    runs: int = 1
    """How often it runs in a round."""


def interleave(competitors: Mapping[str, Competitor], rounds: int) -> Contest:
    """Let all run in turn, so that none has a quieter machine; the first round only warms up."""
    durations: dict[str, list[float]] = {name: [] for name in competitors}
    for _ in range(rounds + 1):
        for name, competitor in competitors.items():
            durations[name].append(_microseconds(competitor))
    return Contest({name: taken[1:] for name, taken in durations.items()})


def _microseconds(competitor: Competitor) -> float:
    start = time.perf_counter()
    for _ in range(competitor.runs):
        competitor.run()
    return (time.perf_counter() - start) * 1e6 / (competitor.runs * competitor.pieces)
