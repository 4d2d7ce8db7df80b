"""The broker is killed at some step, S3 goes on: a new process takes everything up again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.faults.person import BUCKET, HOME, Person
from tests.faults.proxy import Hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faults.processes import BrokerProcess, Setting
    from tests.faults.proxy import FaultProxy

MIB = 1024 * 1024
SIX_PARTS = 5 * 8 * MIB + 1  # of 8 MiB each, the last one of one byte


@pytest.fixture
def start(setting: Setting, proxy: FaultProxy) -> Iterator[Callable[[], BrokerProcess]]:
    """Starts a broker on the one data directory; whoever still runs is stopped at the end."""
    started: list[BrokerProcess] = []

    def start() -> BrokerProcess:
        started.append(setting.start())
        return started[-1]

    yield start
    proxy.reset()
    for broker in started:
        broker.stop()


def test_a_killed_broker_costs_no_part_that_was_sent(
    start: Callable[[], BrokerProcess], to_s3: httpx.Client, content: Callable[[int], bytes]
) -> None:
    body = content(SIX_PARTS)
    first = start()
    token = first.token()
    alice = Person(first.client(token), to_s3)
    upload = alice.begin_multipart("killed.bin", len(body))
    plan = upload["target"]
    alice.send_parts(plan["parts"][:3], body, plan["part_size"])

    first.kill()
    alice = Person(start().client(token), to_s3)

    found = alice.broker.get("/v1/uploads", params={"bucket": BUCKET, "prefix": HOME}).json()
    assert upload["id"] in {each["id"] for each in found["uploads"]}
    sent = [part["part_number"] for part in alice.status(upload["id"]).json()["parts"]]
    assert sent == [1, 2, 3]
    assert alice.complete(upload["id"]).json()["missing"] == [4, 5, 6]
    alice.send_parts(alice.sign_parts(upload["id"], [4, 5, 6]), body, plan["part_size"])
    assert alice.complete(upload["id"]).status_code == 200
    assert alice.download(upload["key"]) == body


def test_a_broker_killed_while_s3_completes_leaves_nothing_undone(
    start: Callable[[], BrokerProcess],
    to_s3: httpx.Client,
    proxy: FaultProxy,
    content: Callable[[int], bytes],
) -> None:
    body = content(100)
    first = start()
    token = first.token()
    upload = Person(first.client(token), to_s3).sent_whole("completing.bin", body)
    proxy.plan(lambda exchange: exchange.method == "POST", Hold(), times=1)

    with ThreadPoolExecutor() as thread:
        asking = thread.submit(Person(first.client(token), to_s3).complete, upload["id"])
        proxy.wait_for(
            lambda exchange: exchange.method == "POST" and "uploadId=" in exchange.target
        )
        first.process.kill()
        with pytest.raises(httpx.TransportError):
            asking.result()
    first.wait()
    alice = Person(start().client(token), to_s3)

    assert alice.complete(upload["id"]).status_code == 200
    assert alice.download(upload["key"]) == body


def test_two_brokers_with_the_same_secrets_serve_the_same_upload(
    alice: Person,
    broker: BrokerProcess,
    start: Callable[[], BrokerProcess],
    to_s3: httpx.Client,
    content: Callable[[int], bytes],
) -> None:
    body = content(100)
    elsewhere = Person(start().client(broker.token()), to_s3)

    upload = alice.begin_multipart("two.bin", len(body))
    part_size = upload["target"]["part_size"]
    elsewhere.send_parts(elsewhere.sign_parts(upload["id"], [1]), body, part_size)
    completed = alice.complete(upload["id"])

    assert completed.status_code == 200
    assert elsewhere.complete(upload["id"]).json() == completed.json()
    assert elsewhere.download(upload["key"]) == body
