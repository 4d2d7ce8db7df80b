"""Objects: what the broker says of them is what S3 holds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber

from broker.errors import NotFound, S3Refused
from broker.s3.breaker import Breaker
from broker.s3.client import S3Client
from broker.s3.objects import MAX_SMALL_OBJECT, Listing, Objects
from tests.s3.conftest import BUCKET, PATIENCE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client as Boto3Client

pytestmark = pytest.mark.anyio


@pytest.fixture
def objects(to_moto: S3Client) -> Objects:
    return Objects(to_moto)


async def test_a_head_tells_what_was_stored(objects: Objects, moto_s3: Boto3Client) -> None:
    body = b"seven b"
    moto_s3.put_object(
        Bucket=BUCKET,
        Key="a/é 1.txt",
        Body=body,
        ContentType="text/plain",
        CacheControl="no-cache",
        Metadata={"broker-upload": "m-1"},
    )
    head = await objects.head(BUCKET, "a/é 1.txt")
    assert (head.size, head.content_type, head.cache_control) == (7, "text/plain", "no-cache")
    assert head.etag == hashlib.md5(body).hexdigest()
    assert head.metadata == {"broker-upload": "m-1"}
    assert (head.version_id, head.storage_class) == (None, "STANDARD")
    assert head.last_modified.utcoffset() is not None


async def test_a_version_is_told_where_there_are_any(
    objects: Objects, moto_s3: Boto3Client
) -> None:
    moto_s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    put = moto_s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    assert (await objects.head(BUCKET, "a")).version_id == put["VersionId"]


async def test_what_is_not_there_is_not_found(objects: Objects) -> None:
    with pytest.raises(NotFound):
        await objects.head(BUCKET, "nothing")
    with pytest.raises(NotFound):
        await objects.get_small(BUCKET, "nothing")
    with pytest.raises(NotFound):
        await objects.head("no-such-bucket", "a")
    assert await objects.find(BUCKET, "nothing") is None


async def test_pages_follow_each_other_and_hold_every_object_once(
    objects: Objects, moto_s3: Boto3Client
) -> None:
    keys = sorted(f"p/{number}" for number in range(25))
    for key in keys:
        moto_s3.put_object(Bucket=BUCKET, Key=key, Body=b"xx")
    moto_s3.put_object(Bucket=BUCKET, Key="q", Body=b"")
    pages: list[Listing] = []
    more = None
    while not pages or more is not None:
        page = await objects.page(BUCKET, "p/", delimiter="", continuation=more, limit=10)
        pages.append(page)
        more = page.continuation
    assert [len(page.objects) for page in pages] == [10, 10, 5]
    assert [found.key for page in pages for found in page.objects] == keys
    first = pages[0].objects[0]
    assert (first.size, first.etag) == (2, hashlib.md5(b"xx").hexdigest())


async def test_a_delimiter_folds_what_lies_deeper(objects: Objects, moto_s3: Boto3Client) -> None:
    for key in ("p/a", "p/x/1", "p/x/2", "p/y/1"):
        moto_s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    page = await objects.page(BUCKET, "p/", delimiter="/", continuation=None, limit=1000)
    assert [found.key for found in page.objects] == ["p/a"]
    assert page.prefixes == ("p/x/", "p/y/")
    assert page.continuation is None


async def test_an_empty_prefix_is_an_empty_page(objects: Objects) -> None:
    page = await objects.page(BUCKET, "none/", delimiter="/", continuation=None, limit=10)
    assert (page.objects, page.prefixes, page.continuation) == ((), (), None)


async def test_deleting_is_done_once_or_twice_alike(objects: Objects, moto_s3: Boto3Client) -> None:
    moto_s3.put_object(Bucket=BUCKET, Key="a", Body=b"")
    await objects.delete(BUCKET, "a")
    await objects.delete(BUCKET, "a")
    assert "Contents" not in moto_s3.list_objects_v2(Bucket=BUCKET)


async def test_a_thousand_keys_go_in_one_call_and_each_is_answered(
    objects: Objects, moto_s3: Boto3Client
) -> None:
    moto_s3.put_object(Bucket=BUCKET, Key="k-0", Body=b"")
    moto_s3.put_object(Bucket=BUCKET, Key="kept", Body=b"")
    keys = [f"k-{number}" for number in range(1000)]
    assert await objects.delete_many(BUCKET, keys) == dict.fromkeys(keys)
    assert [row["Key"] for row in moto_s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["kept"]


async def test_a_key_that_xml_cannot_hold_is_deleted_beside_the_others(
    objects: Objects, moto_s3: Boto3Client
) -> None:
    keys = ["plain", "a\x01b", "line\x0b", "kept"]
    for key in keys:
        moto_s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    assert await objects.delete_many(BUCKET, keys[:3]) == dict.fromkeys(keys[:3])
    assert [row["Key"] for row in moto_s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["kept"]


async def test_an_odd_key_in_a_bucket_that_is_not_there_fails_alone(objects: Objects) -> None:
    (outcome,) = (await objects.delete_many("no-such-bucket", ["a\x01b"])).values()
    assert isinstance(outcome, NotFound)


async def test_a_key_that_s3_did_not_delete_has_its_error_in_the_brokers_words() -> None:
    boto = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    client = S3Client(lambda _: boto, patience=PATIENCE, breaker=Breaker(lambda: 0.0))
    with Stubber(boto) as stub:
        stub.add_response(
            "delete_objects",
            {"Errors": [{"Key": "b", "Code": "AccessDenied", "Message": "arn:aws:iam::1:user/x"}]},
        )
        results = await Objects(client).delete_many(BUCKET, ["a", "b", "c"])
    client.close()
    assert (results["a"], results["c"]) == (None, None)
    assert isinstance(results["b"], S3Refused)
    assert "arn:" not in results["b"].detail


async def test_a_small_object_comes_back_and_a_large_one_is_cut(
    objects: Objects, moto_s3: Boto3Client
) -> None:
    await objects.put_small(BUCKET, "small", b"sealed")
    assert await objects.get_small(BUCKET, "small") == b"sealed"
    moto_s3.put_object(Bucket=BUCKET, Key="large", Body=b"x" * (MAX_SMALL_OBJECT + 1))
    assert len(await objects.get_small(BUCKET, "large")) == MAX_SMALL_OBJECT
