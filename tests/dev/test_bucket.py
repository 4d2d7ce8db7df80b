"""The demo bucket."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

from broker.dev.bucket import README_KEY, prepare_bucket

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from broker.dev.embedded import EmbeddedS3


@pytest.fixture
def client(s3_server: EmbeddedS3) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=s3_server.url,
        region_name=s3_server.region,
        aws_access_key_id=s3_server.access_key_id,
        aws_secret_access_key=s3_server.secret_access_key,
    )


def keys_in(client: S3Client, bucket: str) -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_a_missing_bucket_is_made_with_something_to_read(client: S3Client) -> None:
    prepare_bucket(client, "prepared")

    assert keys_in(client, "prepared") == ["public/README.txt"]


def test_a_second_start_changes_nothing(client: S3Client) -> None:
    prepare_bucket(client, "twice")
    client.put_object(Bucket="twice", Key=README_KEY, Body=b"my own words")

    prepare_bucket(client, "twice")

    assert client.get_object(Bucket="twice", Key=README_KEY)["Body"].read() == b"my own words"


def test_public_files_of_ones_own_are_left_alone(client: S3Client) -> None:
    client.create_bucket(Bucket="own")
    client.put_object(Bucket="own", Key="public/mine.txt", Body=b"mine")

    prepare_bucket(client, "own")

    assert keys_in(client, "own") == ["public/mine.txt"]


def test_a_bucket_that_may_not_be_seen_is_not_taken_for_missing(s3_server: EmbeddedS3) -> None:
    stranger = boto3.client(
        "s3",
        endpoint_url=s3_server.url,
        region_name=s3_server.region,
        aws_access_key_id="unknown-key",
        aws_secret_access_key="secret",
    )

    with pytest.raises(ClientError, match="403"):
        prepare_bucket(stranger, "somebodys")


def test_it_runs_from_a_shell_with_the_aws_variables(
    client: S3Client, s3_server: EmbeddedS3
) -> None:
    environ = {
        "AWS_ENDPOINT_URL_S3": s3_server.url,
        "AWS_DEFAULT_REGION": s3_server.region,
        "AWS_ACCESS_KEY_ID": s3_server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3_server.secret_access_key,
    }

    command = [sys.executable, "-m", "broker.dev.bucket", "from-a-shell"]
    subprocess.run(command, env=environ, check=True)

    assert keys_in(client, "from-a-shell") == ["public/README.txt"]
