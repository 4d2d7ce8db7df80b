"""Presigned URLs on an S3 that verifies them: what was signed passes, all else is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import httpx
import pytest

from broker.sign.presign import Addressing, Endpoint, Presigner
from broker.sign.sigv4 import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broker.dev.embedded import EmbeddedS3
    from broker.sign.presign import Method

BUCKET = "presign-on-s3"
KEY = "users/alice/a b+c%2f~é'(1)*.txt"
BODY = b"what was signed"
HOUR = timedelta(hours=1)
PUT_HEADERS = {
    "content-length": str(len(BODY)),
    "content-type": "text/plain",
    "x-amz-meta-broker-upload": "mark",
}


@pytest.fixture(scope="module")
def presigner(s3_server: EmbeddedS3) -> Presigner:
    credentials = Credentials(s3_server.access_key_id, s3_server.secret_access_key)
    return Presigner(credentials, Endpoint.parse(s3_server.url, s3_server.region, Addressing.PATH))


@pytest.fixture(scope="module")
def http(presigner: Presigner) -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        url = presigner.presign("PUT", BUCKET, "", at=now(), expires_in=HOUR)
        client.put(url).raise_for_status()
        yield client


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def put_url(presigner: Presigner) -> str:
    return presigner.presign("PUT", BUCKET, KEY, at=now(), expires_in=HOUR, headers=PUT_HEADERS)


@pytest.fixture
def stored(http: httpx.Client, put_url: str) -> str:
    """The key of an object that lies there."""
    http.put(put_url, content=BODY, headers=PUT_HEADERS).raise_for_status()
    return KEY


def test_an_object_is_put_read_looked_at_and_deleted(
    http: httpx.Client, presigner: Presigner, stored: str
) -> None:
    def send(method: Method) -> httpx.Response:
        url = presigner.presign(method, BUCKET, stored, at=now(), expires_in=HOUR)
        return http.request(method, url)

    assert send("GET").content == BODY
    head = send("HEAD")
    assert head.headers["content-type"] == "text/plain"
    assert head.headers["x-amz-meta-broker-upload"] == "mark"
    assert send("DELETE").status_code == httpx.codes.NO_CONTENT
    assert send("GET").status_code == httpx.codes.NOT_FOUND


def test_a_signed_disposition_comes_back(
    http: httpx.Client, presigner: Presigner, stored: str
) -> None:
    disposition = "attachment; filename=\"a b.txt\"; filename*=UTF-8''%C3%A9%2B.txt"
    query = {"response-content-disposition": disposition}
    url = presigner.presign("GET", BUCKET, stored, at=now(), expires_in=HOUR, query=query)
    assert http.get(url).headers["content-disposition"] == disposition


def test_parts_are_uploaded_each_under_its_own_url(
    http: httpx.Client, presigner: Presigner
) -> None:
    begin = presigner.presign("POST", BUCKET, KEY, at=now(), expires_in=HOUR, query={"uploads": ""})
    # The answer comes from a child process of our own.
    upload_id = ET.fromstring(http.post(begin).text).findtext("{*}UploadId") or ""
    bodies = [b"a" * 1000, b"b" * 1000, b"c" * 17]
    headers = [{"content-length": str(len(body))} for body in bodies]
    urls = presigner.presign_parts(
        BUCKET,
        KEY,
        upload_id=upload_id,
        parts=enumerate(headers, start=1),
        at=now(),
        expires_in=HOUR,
    )
    answers = [http.put(url, content=body) for url, body in zip(urls, bodies, strict=True)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    listing = presigner.presign(
        "GET", BUCKET, KEY, at=now(), expires_in=HOUR, query={"uploadId": upload_id}
    )
    sizes = ET.fromstring(http.get(listing).text).findall("{*}Part/{*}Size")
    assert [size.text for size in sizes] == ["1000", "1000", "17"]


def test_a_part_of_another_length_is_refused(http: httpx.Client, presigner: Presigner) -> None:
    (url,) = presigner.presign_parts(
        BUCKET,
        KEY,
        upload_id="any",
        parts=[(1, {"content-length": "17"})],
        at=now(),
        expires_in=HOUR,
    )
    assert http.put(url, content=b"x" * 18).status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize("body", [BODY + b"!", BODY[:-1], b""])
def test_a_body_of_another_length_is_refused(http: httpx.Client, put_url: str, body: bytes) -> None:
    headers = {**PUT_HEADERS, "content-length": str(len(body))}
    answer = http.put(put_url, content=body, headers=headers)
    assert answer.status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize("name", ["content-type", "x-amz-meta-broker-upload"])
@pytest.mark.parametrize("value", ["text/html", None])
def test_another_or_no_value_of_a_signed_header_is_refused(
    http: httpx.Client, put_url: str, name: str, value: str | None
) -> None:
    headers = {key: PUT_HEADERS[key] for key in PUT_HEADERS if key != name}
    if value is not None:
        headers[name] = value
    answer = http.put(put_url, content=BODY, headers=headers)
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_a_tampered_signature_is_refused(http: httpx.Client, put_url: str) -> None:
    tampered = put_url[:-1] + ("0" if put_url[-1] != "0" else "1")
    answer = http.put(tampered, content=BODY, headers=PUT_HEADERS)
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_another_key_under_the_same_signature_is_refused(http: httpx.Client, put_url: str) -> None:
    answer = http.put(put_url.replace("alice", "bob"), content=BODY, headers=PUT_HEADERS)
    assert answer.status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_put_url_does_nothing_else(
    http: httpx.Client, put_url: str, stored: str, method: str
) -> None:
    answer = http.request(method, put_url, content=BODY, headers=PUT_HEADERS)
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_an_expired_url_is_refused_and_one_a_minute_younger_is_not(
    http: httpx.Client, presigner: Presigner, stored: str
) -> None:
    def status(age: timedelta) -> int:
        url = presigner.presign("GET", BUCKET, stored, at=now() - age, expires_in=HOUR)
        return http.get(url).status_code

    assert status(HOUR + timedelta(seconds=1)) == httpx.codes.FORBIDDEN
    assert status(HOUR - timedelta(minutes=1)) == httpx.codes.OK


def test_longer_life_cannot_be_claimed_afterwards(
    http: httpx.Client, presigner: Presigner, stored: str
) -> None:
    url = presigner.presign("GET", BUCKET, stored, at=now(), expires_in=HOUR)
    longer = url.replace("X-Amz-Expires=3600", "X-Amz-Expires=604800")
    assert http.get(longer).status_code == httpx.codes.FORBIDDEN


def test_the_day_before_its_key_still_signs(
    http: httpx.Client, presigner: Presigner, stored: str
) -> None:
    """A long-lived presigner signs for yesterday, then for today again."""
    day = timedelta(days=1)
    for at in (now(), now() - day, now()):
        url = presigner.presign("GET", BUCKET, stored, at=at, expires_in=2 * day)
        assert http.get(url).status_code == httpx.codes.OK
