"""How long a signature takes, beside others who make one and beside its bare hashing.

All sign with SigV4 for the same bucket, key and key pair, in this process; none talks to S3.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import boto3
import obstore
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from minio import Minio
from obstore.store import S3Store

from bench.report import Competitor, Row, interleave
from broker.sign import sigv4
from broker.sign.presign import Addressing, Endpoint, Presigner

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
REGION, BUCKET, KEY = "eu-central-1", "uploads", "users/alice/holiday-photo.jpg"
UPLOAD_ID = "VXBsb2FkIElEIGZvciA2aWWpbmcncyBteS1tb3ZpZS5tMnRzIHVwbG9hZA"
EXPIRES_IN = timedelta(minutes=5)
SECONDS = int(EXPIRES_IN.total_seconds())
PUT_HEADERS = {"content-length": "123456", "content-type": "image/jpeg"}
PART_SIZE = 8_388_608
PART_HEADERS = {"content-length": str(PART_SIZE)}
ENDPOINT = Endpoint.aws(REGION, Addressing.VIRTUAL)
ROUNDS = 15


def rows() -> list[Row]:
    return [*_url_rows(), *_part_rows(1_000), *_part_rows(10_000)]


def _url_rows() -> list[Row]:
    presigner = _presigner()
    contest = interleave(
        {
            "get": Competitor(partial(_presign, presigner, "GET", {}), runs=1_000),
            "put": Competitor(partial(_presign, presigner, "PUT", PUT_HEADERS), runs=1_000),
            "obstore": Competitor(partial(_presign_by_obstore, _obstore_store()), runs=1_000),
            "minio": Competitor(partial(_presign_by_minio, _minio_client()), runs=200),
            "botocore": Competitor(partial(_sign_by_botocore, _botocore_keys()), runs=200),
            "boto3 get": Competitor(partial(_presign_by_boto3, _boto3_client()), runs=100),
            "boto3 put": Competitor(partial(_presign_put_by_boto3, _boto3_client()), runs=100),
        },
        ROUNDS,
    )
    took, ratio = contest.microseconds, contest.ratio
    return [
        Row("GET URL", took("get")),
        Row.at_least("boto3, GET URL", took("boto3 get"), ratio("boto3 get", "get"), 20),
        Row.at_least("obstore (Rust), GET URL", took("obstore"), ratio("obstore", "get"), 1),
        Row("minio-py, GET URL", took("minio"), ratio("minio", "get")),
        Row("botocore's signer alone, GET URL", took("botocore"), ratio("botocore", "get")),
        Row("PUT URL, length and type signed", took("put")),
        Row.at_least("boto3, PUT URL", took("boto3 put"), ratio("boto3 put", "put"), 20),
    ]


def _part_rows(count: int) -> list[Row]:
    parts = [(number, PART_HEADERS) for number in range(1, count + 1)]
    contest = interleave(
        {
            "ours": Competitor(partial(_presign_parts, _presigner(), parts), pieces=count),
            "bare": Competitor(partial(_bare, *_hashed_texts(), count), pieces=count),
            "boto3": Competitor(partial(_presign_part_by_boto3, _boto3_client()), runs=100),
        },
        ROUNDS,
    )
    took, ratio = contest.microseconds, contest.ratio
    batch = f"part URL of {count:,}"
    return [
        Row.at_most(f"{batch}, to bare hashing", took("ours"), ratio("ours", "bare"), 1.6),
        Row("bare SHA-256 and HMAC of that length", took("bare")),
        Row.at_least(f"boto3, {batch}", took("boto3"), ratio("boto3", "ours"), 80),
    ]


def _presigner() -> Presigner:
    return Presigner(sigv4.Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), ENDPOINT)


def _presign(presigner: Presigner, method: Literal["GET", "PUT"], headers: dict[str, str]) -> str:
    at = datetime.now(UTC)
    return presigner.presign(method, BUCKET, KEY, at=at, expires_in=EXPIRES_IN, headers=headers)


def _presign_parts(presigner: Presigner, parts: list[tuple[int, dict[str, str]]]) -> list[str]:
    at = datetime.now(UTC)
    return list(
        presigner.presign_parts(
            BUCKET, KEY, upload_id=UPLOAD_ID, parts=parts, at=at, expires_in=EXPIRES_IN
        )
    )


def _hashed_texts() -> tuple[bytes, bytes]:
    """Canonical request and string to sign of one part, as UTF-8."""
    url = urlsplit(_presign_parts(_presigner(), [(1_000, PART_HEADERS)])[0])
    query = url.query.partition("&X-Amz-Signature=")[0]
    headers = sigv4.canonical_headers(url.netloc, PART_HEADERS)
    request = sigv4.canonical_request("PUT", url.path, query, headers)
    scope = sigv4.credential_scope("20261105", REGION)
    text = sigv4.string_to_sign("20261105T120000Z", scope, sigv4.hashed(request))
    return request.encode(), text.encode()


def _bare(request: bytes, text: bytes, count: int) -> None:
    key = bytes(32)
    for _ in range(count):
        hashlib.sha256(request).hexdigest()
        hmac.digest(key, text, "sha256").hex()


def _boto3_client() -> S3Client:
    return boto3.client(
        "s3",
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )


def _presign_by_boto3(client: S3Client) -> str:
    params = {"Bucket": BUCKET, "Key": KEY}
    return client.generate_presigned_url("get_object", Params=params, ExpiresIn=SECONDS)


def _presign_put_by_boto3(client: S3Client) -> str:
    params = {"Bucket": BUCKET, "Key": KEY, "ContentLength": 123_456, "ContentType": "image/jpeg"}
    return client.generate_presigned_url("put_object", Params=params, ExpiresIn=SECONDS)


def _presign_part_by_boto3(client: S3Client) -> str:
    params = {
        "Bucket": BUCKET,
        "Key": KEY,
        "UploadId": UPLOAD_ID,
        "PartNumber": 1_000,
        "ContentLength": PART_SIZE,
    }
    return client.generate_presigned_url("upload_part", Params=params, ExpiresIn=SECONDS)


def _botocore_keys() -> ReadOnlyCredentials:
    return ReadOnlyCredentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None)


def _sign_by_botocore(keys: ReadOnlyCredentials) -> str:
    request = AWSRequest("GET", f"https://{BUCKET}.{ENDPOINT.host}/{KEY}")
    S3SigV4QueryAuth(keys, "s3", REGION, SECONDS).add_auth(request)
    return str(request.url)


def _minio_client() -> Minio:
    return Minio(
        ENDPOINT.host, access_key=ACCESS_KEY_ID, secret_key=SECRET_ACCESS_KEY, region=REGION
    )


def _presign_by_minio(client: Minio) -> str:
    return client.presigned_get_object(BUCKET, KEY, expires=EXPIRES_IN)


def _obstore_store() -> S3Store:
    return S3Store(
        BUCKET,
        region=REGION,
        access_key_id=ACCESS_KEY_ID,
        secret_access_key=SECRET_ACCESS_KEY,
        virtual_hosted_style_request=True,
    )


def _presign_by_obstore(store: S3Store) -> str:
    return obstore.sign(store, "GET", KEY, EXPIRES_IN)
