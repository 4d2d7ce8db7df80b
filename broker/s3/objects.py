"""Objects in S3: head, list, delete, and the small objects that the broker keeps for itself.

IAM: s3:GetObject (head, get), s3:ListBucket, s3:DeleteObject, s3:PutObject.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from broker.errors import BrokerError, NotFound, S3Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_s3.type_defs import (
        DeleteObjectsOutputTypeDef,
        HeadObjectOutputTypeDef,
        ListObjectsV2OutputTypeDef,
        ListObjectsV2RequestTypeDef,
        ObjectIdentifierTypeDef,
        ObjectTypeDef,
    )

    from broker.s3.client import S3Client

MAX_DELETE = 1000  # keys in one DeleteObjects call
MAX_SMALL_OBJECT = 64 * 1024  # bytes of an object that the broker reads whole
# https://www.w3.org/TR/xml/#charsets
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """`etag` is without quotes, `metadata` without its header prefix."""

    size: int
    content_type: str
    etag: str
    last_modified: datetime
    version_id: str | None
    cache_control: str | None
    storage_class: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ListedObject:
    key: str
    size: int
    etag: str
    last_modified: datetime
    storage_class: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One page; `continuation` is None on the last one."""

    objects: tuple[ListedObject, ...]
    prefixes: tuple[str, ...]
    continuation: str | None


class Objects:
    def __init__(self, client: S3Client) -> None:
        self._client = client

    async def head(self, bucket: str, key: str) -> ObjectHead:
        """Raises NotFound."""
        return await self._client.run(lambda s3: _head(s3.head_object(Bucket=bucket, Key=key)))

    async def find(self, bucket: str, key: str) -> ObjectHead | None:
        try:
            return await self.head(bucket, key)
        except NotFound:
            return None

    async def page(
        self, bucket: str, prefix: str, *, delimiter: str, continuation: str | None, limit: int
    ) -> Listing:
        """Return one page of at most `limit` entries."""
        request: ListObjectsV2RequestTypeDef = {
            "Bucket": bucket,
            "Prefix": prefix,
            "Delimiter": delimiter,
            "MaxKeys": limit,
        }
        if continuation is not None:
            request["ContinuationToken"] = continuation
        return await self._client.run(lambda s3: _listing(s3.list_objects_v2(**request)))

    async def delete(self, bucket: str, key: str) -> None:
        await self._client.run(lambda s3: s3.delete_object(Bucket=bucket, Key=key))

    async def delete_many(
        self, bucket: str, keys: Sequence[str]
    ) -> Mapping[str, BrokerError | None]:
        """Delete at most 1,000 keys; return each with its error, or None.

        One call for all that XML can hold; a single other key would spoil it for the rest.
        """
        plain = [key for key in keys if not _NOT_IN_XML.search(key)]
        odd = [key for key in keys if _NOT_IN_XML.search(key)]
        outcomes = await self._delete_plain(bucket, plain) if plain else {}
        alone = await asyncio.gather(*(self._delete_alone(bucket, key) for key in odd))
        return outcomes | dict(zip(odd, alone, strict=True))

    async def _delete_plain(
        self, bucket: str, keys: Sequence[str]
    ) -> dict[str, BrokerError | None]:
        identifiers: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in keys]
        answer = await self._client.run(
            lambda s3: s3.delete_objects(
                Bucket=bucket, Delete={"Objects": identifiers, "Quiet": True}
            )
        )
        return dict.fromkeys(keys) | _delete_errors(answer)

    async def _delete_alone(self, bucket: str, key: str) -> BrokerError | None:
        try:
            await self.delete(bucket, key)
        except BrokerError as error:
            return error
        return None

    async def put_small(self, bucket: str, key: str, body: bytes) -> None:
        await self._client.run(lambda s3: s3.put_object(Bucket=bucket, Key=key, Body=body))

    async def get_small(self, bucket: str, key: str) -> bytes:
        """Return at most MAX_SMALL_OBJECT bytes. Raises NotFound."""
        return await self._client.run(
            lambda s3: s3.get_object(Bucket=bucket, Key=key)["Body"].read(MAX_SMALL_OBJECT)
        )


def _head(answer: HeadObjectOutputTypeDef) -> ObjectHead:
    return ObjectHead(
        size=answer["ContentLength"],
        content_type=answer.get("ContentType", ""),
        etag=answer["ETag"].strip('"'),
        last_modified=answer["LastModified"],
        version_id=answer.get("VersionId"),
        cache_control=answer.get("CacheControl"),
        storage_class=answer.get("StorageClass", "STANDARD"),
        metadata=answer.get("Metadata", {}),
    )


def _listing(answer: ListObjectsV2OutputTypeDef) -> Listing:
    return Listing(
        objects=tuple(_listed(row) for row in answer.get("Contents", ())),
        prefixes=tuple(row["Prefix"] for row in answer.get("CommonPrefixes", ())),
        continuation=answer["NextContinuationToken"] if answer["IsTruncated"] else None,
    )


def _listed(row: ObjectTypeDef) -> ListedObject:
    return ListedObject(
        key=row["Key"],
        size=row["Size"],
        etag=row["ETag"].strip('"'),
        last_modified=row["LastModified"],
        storage_class=row.get("StorageClass", "STANDARD"),
    )


def _delete_errors(answer: DeleteObjectsOutputTypeDef) -> dict[str, BrokerError | None]:
    refused = S3Refused("S3 refused to delete this object.")
    return {row["Key"]: refused for row in answer.get("Errors", ())}
