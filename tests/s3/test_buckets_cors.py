"""A bucket's CORS rules, written to and read from a real S3."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

from broker.errors import NotFound
from broker.policy.cors import CorsRule
from broker.s3.breaker import Breaker
from broker.s3.buckets import delete_cors, get_cors, put_cors
from broker.s3.client import QUICK, S3Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broker.dev.embedded import EmbeddedS3

pytestmark = pytest.mark.anyio

FULL = CorsRule(
    "presign-broker",
    ("https://app.example", "http://localhost:8000"),
    ("GET", "PUT"),
    ("content-type", "x-amz-meta-broker-upload"),
    ("ETag",),
    timedelta(hours=1),
)
BARE = CorsRule("", ("*",), ("GET",))


@pytest.fixture
def client(s3_server: EmbeddedS3) -> Iterator[S3Client]:
    boto = boto3.client(
        "s3",
        endpoint_url=s3_server.url,
        region_name=s3_server.region,
        aws_access_key_id=s3_server.access_key_id,
        aws_secret_access_key=s3_server.secret_access_key,
    )
    breaker = Breaker(threshold=5, pause=timedelta(seconds=1), clock=lambda: 0.0)
    client = S3Client(lambda _patience: boto, patience=QUICK, breaker=breaker)
    yield client
    client.close()


@pytest.fixture
async def bucket(client: S3Client) -> str:
    name = f"cors-{uuid4().hex}"
    await client.run(lambda s3: s3.create_bucket(Bucket=name))
    return name


async def test_a_bucket_without_rules_has_none(client: S3Client, bucket: str) -> None:
    assert await get_cors(client, bucket) == ()


async def test_what_is_put_is_read_back(client: S3Client, bucket: str) -> None:
    await put_cors(client, bucket, [FULL, BARE])
    assert await get_cors(client, bucket) == (FULL, BARE)


async def test_deleted_rules_are_gone(client: S3Client, bucket: str) -> None:
    await put_cors(client, bucket, [FULL])
    await delete_cors(client, bucket)
    assert await get_cors(client, bucket) == ()


async def test_a_missing_bucket_is_not_found(client: S3Client) -> None:
    with pytest.raises(NotFound):
        await get_cors(client, f"cors-{uuid4().hex}")
    with pytest.raises(NotFound):
        await put_cors(client, f"cors-{uuid4().hex}", [FULL])
