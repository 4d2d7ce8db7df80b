"""Calls to S3: bounded in time, in threads and in hope."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import timedelta
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Never

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from broker.errors import NotFound, S3Unavailable
from broker.s3.breaker import Breaker
from broker.s3.client import Patience, S3Client
from broker.s3.connect import client_maker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client as Boto3Client

pytestmark = pytest.mark.anyio

SHORT = Patience(timedelta(seconds=0.3), timedelta(seconds=1), timedelta(seconds=1), threads=1)
LONG = Patience(timedelta(seconds=10), timedelta(seconds=1), timedelta(seconds=4), threads=4)
AT_ONCE = 1.0  # seconds: far less than what would be waited for otherwise


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock, threshold=2, pause=timedelta(seconds=1))


@pytest.fixture
def client(plain_client: Boto3Client, breaker: Breaker) -> Iterator[S3Client]:
    client = S3Client(lambda _: plain_client, patience=LONG, breaker=breaker)
    yield client
    client.close()


@pytest.fixture
def hasty(plain_client: Boto3Client, breaker: Breaker) -> Iterator[S3Client]:
    client = S3Client(lambda _: plain_client, patience=SHORT, breaker=breaker)
    yield client
    client.close()


def _await(release: Event, _: Boto3Client) -> None:
    release.wait(5)


def refused(_: Boto3Client) -> Never:
    raise EndpointConnectionError(endpoint_url="http://10.1.2.3")


def missing(_: Boto3Client) -> Never:
    raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "x"}}, "GetObject")


async def fail(client: S3Client, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(S3Unavailable):
            await client.run(refused)


async def test_a_call_gets_the_client_and_answers(
    client: S3Client, plain_client: Boto3Client
) -> None:
    assert await client.run(lambda s3: s3) is plain_client


async def test_one_client_serves_many_first_calls(
    plain_client: Boto3Client, breaker: Breaker
) -> None:
    made: list[Patience] = []

    def make(patience: Patience) -> Boto3Client:
        made.append(patience)
        time.sleep(0.05)  # as slow as boto3, so that the others come meanwhile
        return plain_client

    client = S3Client(make, patience=LONG, breaker=breaker)
    assert made == []
    await asyncio.gather(*(client.run(lambda _: None) for _ in range(8)))
    assert made == [LONG]
    client.close()


async def test_a_refused_connection_is_told_at_once_with_when_to_try_again(
    monkeypatch: pytest.MonkeyPatch, breaker: Breaker
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with socket.socket() as taken:  # bound and not listening: every connection is refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        make = client_maker(region="us-east-1", endpoint_url=url, addressing="path")
        ready = make(LONG)
        client = S3Client(lambda _: ready, patience=LONG, breaker=breaker)
        began = time.monotonic()
        with pytest.raises(S3Unavailable) as caught:
            await client.run(lambda s3: s3.list_buckets())
    assert time.monotonic() - began < 1.5
    assert caught.value.retry_after >= timedelta(seconds=1)
    assert url not in str(caught.value)
    client.close()


async def test_a_server_that_never_answers_costs_the_deadline_and_no_more(
    monkeypatch: pytest.MonkeyPatch, breaker: Breaker
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ready = client_maker(region="us-east-1", endpoint_url=url, addressing="path")(SHORT)
        client = S3Client(lambda _: ready, patience=SHORT, breaker=breaker)
        began = time.monotonic()
        with pytest.raises(S3Unavailable):
            await client.run(lambda s3: s3.list_buckets())
        took = time.monotonic() - began
        client.close()
    assert 0.3 <= took < 0.3 + AT_ONCE


async def test_a_hanging_call_does_not_hold_the_event_loop(hasty: S3Client) -> None:
    release = Event()
    longest = 0.0
    hanging = asyncio.ensure_future(hasty.run(lambda _: release.wait(5)))
    while not hanging.done():
        began = time.monotonic()
        await asyncio.sleep(0.005)
        longest = max(longest, time.monotonic() - began)
    release.set()
    with pytest.raises(S3Unavailable):
        hanging.result()
    assert longest < AT_ONCE


async def test_the_deadline_covers_the_wait_for_a_thread_which_says_nothing_of_s3(
    hasty: S3Client, breaker: Breaker
) -> None:
    """Two failures would open the breaker; the call without a thread is none."""
    release, ran = Event(), Event()
    began = time.monotonic()
    hanging = asyncio.ensure_future(hasty.run(lambda _: release.wait(5)))
    await asyncio.sleep(0)
    with pytest.raises(S3Unavailable):
        await hasty.run(lambda _: ran.set())
    with pytest.raises(S3Unavailable):
        await hanging
    assert time.monotonic() - began < 0.3 + AT_ONCE
    release.set()
    assert not ran.is_set()
    assert not breaker.is_open


async def test_failures_in_a_row_open_the_breaker_and_then_nothing_is_asked(
    client: S3Client, breaker: Breaker
) -> None:
    await fail(client, times=2)
    assert breaker.is_open
    asked = Event()
    with pytest.raises(S3Unavailable):
        await client.run(lambda _: asked.set())
    assert not asked.is_set()


async def test_a_call_that_times_out_is_a_failure_too(hasty: S3Client, breaker: Breaker) -> None:
    for _ in range(2):
        release = Event()
        with pytest.raises(S3Unavailable):
            await hasty.run(partial(_await, release))
        release.set()
    assert breaker.is_open


async def test_after_a_pause_one_call_tries_and_its_success_closes_the_breaker(
    client: S3Client, breaker: Breaker, clock: Clock
) -> None:
    await fail(client, times=2)
    clock.now += 1
    assert await client.run(lambda _: "back") == "back"
    assert not breaker.is_open


async def test_after_a_pause_a_failing_try_keeps_it_open(
    client: S3Client, breaker: Breaker, clock: Clock
) -> None:
    await fail(client, times=2)
    clock.now += 1
    await fail(client)
    assert breaker.is_open
    asked = Event()
    with pytest.raises(S3Unavailable):
        await client.run(lambda _: asked.set())
    assert not asked.is_set()


async def test_what_s3_answers_is_no_failure_even_when_it_says_no(
    client: S3Client, breaker: Breaker
) -> None:
    for _ in range(5):
        await fail(client)
        with pytest.raises(NotFound):
            await client.run(missing)
    assert not breaker.is_open


async def test_a_fault_of_the_brokers_own_stays_one(client: S3Client, breaker: Breaker) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            await client.run(lambda _: 1 // 0)
    assert not breaker.is_open
