"""Multipart uploads against moto: pages of parts, and what completing makes of them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from broker.errors import BrokerError, Conflict, ObjectExists, UploadGone
from broker.s3.multipart import Multipart, Part
from tests.s3.conftest import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client as Boto3Client

    from broker.s3.client import S3Client

pytestmark = pytest.mark.anyio
KEY = "users/alice/big.bin"


@pytest.fixture
def multipart(to_moto: S3Client) -> Multipart:
    return Multipart(to_moto, to_moto)


async def begun(multipart: Multipart, key: str = KEY) -> str:
    return await multipart.create(
        BUCKET, key, content_type="video/mp4", metadata={"broker-upload": "m-1"}
    )


def send(moto_s3: Boto3Client, upload_id: str, number: int, body: bytes, key: str = KEY) -> None:
    moto_s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload_id, PartNumber=number, Body=body)


async def test_parts_are_told_by_number_with_size_and_plain_etag(
    multipart: Multipart, moto_s3: Boto3Client
) -> None:
    upload_id = await begun(multipart)
    assert await multipart.list_parts(BUCKET, KEY, upload_id) == ()
    for number, body in ((3, b"ccc"), (1, b"a")):
        send(moto_s3, upload_id, number, body)
    assert await multipart.list_parts(BUCKET, KEY, upload_id) == (
        Part(1, 1, hashlib.md5(b"a").hexdigest()),
        Part(3, 3, hashlib.md5(b"ccc").hexdigest()),
    )


async def test_more_parts_than_a_page_holds_are_all_told_once(
    multipart: Multipart, moto_s3: Boto3Client
) -> None:
    upload_id = await begun(multipart)
    for number in range(1, 1002):
        send(moto_s3, upload_id, number, b"x")
    parts = await multipart.list_parts(BUCKET, KEY, upload_id)
    assert [part.part_number for part in parts] == list(range(1, 1002))


async def test_completing_joins_the_parts_with_type_and_mark(
    multipart: Multipart, moto_s3: Boto3Client
) -> None:
    upload_id = await begun(multipart)
    bodies = (b"one", b"two", b"three")
    for number, body in enumerate(bodies, start=1):
        send(moto_s3, upload_id, number, body)
    parts = await multipart.list_parts(BUCKET, KEY, upload_id)
    await multipart.complete(BUCKET, KEY, upload_id, parts, write_once=True)
    stored = moto_s3.get_object(Bucket=BUCKET, Key=KEY)
    assert stored["Body"].read() == b"onetwothree"
    assert (stored["ContentType"], stored["Metadata"]) == ("video/mp4", {"broker-upload": "m-1"})
    digests = b"".join(hashlib.md5(body).digest() for body in bodies)
    assert stored["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'


@pytest.mark.parametrize("write_once", [True, False])
async def test_write_once_refuses_to_replace_and_else_it_is_replaced(
    multipart: Multipart, moto_s3: Boto3Client, *, write_once: bool
) -> None:
    moto_s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"old")
    upload_id = await begun(multipart)
    send(moto_s3, upload_id, 1, b"new")
    parts = await multipart.list_parts(BUCKET, KEY, upload_id)
    if write_once:
        with pytest.raises(ObjectExists):
            await multipart.complete(BUCKET, KEY, upload_id, parts, write_once=True)
    else:
        await multipart.complete(BUCKET, KEY, upload_id, parts, write_once=False)
    body = moto_s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    assert body == (b"old" if write_once else b"new")


async def test_a_part_that_s3_does_not_hold_is_a_conflict(
    multipart: Multipart, moto_s3: Boto3Client
) -> None:
    upload_id = await begun(multipart)
    send(moto_s3, upload_id, 1, b"x")
    with pytest.raises(Conflict):
        await multipart.complete(BUCKET, KEY, upload_id, [Part(1, 1, "0" * 32)], write_once=False)


async def test_an_upload_that_s3_does_not_know_is_gone(multipart: Multipart) -> None:
    with pytest.raises(UploadGone):
        await multipart.list_parts(BUCKET, KEY, "never-begun")


async def test_aborting_drops_the_parts_and_may_be_repeated(
    multipart: Multipart, moto_s3: Boto3Client
) -> None:
    upload_id = await begun(multipart)
    send(moto_s3, upload_id, 1, b"x")
    await multipart.abort(BUCKET, KEY, upload_id)
    await multipart.abort(BUCKET, KEY, upload_id)
    assert "Uploads" not in moto_s3.list_multipart_uploads(Bucket=BUCKET)
    with pytest.raises(UploadGone):
        await multipart.list_parts(BUCKET, KEY, upload_id)


async def test_a_bucket_that_is_not_there_is_no_silent_success(multipart: Multipart) -> None:
    with pytest.raises(BrokerError):
        await multipart.create("no-such-bucket", KEY, content_type="a/b", metadata={})
