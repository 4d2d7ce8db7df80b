"""A broker in a process of its own, and between it and S3 a proxy that fails on demand."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import boto3
import httpx
import pytest

from tests.faults.person import Person
from tests.faults.processes import Brokers, Setting, await_ready
from tests.faults.proxy import FaultProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3 import S3Client

    from broker.dev.embedded import EmbeddedS3
    from tests.faults.processes import BrokerProcess


@pytest.fixture(scope="session")
def proxy(s3_server: EmbeddedS3) -> Iterator[FaultProxy]:
    with FaultProxy(s3_server.port) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def setting(
    proxy: FaultProxy, s3_server: EmbeddedS3, tmp_path_factory: pytest.TempPathFactory
) -> Setting:
    return Setting(tmp_path_factory.mktemp("broker"), proxy.url, s3_server.environ)


@pytest.fixture(scope="session")
def broker(setting: Setting) -> Iterator[BrokerProcess]:
    broker = setting.start()
    yield broker
    assert broker.stop() == 0, setting.log.read_text()


@pytest.fixture
def brokers(setting: Setting, proxy: FaultProxy) -> Iterator[Brokers]:
    """More brokers with the same data, for the test to end."""
    brokers = Brokers(setting)
    yield brokers
    proxy.reset()
    brokers.kill()


@pytest.fixture(scope="session")
def to_s3() -> Iterator[httpx.Client]:
    """What a person's own requests to S3 go through."""
    with httpx.Client(timeout=10, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def signed_in(broker: BrokerProcess) -> httpx.Client:
    return broker.client()


@pytest.fixture
def alice(signed_in: httpx.Client, to_s3: httpx.Client, proxy: FaultProxy) -> Iterator[Person]:
    """Alice at a broker that is ready; whatever the test breaks is mended after it."""
    await_ready(signed_in)
    yield Person(signed_in, to_s3)
    proxy.reset()


@pytest.fixture
def direct(s3_server: EmbeddedS3) -> S3Client:
    """S3 itself, around broker and proxy."""
    return boto3.client(
        "s3",
        endpoint_url=s3_server.url,
        region_name=s3_server.region,
        aws_access_key_id=s3_server.access_key_id,
        aws_secret_access_key=s3_server.secret_access_key,
    )


@pytest.fixture
def content() -> Callable[[int], bytes]:
    """Bytes that differ with each call, and are the same in each run."""
    return Random(1).randbytes
