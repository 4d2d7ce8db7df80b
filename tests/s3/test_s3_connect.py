"""boto3 clients as the broker needs them: what they send, and what they would not."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from broker.errors import S3Unavailable
from broker.s3.buckets import check_answers, list_names
from broker.s3.client import PATIENT, QUICK, Patience
from broker.s3.connect import client_maker
from broker.s3.storage import open_storage
from broker.settings import S3Settings

if TYPE_CHECKING:
    from tests.s3.conftest import Told

PATIENCE = Patience(timedelta(seconds=5), timedelta(seconds=1), timedelta(seconds=4), threads=7)


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)


def test_no_endpoint_means_aws_and_its_own_host_for_the_region() -> None:
    s3 = client_maker(region="eu-west-1", endpoint_url=None, addressing="auto")(PATIENCE)
    assert s3.meta.endpoint_url == "https://s3.eu-west-1.amazonaws.com"


def test_patience_reaches_boto3() -> None:
    make = client_maker(region="us-east-1", endpoint_url=None, addressing="auto")
    config = vars(make(PATIENCE).meta.config)
    assert (config["connect_timeout"], config["read_timeout"]) == (1, 4)
    assert config["max_pool_connections"] == 7


def test_a_put_is_signed_by_sigv4_in_path_style_without_checksums_of_boto3s_own(
    told: Told,
) -> None:
    make = client_maker(region="us-east-1", endpoint_url=told.url, addressing="path")
    make(PATIENCE).put_object(Bucket="uploads", Key="a/b", Body=b"x")
    ((method, path, headers),) = told.seen
    assert (method, path) == ("PUT", "/uploads/a/b")
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
    added = {"x-amz-sdk-checksum-algorithm", "x-amz-trailer", "content-encoding"}
    assert not [name for name in headers if "checksum" in name or name in added]


@pytest.mark.parametrize("status", [500, 503])
def test_a_failing_s3_is_asked_twice_and_no_more(told: Told, status: int) -> None:
    told.status = status
    make = client_maker(region="us-east-1", endpoint_url=told.url, addressing="path")
    s3 = make(PATIENCE)
    with pytest.raises(s3.exceptions.ClientError):
        s3.list_buckets()
    assert len(told.seen) == 2


@pytest.mark.anyio
async def test_storage_sends_nothing_before_the_first_call_and_its_clients_share_a_breaker(
    told: Told,
) -> None:
    told.status = 500
    settings = S3Settings(provider="generic", endpoint_url=told.url)
    storage = open_storage(settings, time.monotonic)
    assert told.seen == []
    for _ in range(5):
        with pytest.raises(S3Unavailable):
            await storage.client.run(lambda s3: s3.list_buckets())
    seen = len(told.seen)
    with pytest.raises(S3Unavailable):
        await storage.patient.run(lambda s3: s3.list_buckets())
    assert len(told.seen) == seen
    storage.close()


@pytest.mark.anyio
async def test_readiness_asks_for_any_answer_at_all(told: Told) -> None:
    storage = open_storage(S3Settings(provider="generic", endpoint_url=told.url), time.monotonic)
    for told.status in (200, 403, 404):
        await check_answers(storage.client, "uploads")
    told.status = 503
    with pytest.raises(S3Unavailable):
        await check_answers(storage.client, "uploads")
    storage.close()


@pytest.mark.anyio
async def test_buckets_are_listed_by_name(told: Told) -> None:
    storage = open_storage(S3Settings(provider="generic", endpoint_url=told.url), time.monotonic)
    told.body = (
        b"<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket>"
        b"<Bucket><Name>b</Name></Bucket></Buckets></ListAllMyBucketsResult>"
    )
    assert await list_names(storage.client) == ("a", "b")
    storage.close()


def test_the_quick_client_answers_within_five_seconds_and_the_patient_one_has_minutes() -> None:
    assert QUICK.deadline == timedelta(seconds=5)
    assert PATIENT.deadline >= timedelta(minutes=1)
    for patience in (QUICK, PATIENT):
        assert patience.connect_timeout + patience.read_timeout <= patience.deadline + timedelta(
            seconds=1
        )
