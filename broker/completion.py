"""How uploads end: complete, which only S3's own word decides, or abort. Both may be repeated.

`complete` twice, in parallel, or after its answer was lost says the same as long as the object with
this upload's mark is there.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from broker.errors import (
    BrokerError,
    ObjectExists,
    ObjectReplaced,
    PartsMissing,
    S3Unavailable,
    SizeNotAllowed,
    UploadComplete,
    UploadGone,
)
from broker.policy.ticket import MARK_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broker.gate import Caller
    from broker.policy.ticket import Ticket
    from broker.s3.kept_tickets import KeptTickets
    from broker.s3.multipart import Multipart, Part
    from broker.s3.objects import ObjectHead, Objects
    from broker.upload_access import UploadAccess

RETRY_AFTER = timedelta(seconds=2)
_COMPLETED_AT_ONCE = 16
_MISSING_NAMED = 100  # part numbers that one answer names


class Completion:
    def __init__(
        self, access: UploadAccess, multipart: Multipart, objects: Objects, kept: KeptTickets
    ) -> None:
        self._access = access
        self._multipart = multipart
        self._objects = objects
        self._kept = kept

    async def complete(self, caller: Caller, upload_id: str) -> tuple[Ticket, ObjectHead]:
        """Make the object of an upload's parts, if it is not there yet, and say what S3 holds.

        Raises PartsMissing, ObjectExists, ObjectReplaced, UploadGone.
        """
        ticket, _ = self._access.open(caller, upload_id, "upload.complete")
        joined = ticket.is_multipart and await self._join(ticket)
        head = await self._objects.find(ticket.bucket, ticket.key)
        if joined and head is None:
            # Then it was not S3 that said yes, but something on the way to it.
            raise S3Unavailable("S3 does not show the object yet.", RETRY_AFTER)
        if ticket.is_multipart:
            # Joined, or forgotten by S3: nobody can go on with it any more.
            await self._kept.drop(ticket.bucket, caller.principal, ticket.mark)
        return ticket, await self._own(head, ticket)

    async def complete_many(
        self, caller: Caller, upload_ids: Sequence[str]
    ) -> list[tuple[Ticket, ObjectHead] | BrokerError]:
        """Complete each; one that fails leaves the others alone."""
        turns = asyncio.Semaphore(_COMPLETED_AT_ONCE)

        async def one(upload_id: str) -> tuple[Ticket, ObjectHead] | BrokerError:
            async with turns:
                try:
                    return await self.complete(caller, upload_id)
                except BrokerError as error:
                    return error

        return list(await asyncio.gather(*(one(upload_id) for upload_id in upload_ids)))

    async def abort(self, caller: Caller, upload_id: str) -> None:
        """Drop what was sent. Raises UploadComplete once a multipart upload is an object.

        A single PUT has no end of its own in S3: its object is taken back, if it is this upload's.
        """
        ticket, _ = self._access.open(caller, upload_id, "upload.abort")
        head = await self._objects.find(ticket.bucket, ticket.key)
        arrived = _carries_mark(head, ticket)
        if not ticket.is_multipart:
            if arrived:
                await self._objects.delete(ticket.bucket, ticket.key)
            return
        if arrived:
            raise UploadComplete
        await self._multipart.abort(ticket.bucket, ticket.key, ticket.upload_id or "")
        await self._kept.drop(ticket.bucket, caller.principal, ticket.mark)

    async def _join(self, ticket: Ticket) -> bool:
        """Complete the parts in S3; false when S3 has forgotten them: they may be joined already.

        Raises PartsMissing or ObjectExists.
        """
        bucket, key, upload_id = ticket.bucket, ticket.key, ticket.upload_id or ""
        try:
            parts = planned_parts(ticket, await self._multipart.list_parts(bucket, key, upload_id))
            await self._multipart.complete(
                bucket, key, upload_id, parts, write_once=not ticket.may_overwrite
            )
        except UploadGone:
            return False
        except ObjectExists:
            # Of two completions in parallel, the second may meet the first one's object.
            if not _carries_mark(await self._objects.find(bucket, key), ticket):
                raise
        return True

    async def _own(self, head: ObjectHead | None, ticket: Ticket) -> ObjectHead:
        """Return the head when it is this upload's. Raises UploadGone or ObjectReplaced."""
        if head is None:
            raise UploadGone("S3 holds nothing of this upload; start it anew.")
        if not _carries_mark(head, ticket):
            raise ObjectReplaced
        if head.size != ticket.size:
            await self._objects.delete(ticket.bucket, ticket.key)
            raise SizeNotAllowed(f"size: {head.size} bytes arrived, {ticket.size} were announced.")
        return head


def _carries_mark(head: ObjectHead | None, ticket: Ticket) -> bool:
    return head is not None and head.metadata.get(MARK_NAME) == ticket.mark


def planned_parts(ticket: Ticket, parts: Sequence[Part]) -> list[Part]:
    """Return the parts of the plan, in order. Raises PartsMissing when any is absent or odd."""
    plan = ticket.plan
    found = {part.part_number: part for part in parts}
    numbers = range(1, plan.part_count + 1)
    missing = [n for n in numbers if n not in found or found[n].size != plan.length(n)]
    if missing:
        raise PartsMissing(f"{len(missing)} parts are missing.", missing[:_MISSING_NAMED])
    return [found[number] for number in numbers]
