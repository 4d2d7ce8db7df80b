"""S3's errors become the broker's, and nothing that S3 or a library said gets out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from broker.errors import (
    BrokerError,
    Conflict,
    NotFound,
    NotSupported,
    ObjectExists,
    S3Refused,
    S3Unavailable,
    UploadGone,
)
from broker.s3.errors import s3_code_of, translate

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client as Boto3Client

    from tests.s3.conftest import Told

SPOKEN = "The AWS Access Key Id AKIAIOSFODNN7EXAMPLE does not exist at ceph-7.internal"


def client_error(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": SPOKEN},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "HostId": "ceph-7.internal",
                "RequestId": "x",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        "PutObject",
    )


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("NoSuchBucket", 404, NotFound),
        ("NoSuchKey", 404, NotFound),
        ("NoSuchVersion", 404, NotFound),
        ("404", 404, NotFound),
        ("NoSuchUpload", 404, UploadGone),
        ("PreconditionFailed", 412, ObjectExists),
        ("412", 412, ObjectExists),
        ("ConditionalRequestConflict", 409, Conflict),
        ("InvalidPart", 400, Conflict),
        ("NotImplemented", 501, NotSupported),
        ("MethodNotAllowed", 405, NotSupported),
        ("AccessDenied", 403, S3Refused),
        ("403", 403, S3Refused),
        ("InvalidAccessKeyId", 403, S3Refused),
        ("SignatureDoesNotMatch", 403, S3Refused),
        ("RequestTimeTooSkewed", 403, S3Refused),
        ("ExpiredToken", 400, S3Refused),
        ("SomethingNew", 400, S3Refused),
        ("", 400, S3Refused),
        ("SlowDown", 503, S3Unavailable),
        ("InternalError", 500, S3Unavailable),
        ("ServiceUnavailable", 503, S3Unavailable),
        ("RequestTimeout", 400, S3Unavailable),
        ("InternalError", 200, S3Unavailable),  # in the body of a completion
        ("SomethingNew", 500, S3Unavailable),
        ("502", 502, S3Unavailable),
        ("SomethingNew", 499, S3Refused),
    ],
)
def test_each_code_has_its_error(code: str, status: int, expected: type[BrokerError]) -> None:
    assert type(translate(client_error(code, status))) is expected


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="http://ceph-7.internal"),
        ConnectTimeoutError(endpoint_url="http://ceph-7.internal"),
        ReadTimeoutError(endpoint_url="http://ceph-7.internal"),
    ],
)
def test_no_answer_at_all_is_unavailable_with_a_time_to_come_back(error: BotoCoreError) -> None:
    told = translate(error)
    assert isinstance(told, S3Unavailable)
    assert told.retry_after.total_seconds() > 0


def test_a_call_that_was_never_sent_says_nothing_of_s3() -> None:
    assert type(translate(NoCredentialsError())) is S3Refused


def test_s3s_code_is_found_behind_a_translated_error() -> None:
    with pytest.raises(S3Refused) as caught:
        raise translate(client_error("AccessDenied", 403)) from client_error("AccessDenied", 403)
    assert s3_code_of(caught.value) == "AccessDenied"
    assert s3_code_of(S3Refused("x")) == ""


# What S3 says in such cases, shortened.
ANSWERS = {
    "InvalidAccessKeyId": (403, "<AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId>"),
    "SignatureDoesNotMatch": (
        403,
        "<StringToSign>AWS4-HMAC-SHA256 AKIAIOSFODNN7EXAMPLE deadbeef</StringToSign>",
    ),
    "AccessDenied": (403, "<HostId>ceph-7.internal</HostId>"),
    "NoSuchBucket": (404, "<BucketName>uploads</BucketName>"),
    "NoSuchKey": (404, "<Key>users/alice/secret-plans.pdf</Key>"),
    "NoSuchUpload": (404, "<UploadId>2~abc</UploadId>"),
    "PreconditionFailed": (412, "<Condition>If-None-Match</Condition>"),
    "NotImplemented": (501, "<Header>x-amz-tagging</Header>"),
    "InternalError": (500, "<HostId>ceph-7.internal</HostId>"),
}
FOREIGN = (
    "AKIA",
    "ceph-7",
    "internal",
    "AWS4",
    "deadbeef",
    "secret-plans",
    "2~abc",
    "127.0.0.1",
    "http",
    "boto",
    "urllib3",
    "ClientError",
    "PutObject",
    "operation",
    "Traceback",
)


@pytest.fixture(scope="module")
def client_of() -> Callable[[str], Boto3Client]:
    def make(url: str) -> Boto3Client:
        return boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=url,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
        )

    return make


@pytest.mark.parametrize("code", ANSWERS)
def test_no_word_of_s3_or_of_a_library_leaves_with_the_error(
    told: Told, client_of: Callable[[str], Boto3Client], code: str
) -> None:
    told.status, extra = ANSWERS[code]
    told.body = (
        f"<Error><Code>{code}</Code><Message>{SPOKEN}</Message>{extra}"
        "<RequestId>tx0001</RequestId></Error>"
    ).encode()
    with pytest.raises(ClientError) as caught:
        client_of(told.url).put_object(Bucket="uploads", Key="k", Body=b"")
    error = translate(caught.value)
    assert caught.value.response["Error"]["Code"] == code
    for text in (error.detail, str(error), repr(error), *map(str, vars(error).values())):
        assert not [word for word in FOREIGN if word.lower() in text.lower()]


@pytest.mark.parametrize("body", [b"", b"<Error><Code>Acc", b"<html>oops</html>", b"\xff\x00"])
def test_an_answer_that_is_cut_or_no_xml_is_an_error_of_the_brokers(
    told: Told, client_of: Callable[[str], Boto3Client], body: bytes
) -> None:
    told.status, told.body = 502, body
    with pytest.raises((ClientError, BotoCoreError)) as caught:
        client_of(told.url).list_buckets()
    assert isinstance(caught.value, ClientError | BotoCoreError)
    assert isinstance(translate(caught.value), S3Unavailable)
