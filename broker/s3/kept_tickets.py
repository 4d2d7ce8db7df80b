"""Tickets of open multipart uploads, kept in the bucket itself: S3 is the only store.

Each lies under `.broker/uploads/OWNER/MARK`, so that its owner finds it from any device.
IAM: s3:PutObject, s3:GetObject, s3:DeleteObject, s3:ListBucket on that prefix.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from broker.errors import NotFound
from broker.policy.keys import RESERVED_PREFIX

if TYPE_CHECKING:
    from broker.policy.identity import Principal
    from broker.s3.objects import ListedObject, Objects

MAX_FOUND = 200  # tickets read in one go, the newest
_READERS = 16
_MAX_PAGES = 10  # of 1,000 tickets


class KeptTickets:
    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def keep(self, bucket: str, owner: Principal, mark: str, sealed: str) -> None:
        await self._objects.put_small(bucket, _folder(owner) + mark, sealed.encode())

    async def drop(self, bucket: str, owner: Principal, mark: str) -> None:
        await self._objects.delete(bucket, _folder(owner) + mark)

    async def find(self, bucket: str, owner: Principal) -> tuple[list[str], bool]:
        """Return the owner's sealed tickets, newest first, and whether these are all."""
        kept, complete = await self._list(bucket, _folder(owner))
        newest = sorted(kept, key=lambda found: found.last_modified, reverse=True)
        limit = asyncio.Semaphore(_READERS)
        texts = await asyncio.gather(
            *(self._read(bucket, found.key, limit) for found in newest[:MAX_FOUND])
        )
        return [text for text in texts if text is not None], complete and len(kept) <= MAX_FOUND

    async def _list(self, bucket: str, folder: str) -> tuple[list[ListedObject], bool]:
        """Return what lies in a folder, and whether that is all: after some pages it is enough."""
        kept: list[ListedObject] = []
        continuation: str | None = None
        for _ in range(_MAX_PAGES):
            page = await self._objects.page(
                bucket, folder, delimiter="", continuation=continuation, limit=1000
            )
            kept += page.objects
            continuation = page.continuation
            if continuation is None:
                break
        return kept, continuation is None

    async def _read(self, bucket: str, key: str, limit: asyncio.Semaphore) -> str | None:
        async with limit:
            try:
                return (await self._objects.get_small(bucket, key)).decode(errors="replace")
            except NotFound:  # finished since it was listed
                return None


def _folder(owner: Principal) -> str:
    identity = f"{owner.issuer}\n{owner.subject}".encode()
    return f"{RESERVED_PREFIX}uploads/{hashlib.sha256(identity).hexdigest()[:32]}/"
