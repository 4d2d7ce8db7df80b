"""What a scraper reads."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from broker.telemetry.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def used() -> Metrics:
    metrics = Metrics()
    metrics.request("/v1/uploads", "POST", 201, 0.004)
    metrics.decision("write", allowed=True, reason="grant")
    metrics.decision("write", allowed=False, reason="no_grant")
    metrics.signed("part", 100)
    metrics.signed("GET")
    metrics.rate_limited()
    return metrics


def test_every_name_begins_with_broker() -> None:
    names = {name for name, _ in samples(used())}
    assert names
    assert all(name.startswith("broker_") for name in names)


def test_what_was_counted_is_what_is_read() -> None:
    found = samples(used())
    request = (("method", "POST"), ("route", "/v1/uploads"), ("status", "201"))
    assert found["broker_requests_total", request] == 1
    assert found["broker_request_seconds_count", (("route", "/v1/uploads"),)] == 1
    assert found["broker_request_seconds_sum", (("route", "/v1/uploads"),)] == 0.004
    for allowed, reason in (("true", "grant"), ("false", "no_grant")):
        labels = (("action", "write"), ("allowed", allowed), ("reason", reason))
        assert found["broker_decisions_total", labels] == 1
    assert found["broker_signed_urls_total", (("kind", "part"),)] == 100
    assert found["broker_signed_urls_total", (("kind", "GET"),)] == 1
    assert found["broker_rate_limited_total", ()] == 1


def test_two_brokers_in_one_process_do_not_mix() -> None:
    assert used().render() != Metrics().render()
