"""What operators graph: requests, decisions and S3, as Prometheus counters named `broker_…`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

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
        self._limited = Counter(
            "broker_rate_limited", "Requests refused by a rate limit", registry=self.registry
        )

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """`route` is the route's template, never the path, so that there are few of them."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def decision(self, action: str, *, allowed: bool, reason: str) -> None:
        self._decisions.labels(action, "true" if allowed else "false", reason).inc()

    def signed(self, kind: str, count: int = 1) -> None:
        self._signed.labels(kind).inc(count)

    def rate_limited(self) -> None:
        self._limited.inc()

    def render(self) -> bytes:
        """Return the text exposition format."""
        return generate_latest(self.registry)
