"""S3 takes connections and answers none: one such episode, seen from every side."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.faults.exchanges import is_list_parts
from tests.faults.person import Person
from tests.faults.proxy import Mode

if TYPE_CHECKING:
    import httpx

    from tests.faults.proxy import FaultProxy

CALLS = 40
QUICK_THREADS = 32  # broker.s3.client.QUICK: as many calls reach S3 at once
SIGNATURES = 200
DEADLINE = 5.5  # seconds: the broker's own 5, and its answer's way
AT_ONCE = 0.5  # seconds
SLOWEST_SIGNATURE = 0.1  # seconds; the 99th percentile
RECOVERY = 3.0  # seconds
GIVE_UP = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Episode:
    """What came of requests in it and after it."""

    hung: list[httpx.Response]
    """Were under way to S3 when it fell silent."""
    signed: list[httpx.Response]
    """Needed no S3, while the others hung."""
    healthy: httpx.Response
    later: list[httpx.Response]
    """Came when the first had failed already."""
    ready: httpx.Response
    recovery: float
    """Seconds from S3's return to the first good answer; infinite without any."""


@pytest.fixture(scope="module")
def episode(signed_in: httpx.Client, to_s3: httpx.Client, proxy: FaultProxy) -> Episode:
    alice = Person(signed_in, to_s3)
    upload_id = alice.begin_multipart("hanging.bin", 1)["id"]
    proxy.reset()
    proxy.switch(Mode.HANG)
    with ThreadPoolExecutor(CALLS) as threads:
        calls = [threads.submit(alice.status, upload_id) for _ in range(CALLS)]
        proxy.wait_for(is_list_parts, QUICK_THREADS)
        signed = [alice.ask_for_parts(upload_id, [1]) for _ in range(SIGNATURES)]
        healthy = alice.broker.get("/healthz")
        hung = [call.result() for call in calls]
    later = [alice.complete(upload_id) for _ in range(10)]
    ready = alice.broker.get("/readyz")
    proxy.switch(Mode.PASS)
    return Episode(hung, signed, healthy, later, ready, recovery(alice, upload_id))


def recovery(alice: Person, upload_id: str) -> float:
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < GIVE_UP:
        if alice.status(upload_id).is_success:
            return passed
        time.sleep(0.1)
    return math.inf


def test_calls_that_need_s3_end_at_their_deadline_and_say_when_to_come_again(
    episode: Episode,
) -> None:
    for answer in episode.hung:
        assert answer.status_code == 503
        assert answer.json()["code"] == "s3_unavailable"
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.elapsed.total_seconds() < DEADLINE


def test_after_those_the_next_ones_fail_at_once(episode: Episode) -> None:
    assert {answer.status_code for answer in episode.later} == {503}
    assert max(answer.elapsed.total_seconds() for answer in episode.later) < AT_ONCE


def test_signing_meanwhile_is_not_slowed_down(episode: Episode) -> None:
    seconds = sorted(answer.elapsed.total_seconds() for answer in episode.signed)

    assert {answer.status_code for answer in episode.signed} == {200}
    assert seconds[len(seconds) * 99 // 100] < SLOWEST_SIGNATURE


def test_the_process_is_healthy_and_not_ready(episode: Episode) -> None:
    assert episode.healthy.status_code == 200
    assert episode.ready.status_code == 503
    assert episode.ready.json()["code"] == "s3_unavailable"


def test_it_recovers_within_seconds(episode: Episode) -> None:
    assert episode.recovery < RECOVERY
