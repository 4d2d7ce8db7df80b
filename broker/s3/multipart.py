"""Multipart uploads in S3.

IAM: s3:PutObject (create, complete), s3:ListMultipartUploadParts, s3:AbortMultipartUpload.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from broker.errors import UploadGone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_s3.type_defs import (
        CompleteMultipartUploadRequestTypeDef,
        ListPartsOutputTypeDef,
        PartTypeDef,
    )

    from broker.s3.client import S3Client


@dataclass(frozen=True, slots=True)
class Part:
    """A part that S3 holds; `etag` is without quotes."""

    part_number: int
    size: int
    etag: str


class Multipart:
    """`patient` makes the call that S3 may take long over: completing."""

    def __init__(self, client: S3Client, patient: S3Client) -> None:
        self._client = client
        self._patient = patient

    async def create(
        self, bucket: str, key: str, *, content_type: str, metadata: Mapping[str, str]
    ) -> str:
        """Return the upload id."""
        return await self._client.run(
            lambda s3: s3.create_multipart_upload(
                Bucket=bucket, Key=key, ContentType=content_type, Metadata=metadata
            )["UploadId"]
        )

    async def list_parts(self, bucket: str, key: str, upload_id: str) -> tuple[Part, ...]:
        """Return every part that S3 holds, by number. Raises UploadGone."""
        parts: list[Part] = []
        marker: int | None = 0
        while marker is not None:
            found, marker = await self._page(bucket, key, upload_id, marker)
            parts += found
        return tuple(parts)

    async def _page(
        self, bucket: str, key: str, upload_id: str, marker: int
    ) -> tuple[list[Part], int | None]:
        """Return the parts after `marker`, and the marker of the next page, if there is one."""
        return await self._client.run(
            lambda s3: _parts(
                s3.list_parts(Bucket=bucket, Key=key, UploadId=upload_id, PartNumberMarker=marker)
            )
        )

    async def complete(
        self, bucket: str, key: str, upload_id: str, parts: Sequence[Part], *, write_once: bool
    ) -> None:
        """Join the parts. `write_once` lets S3 refuse when an object lies there already.

        Raises ObjectExists or UploadGone.
        """
        request: CompleteMultipartUploadRequestTypeDef = {
            "Bucket": bucket,
            "Key": key,
            "UploadId": upload_id,
            "MultipartUpload": {
                "Parts": [
                    {"PartNumber": part.part_number, "ETag": f'"{part.etag}"'} for part in parts
                ]
            },
        }
        if write_once:
            request["IfNoneMatch"] = "*"
        await self._patient.run(lambda s3: s3.complete_multipart_upload(**request))

    async def abort(self, bucket: str, key: str, upload_id: str) -> None:
        """Drop the upload with its parts; one that is gone already is no fault."""
        try:
            await self._client.run(
                lambda s3: s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
            )
        except UploadGone:
            return


def _parts(page: ListPartsOutputTypeDef) -> tuple[list[Part], int | None]:
    marker = int(page["NextPartNumberMarker"]) if page["IsTruncated"] else None
    return [_part(row) for row in page.get("Parts", ())], marker


def _part(row: PartTypeDef) -> Part:
    return Part(row["PartNumber"], row["Size"], row["ETag"].strip('"'))
