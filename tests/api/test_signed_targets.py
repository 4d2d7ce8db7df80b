"""What the broker signs binds: S3 refuses every other request, and nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Uploading
    from tests.conftest import Bucket, Json, People

pytestmark = pytest.mark.anyio

KEY = "users/alice/a.txt"
MIB = 1024 * 1024
PART = 8 * MIB
MARK = "x-amz-meta-broker-upload"


@pytest.fixture
async def upload(people: People, uploading: Uploading) -> Json:
    return await uploading.create(people.alice, KEY, 5, if_exists="fail")


@pytest.fixture
async def parts(people: People, uploading: Uploading) -> list[Json]:
    """Of 8 MiB and of one byte."""
    upload = await uploading.create(people.alice, KEY, PART + 1, strategy="multipart")
    signed: list[Json] = upload["target"]["parts"]
    return signed


@pytest.mark.parametrize("body", [b"hell", b"hello!", b""])
async def test_a_put_of_another_length_is_refused(
    uploading: Uploading, bucket: Bucket, upload: Json, body: bytes
) -> None:
    assert uploading.put(upload, body) == 403
    assert bucket.contents() == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("content-type", "text/html"),
        ("content-type", "text/plain; charset=utf-8"),
        ("content-type", None),
        ("if-none-match", None),
        (MARK, "another"),
        (MARK, None),
    ],
)
async def test_a_put_with_other_headers_is_refused(
    bucket: Bucket, upload: Json, name: str, value: str | None
) -> None:
    target = upload["target"]
    headers = {header: text for header, text in target["headers"].items() if header != name}
    if value is not None:
        headers[name] = value
    assert bucket.send(target["url"], b"hello", headers) == 403
    assert bucket.contents() == set()


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST"])
async def test_a_put_url_does_nothing_else(
    uploading: Uploading, bucket: Bucket, upload: Json, method: str
) -> None:
    assert uploading.put(upload, b"hello") == 200
    target = upload["target"]
    answer = bucket.http.request(method, target["url"], content=b"hello", headers=target["headers"])
    assert answer.status_code == 403
    assert bucket.read(KEY) == b"hello"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("users/alice", "users/bob"),
        ("a.txt", "b.txt"),
        ("X-Amz-Expires=300", "X-Amz-Expires=301"),
        ("content-length%3B", ""),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
    ],
)
async def test_a_tampered_put_url_is_refused(
    bucket: Bucket, upload: Json, old: str, new: str
) -> None:
    target = upload["target"]
    url = target["url"].replace(old, new)
    assert url != target["url"]
    assert bucket.send(url, b"hello", target["headers"]) == 403
    assert bucket.contents() == set()


@pytest.mark.parametrize("body", [b"", b"bb"])
async def test_a_part_of_another_length_is_refused(
    bucket: Bucket, parts: list[Json], body: bytes
) -> None:
    assert bucket.send(parts[1]["url"], body) == 403
    assert parts_in(bucket) == []


@pytest.mark.parametrize("length", [PART - 1, PART + 1])
async def test_a_whole_part_of_another_length_is_refused(
    bucket: Bucket, parts: list[Json], length: int
) -> None:
    assert bucket.send(parts[0]["url"], b"a" * length) == 403
    assert parts_in(bucket) == []


@pytest.mark.parametrize("number", [1, 3, 10_000])
async def test_a_part_url_is_for_its_own_number(
    bucket: Bucket, parts: list[Json], number: int
) -> None:
    url = parts[1]["url"].replace("partNumber=2", f"partNumber={number}")
    assert url != parts[1]["url"]
    assert bucket.send(url, b"b") == 403
    assert parts_in(bucket) == []


async def test_a_part_url_is_for_its_own_upload(
    people: People, uploading: Uploading, bucket: Bucket, parts: list[Json]
) -> None:
    other = await uploading.create(people.alice, "users/alice/b", PART + 1, strategy="multipart")
    mine, theirs = (
        parse_qs(urlsplit(url).query)["uploadId"][0]
        for url in (parts[1]["url"], other["target"]["parts"][1]["url"])
    )
    assert bucket.send(parts[1]["url"].replace(mine, theirs), b"b") == 403
    assert parts_in(bucket) == []


async def test_every_url_names_the_endpoint_and_binds_the_length(
    bucket: Bucket, upload: Json, parts: list[Json]
) -> None:
    endpoint = urlsplit(bucket.s3.meta.endpoint_url)
    for url in (upload["target"]["url"], *(part["url"] for part in parts)):
        address = urlsplit(url)
        assert (address.scheme, address.netloc) == (endpoint.scheme, endpoint.netloc)
        assert address.path == f"/{bucket.name}/{KEY}"
        (signed,) = parse_qs(address.query)["X-Amz-SignedHeaders"]
        assert "content-length" in signed.split(";")
        assert "AWSAccessKeyId" not in url


def parts_in(bucket: Bucket) -> list[int]:
    (upload_id,) = bucket.open_uploads()[:1]
    page = bucket.s3.list_parts(Bucket=bucket.name, Key=KEY, UploadId=upload_id)
    return [part["PartNumber"] for part in page.get("Parts", ())]
