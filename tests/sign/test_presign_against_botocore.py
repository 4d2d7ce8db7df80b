"""botocore's own signer as second implementation."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode, urlsplit

import boto3
import botocore.auth
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from broker.sign.presign import Addressing, Endpoint, Presigner
from broker.sign.sigv4 import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from broker.sign.presign import Method

SECONDS = timedelta(seconds=1)
AT = datetime(2026, 11, 5, 12, 0, 1, tzinfo=UTC)
# Characters that signers have tripped over stand beside all others.
TRICKY = st.sampled_from(" +%~*'()!$&=;:@,/\\\"<>[]{}|^`?#éß漢🦊")
TEXT = st.text(TRICKY | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
VISIBLE = st.text(string.digits + string.ascii_letters + string.punctuation + " ")
METHODS: st.SearchStrategy[Method] = st.sampled_from(["GET", "HEAD", "PUT", "DELETE", "POST"])
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "If-None-Match", "X-Amz-Meta-A", "x-amz-meta-a-b", "Zz"])
    | st.text(string.ascii_lowercase, min_size=4).map(lambda name: f"x-amz-meta-{name}"),
    VISIBLE,
)
QUERIES = st.dictionaries(
    st.sampled_from(["versionId", "response-content-disposition", "tagging", "A", "a-b", "a"]),
    TEXT,
)
ENDPOINTS = st.builds(
    Endpoint.parse,
    st.sampled_from(["https://s3.example.com", "http://localhost:4571", "https://x.test/base/s3"]),
    st.sampled_from(["us-east-1", "eu-central-1", "auto", "garage"]),
    st.sampled_from(Addressing),
)
CREDENTIALS = st.builds(
    Credentials,
    st.text(string.ascii_uppercase, min_size=16, max_size=20),
    VISIBLE.filter(bool),
    st.none() | VISIBLE.filter(bool),
)
TIMES = st.datetimes(
    datetime(2013, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    datetime(2099, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)


def botocore_url(
    *,
    credentials: Credentials,
    region: str,
    method: str,
    url: str,
    headers: Mapping[str, str],
    at: datetime,
    seconds: int,
) -> str:
    request = AWSRequest(method, url, dict(headers))
    keys = ReadOnlyCredentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )
    with patch.object(botocore.auth, "get_current_datetime", return_value=at):
        S3SigV4QueryAuth(keys, "s3", region, seconds).add_auth(request)
    return str(request.url)


def parts_of(url: str) -> tuple[str, str, str, list[tuple[str, str]]]:
    """All of a URL, its parameters in one order: botocore puts S3's own first."""
    scheme, host, path, query, _ = urlsplit(url)
    return scheme, host, path, sorted(parse_qsl(query, keep_blank_values=True))


@given(
    credentials=CREDENTIALS,
    endpoint=ENDPOINTS,
    method=METHODS,
    bucket=st.sampled_from(["uploads", "my.bucket"]),
    key=TEXT,
    headers=HEADERS,
    query=QUERIES,
    at=TIMES,
    seconds=st.integers(1, 604_800),
)
def test_a_url_is_botocores(
    *,
    credentials: Credentials,
    endpoint: Endpoint,
    method: Method,
    bucket: str,
    key: str,
    headers: dict[str, str],
    query: dict[str, str],
    at: datetime,
    seconds: int,
) -> None:
    url = Presigner(credentials, endpoint).presign(
        method, bucket, key, at=at, expires_in=seconds * SECONDS, headers=headers, query=query
    )
    bare = f"{url.partition('?')[0]}?{urlencode(query)}"
    expected = botocore_url(
        credentials=credentials,
        region=endpoint.region,
        method=method,
        url=bare,
        headers=headers,
        at=at,
        seconds=seconds,
    )
    assert parts_of(url) == parts_of(expected)


@pytest.mark.parametrize("addressing", ["path", "virtual"])
@pytest.mark.parametrize("bucket", ["uploads", "my.bucket"])
@pytest.mark.parametrize(
    ("operation", "method", "parameters", "headers", "query"),
    [
        ("get_object", "GET", {"VersionId": "3/L4+"}, {}, {"versionId": "3/L4+"}),
        (
            "get_object",
            "GET",
            {"ResponseContentDisposition": 'attachment; filename="a b.txt"'},
            {},
            {"response-content-disposition": 'attachment; filename="a b.txt"'},
        ),
        ("head_object", "HEAD", {}, {}, {}),
        ("delete_object", "DELETE", {}, {}, {}),
        (
            "put_object",
            "PUT",
            {
                "ContentLength": 17,
                "ContentType": "image/jpeg",
                "IfNoneMatch": "*",
                "Metadata": {"broker-upload": "mark"},
            },
            {
                "content-length": "17",
                "content-type": "image/jpeg",
                "if-none-match": "*",
                "x-amz-meta-broker-upload": "mark",
            },
            {},
        ),
        (
            "upload_part",
            "PUT",
            {"PartNumber": 10_000, "UploadId": "a/b+c", "ContentLength": 8_388_608},
            {"content-length": "8388608"},
            {"partNumber": "10000", "uploadId": "a/b+c"},
        ),
    ],
)
def test_a_url_is_the_one_boto3_gives_its_users(
    *,
    addressing: Literal["path", "virtual"],
    bucket: str,
    operation: str,
    method: Method,
    parameters: dict[str, object],
    headers: dict[str, str],
    query: dict[str, str],
) -> None:
    credentials = Credentials("AKIA", "secret", "token/+=")
    client = boto3.client(
        "s3",
        region_name="eu-central-1",
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        config=Config(signature_version="s3v4", s3={"addressing_style": addressing}),
    )
    presigner = Presigner(credentials, Endpoint.aws("eu-central-1", Addressing(addressing)))
    key = "users/alice/a b+c%2f~é.txt"
    url = presigner.presign(
        method, bucket, key, at=AT, expires_in=300 * SECONDS, headers=headers, query=query
    )
    with patch.object(botocore.auth, "get_current_datetime", return_value=AT):
        expected = client.generate_presigned_url(
            operation, Params={"Bucket": bucket, "Key": key, **parameters}, ExpiresIn=300
        )
    assert parts_of(url) == parts_of(expected)
