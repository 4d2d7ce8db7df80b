"""SIGTERM: what is under way is finished, nobody holds the exit up, the exit code is 0."""

from __future__ import annotations

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.faults.person import Person
from tests.faults.processes import Setting
from tests.faults.proxy import Hold, Mode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.processes import BrokerProcess
    from tests.faults.proxy import FaultProxy

EXIT_DEADLINE = 15  # seconds


@pytest.fixture
def ending(setting: Setting, proxy: FaultProxy) -> Iterator[BrokerProcess]:
    """A broker for the test to end."""
    broker = setting.start()
    yield broker
    proxy.reset()
    broker.kill()


def test_a_request_under_way_is_finished_and_new_ones_are_refused(
    ending: BrokerProcess, to_s3: httpx.Client, proxy: FaultProxy
) -> None:
    alice = Person(ending.client(), to_s3)
    upload_id = alice.begin_multipart("ending.bin", 1)["id"]
    proxy.reset()
    proxy.switch(Mode.HANG)

    with ThreadPoolExecutor() as thread:
        asking = thread.submit(alice.status, upload_id)
        proxy.wait_for(lambda exchange: exchange.method == "GET")
        ending.process.terminate()
        await_refusal(ending.port)
        proxy.switch(Mode.PASS)

        assert asking.result().json()["state"] == "pending"
    assert ending.wait() == 0


def await_refusal(port: int) -> None:
    deadline = time.monotonic() + EXIT_DEADLINE
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
    raise AssertionError("it goes on to take connections")


def test_a_body_that_never_comes_whole_does_not_hold_the_exit(ending: BrokerProcess) -> None:
    head = (
        "POST /v1/uploads HTTP/1.1\r\nhost: broker\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {ending.token()}\r\ncontent-length: 100\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", ending.port)) as connection:
        connection.sendall(f'{head}{{"bucket"'.encode())
        assert httpx.get(f"{ending.url}/healthz", trust_env=False).status_code == 200
        begin = time.monotonic()

        assert ending.stop() == 0
        assert time.monotonic() - begin < EXIT_DEADLINE


def test_a_completion_that_s3_never_answers_does_not_hold_the_exit(
    ending: BrokerProcess, to_s3: httpx.Client, proxy: FaultProxy
) -> None:
    """S3 may rightly take minutes over one, so the broker waits for it that long, but not now."""
    alice = Person(ending.client(), to_s3)
    upload = alice.sent_whole("stuck.bin", b"x")
    proxy.plan(lambda exchange: exchange.method == "POST", Hold(), times=1000)

    with ThreadPoolExecutor() as thread:
        asking = thread.submit(alice.complete, upload["id"])
        proxy.wait_for(
            lambda exchange: exchange.method == "POST" and "uploadId=" in exchange.target
        )
        begin = time.monotonic()

        assert ending.process.terminate() is None
        assert ending.process.wait(EXIT_DEADLINE) == 0
        assert time.monotonic() - begin < EXIT_DEADLINE
        with pytest.raises(httpx.TransportError):
            asking.result()


def test_the_embedded_s3_ends_with_the_broker(tmp_path: Path, s3_environment: Path) -> None:
    environ = {"BROKER_DEV_S3_ENV": str(s3_environment)}
    broker = Setting(tmp_path, "embedded", environ).start("--s3-port", "0")
    s3 = broker.ready["s3_url"]
    assert httpx.get(s3, trust_env=False).status_code == 403

    assert broker.stop() == 0

    with pytest.raises(httpx.ConnectError):
        httpx.get(s3, trust_env=False)
