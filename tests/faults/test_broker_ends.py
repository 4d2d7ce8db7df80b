"""SIGTERM: what is under way is finished, nobody holds the exit up, the exit code is 0."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.faults.exchanges import is_complete, is_list_parts
from tests.faults.person import Person
from tests.faults.processes import POLL_INTERVAL, Setting
from tests.faults.proxy import Hold, Mode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.processes import BrokerProcess, Brokers
    from tests.faults.proxy import FaultProxy

EXIT_DEADLINE = 15  # seconds


def test_a_request_under_way_is_finished_and_new_ones_are_refused(
    brokers: Brokers, to_s3: httpx.Client, proxy: FaultProxy
) -> None:
    ending = brokers.start()
    alice = Person(ending.client(), to_s3)
    upload_id = alice.begin_multipart("ending.bin", 1)["id"]
    proxy.reset()
    proxy.switch(Mode.HANG)

    with ThreadPoolExecutor() as thread:
        asking = thread.submit(alice.status, upload_id)
        proxy.wait_for(is_list_parts)
        ending.process.terminate()
        await_refusal(ending.url)
        proxy.switch(Mode.PASS)

        assert asking.result().json()["state"] == "pending"
    assert ending.wait() == 0


def await_refusal(url: str) -> None:
    deadline = time.monotonic() + EXIT_DEADLINE
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):  # of a connection that was still in the queue
            try:
                httpx.get(f"{url}/healthz", timeout=1, trust_env=False)
            except httpx.ConnectError:
                return
        time.sleep(POLL_INTERVAL)
    raise AssertionError("it goes on to take connections")


def test_nobody_holds_the_exit(brokers: Brokers, to_s3: httpx.Client, proxy: FaultProxy) -> None:
    """Neither a body that never comes whole, nor a completion that S3 never answers."""
    ending = brokers.start()
    alice = Person(ending.client(), to_s3)
    upload = alice.sent_whole("stuck.bin", b"x")
    proxy.plan(is_complete, Hold(), times=1)

    with ThreadPoolExecutor() as thread, half_sent_body(ending):
        asking = thread.submit(alice.complete, upload["id"])
        proxy.wait_for(is_complete)
        begin = time.monotonic()
        ending.process.terminate()

        assert ending.process.wait(2 * EXIT_DEADLINE) == 0
        assert time.monotonic() - begin < EXIT_DEADLINE
        assert asking.result().status_code == 503


@contextmanager
def half_sent_body(broker: BrokerProcess) -> Iterator[None]:
    """A request whose body the broker has begun to read."""
    head = (
        "POST /v1/uploads HTTP/1.1\r\nhost: broker\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {broker.token()}\r\ncontent-length: 100\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", broker.port)) as connection:
        connection.sendall(f'{head}{{"bucket"'.encode())
        # Connections are read in the order in which they came.
        assert httpx.get(f"{broker.url}/healthz", trust_env=False).status_code == 200
        yield


def test_the_embedded_s3_ends_with_the_broker(tmp_path: Path, s3_environment: Path) -> None:
    environ = {"BROKER_DEV_S3_ENV": str(s3_environment)}
    broker = Setting(tmp_path, "embedded", environ).start("--s3-port", "0")
    s3 = broker.ready["s3_url"]
    httpx.get(s3, trust_env=False)

    assert broker.stop() == 0

    with pytest.raises(httpx.ConnectError):
        httpx.get(s3, trust_env=False)
