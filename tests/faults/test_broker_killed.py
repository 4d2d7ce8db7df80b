"""The broker is killed at some step, S3 goes on: a new process takes everything up again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.faults.exchanges import is_complete
from tests.faults.person import BUCKET, HOME, Person
from tests.faults.proxy import Hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.processes import BrokerProcess, Brokers
    from tests.faults.proxy import FaultProxy

MIB = 1024 * 1024
SIX_PARTS = 5 * 8 * MIB + 1  # of 8 MiB each, the last one of one byte


def test_a_killed_broker_costs_no_part_that_was_sent(
    brokers: Brokers, to_s3: httpx.Client, content: Callable[[int], bytes]
) -> None:
    body = content(SIX_PARTS)
    first = brokers.start()
    token = first.token()
    alice = Person(first.client(token), to_s3)
    upload = alice.begin_multipart("killed.bin", len(body))
    plan = upload["target"]
    alice.send_parts(plan["parts"][:3], body, plan["part_size"])

    first.kill()
    alice = Person(brokers.start().client(token), to_s3)

    found = alice.broker.get("/v1/uploads", params={"bucket": BUCKET, "prefix": HOME}).json()
    assert upload["id"] in {each["id"] for each in found["uploads"]}
    sent = [part["part_number"] for part in alice.status(upload["id"]).json()["parts"]]
    assert sent == [1, 2, 3]
    assert alice.complete(upload["id"]).json()["missing"] == [4, 5, 6]
    alice.send_parts(alice.sign_parts(upload["id"], [4, 5, 6]), body, plan["part_size"])
    assert alice.complete(upload["id"]).status_code == 200
    assert alice.download(upload["key"]) == body


def test_a_broker_killed_while_s3_completes_leaves_nothing_undone(
    brokers: Brokers,
    to_s3: httpx.Client,
    proxy: FaultProxy,
    content: Callable[[int], bytes],
) -> None:
    body = content(100)
    first = brokers.start()
    token = first.token()
    upload = Person(first.client(token), to_s3).sent_whole("completing.bin", body)
    proxy.plan(is_complete, Hold(), times=1)

    with ThreadPoolExecutor() as thread:
        asking = thread.submit(Person(first.client(token), to_s3).complete, upload["id"])
        proxy.wait_for(is_complete)
        first.process.kill()
        with pytest.raises(httpx.TransportError):
            asking.result()
    first.wait()
    alice = Person(brokers.start().client(token), to_s3)

    assert alice.complete(upload["id"]).status_code == 200
    assert alice.download(upload["key"]) == body


def test_two_brokers_with_the_same_secrets_serve_the_same_upload(
    alice: Person,
    broker: BrokerProcess,
    brokers: Brokers,
    to_s3: httpx.Client,
    content: Callable[[int], bytes],
) -> None:
    body = content(100)
    elsewhere = Person(brokers.start().client(broker.token()), to_s3)

    upload = alice.begin_multipart("two.bin", len(body))
    part_size = upload["target"]["part_size"]
    elsewhere.send_parts(elsewhere.sign_parts(upload["id"], [1]), body, part_size)
    completed = alice.complete(upload["id"])

    assert completed.status_code == 200
    assert elsewhere.complete(upload["id"]).json() == completed.json()
    assert elsewhere.download(upload["key"]) == body
