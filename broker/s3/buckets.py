"""Buckets in S3: which there are, and their CORS rules.

IAM: s3:GetBucketCORS, s3:PutBucketCORS (also for deleting), s3:DeleteObject,
s3:DeleteObjectVersion (probe objects), and those named below.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from broker.errors import NotFound, S3Refused
from broker.policy.cors import CorsRule
from broker.s3.errors import s3_code_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_s3.type_defs import (
        CORSRuleOutputTypeDef,
        CORSRuleTypeDef,
        DeleteObjectRequestTypeDef,
    )

    from broker.s3.client import S3Client


async def get_cors(client: S3Client, bucket: str) -> tuple[CorsRule, ...]:
    """Return the bucket's rules in their order; a bucket without any has none.

    Raises NotFound, NotSupported.
    """
    try:
        answer = await client.run(lambda s3: s3.get_bucket_cors(Bucket=bucket))
    except S3Refused as error:
        if s3_code_of(error) == "NoSuchCORSConfiguration":
            return ()
        raise
    return tuple(_rule(entry) for entry in answer.get("CORSRules", ()))


async def put_cors(client: S3Client, bucket: str, rules: Sequence[CorsRule]) -> None:
    """Replace all rules of the bucket; S3 wants at least one. Raises NotFound, NotSupported."""
    entries = [_entry(rule) for rule in rules]
    await client.run(
        lambda s3: s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": entries})
    )


async def delete_cors(client: S3Client, bucket: str) -> None:
    await client.run(lambda s3: s3.delete_bucket_cors(Bucket=bucket))


async def delete_probe(client: S3Client, bucket: str, key: str, version_id: str | None) -> None:
    """Remove a probe object; with its version, else a versioned bucket would keep it."""
    probe: DeleteObjectRequestTypeDef = {"Bucket": bucket, "Key": key}
    if version_id is not None:
        probe["VersionId"] = version_id
    await client.run(lambda s3: s3.delete_object(**probe))


def _rule(entry: CORSRuleOutputTypeDef) -> CorsRule:
    seconds = entry.get("MaxAgeSeconds")
    return CorsRule(
        id=entry.get("ID", ""),
        origins=tuple(entry["AllowedOrigins"]),
        methods=tuple(entry["AllowedMethods"]),
        headers=tuple(entry.get("AllowedHeaders", ())),
        expose_headers=tuple(entry.get("ExposeHeaders", ())),
        max_age=None if seconds is None else timedelta(seconds=seconds),
    )


def _entry(rule: CorsRule) -> CORSRuleTypeDef:
    entry: CORSRuleTypeDef = {
        "AllowedOrigins": rule.origins,
        "AllowedMethods": rule.methods,
        "AllowedHeaders": rule.headers,
        "ExposeHeaders": rule.expose_headers,
    }
    if rule.id:
        entry["ID"] = rule.id
    if rule.max_age is not None:
        entry["MaxAgeSeconds"] = int(rule.max_age.total_seconds())
    return entry


async def list_names(client: S3Client) -> tuple[str, ...]:
    """Return the buckets that the broker's credentials can see. IAM: s3:ListAllMyBuckets."""
    answer = await client.run(lambda s3: s3.list_buckets())
    return tuple(bucket["Name"] for bucket in answer.get("Buckets", ()))


async def check_answers(client: S3Client, bucket: str) -> None:
    """Raise S3Unavailable unless S3 answers, whatever it says of the bucket. IAM: s3:ListBucket."""
    with suppress(NotFound, S3Refused):
        await client.run(lambda s3: s3.head_bucket(Bucket=bucket))
