"""What operators graph: requests, decisions and signed URLs, for Prometheus, named `broker_…`.

Counting happens on every request, reading a few times a minute. So counts are plain dicts, made
into Prometheus's families only when they are read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from math import inf
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prometheus_client.core import Metric

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds


class _Durations:
    """A histogram of one route: how many fell up to each bound, and their sum in seconds."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self.sum += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Return (upper bound, how many up to it), as Prometheus counts."""
        total = 0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip((*BOUNDS, inf), self._counts, strict=True):
            total += count
            buckets.append(("+Inf" if bound == inf else str(bound), total))
        return buckets


class Metrics(Collector):
    """One registry per app, so that two apps in one process do not mix."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, ...]] = Counter()
        self._durations: defaultdict[str, _Durations] = defaultdict(_Durations)
        self._decisions: Counter[tuple[str, ...]] = Counter()
        self._signed: Counter[tuple[str, ...]] = Counter()
        self._limited = 0
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """`route` is the route's template, never the path, so that there are few of them."""
        self._requests[route, method, str(status)] += 1
        self._durations[route].add(seconds)

    def decision(self, action: str, *, allowed: bool, reason: str) -> None:
        self._decisions[action, "true" if allowed else "false", reason] += 1

    def signed(self, kind: str, count: int = 1) -> None:
        self._signed[kind,] += count

    def rate_limited(self) -> None:
        self._limited += 1

    def render(self) -> bytes:
        """Return the text exposition format."""
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Metric]:
        yield _counter(
            "broker_requests",
            "HTTP requests answered",
            ("route", "method", "status"),
            self._requests,
        )
        yield self._seconds()
        yield _counter(
            "broker_decisions",
            "Policy decisions",
            ("action", "allowed", "reason"),
            self._decisions,
        )
        yield _counter("broker_signed_urls", "URLs signed", ("kind",), self._signed)
        yield CounterMetricFamily(
            "broker_rate_limited", "Requests refused by a rate limit", self._limited
        )

    def _seconds(self) -> Metric:
        family = HistogramMetricFamily(
            "broker_request_seconds", "Time until the answer was sent", labels=("route",)
        )
        for route, durations in self._durations.items():
            family.add_metric((route,), durations.buckets(), durations.sum)
        return family


def _counter(
    name: str, text: str, labels: Sequence[str], counts: Mapping[tuple[str, ...], int]
) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family
