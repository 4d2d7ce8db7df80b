"""What operators graph: requests, decisions and S3, as Prometheus counters named `broker_…`."""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

MAX_CHILDREN = 4096
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One registry per app, so that two apps in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "broker_requests",
            "HTTP requests answered",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "broker_request_seconds",
            "Time until the answer was sent",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._decisions = Counter(
            "broker_decisions",
            "Policy decisions",
            ["action", "allowed", "reason"],
            registry=self.registry,
        )
        self._signed = Counter(
            "broker_signed_urls", "URLs signed", ["kind"], registry=self.registry
        )
        # Finding a labelled child costs more than counting in it.
        self._request = lru_cache(MAX_CHILDREN)(self._requests.labels)
        self._duration = lru_cache(MAX_CHILDREN)(self._seconds.labels)
        self._decision = lru_cache(MAX_CHILDREN)(self._decisions.labels)
        self._signing = lru_cache(MAX_CHILDREN)(self._signed.labels)
        self._limited = Counter(
            "broker_rate_limited", "Requests refused by a rate limit", registry=self.registry
        )

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """`route` is the route's template, never the path, so that there are few of them."""
        self._request(route, method, str(status)).inc()
        self._duration(route).observe(seconds)

    def decision(self, action: str, *, allowed: bool, reason: str) -> None:
        self._decision(action, "true" if allowed else "false", reason).inc()

    def signed(self, kind: str, count: int = 1) -> None:
        self._signing(kind).inc(count)

    def rate_limited(self) -> None:
        self._limited.inc()

    def render(self) -> bytes:
        """Return the text exposition format."""
        return generate_latest(self.registry)
