"""Makes a bucket ready for the demo; `python -m broker.dev.bucket NAME` does it from a shell.

Its CORS rules are not set here: `broker cors apply` does that, at every start.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PUBLIC_PREFIX = "public/"
README_KEY = "public/README.txt"
README_TEXT = """\
Everything under public/ is there for every signed-in user to read.

Your own files lie under users/ and your name. You reach them by links that a broker signs and
that stop working after some minutes; the bytes go straight between you and S3.
"""


def prepare_bucket(client: S3Client, bucket: str) -> None:
    """Makes the bucket, and puts something to read under `public/`, each if missing.

    Needs s3:CreateBucket, s3:ListBucket, s3:PutObject.
    """
    if not _exists(client, bucket):
        client.create_bucket(Bucket=bucket)
    listing = client.list_objects_v2(Bucket=bucket, Prefix=PUBLIC_PREFIX, MaxKeys=1)
    if not listing["KeyCount"]:
        client.put_object(
            Bucket=bucket,
            Key=README_KEY,
            Body=README_TEXT.encode(),
            ContentType="text/plain; charset=utf-8",
        )


def _exists(client: S3Client, bucket: str) -> bool:
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":  # HEAD has no body, so no name of the fault
            return False
        raise
    return True


def main() -> None:
    """Region, endpoint and credentials come from the AWS_… variables that boto3 reads itself."""
    (bucket,) = sys.argv[1:]
    prepare_bucket(boto3.client("s3"), bucket)


if __name__ == "__main__":
    main()
