"""Uploads: create, sign on, look at, find again. How they end stands in `broker.completion`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from broker.errors import BrokerError, InvalidRequest, ObjectExists, UploadGone, UploadNotFound
from broker.gate import Wanted
from broker.policy.grants import Action
from broker.policy.ticket import MARK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from broker.gate import Caller, Gate
    from broker.policy.profiles import Strategy
    from broker.policy.ticket import Ticket, Tickets
    from broker.s3.kept_tickets import KeptTickets
    from broker.s3.multipart import Multipart, Part
    from broker.s3.objects import Objects
    from broker.upload_access import UploadAccess
    from broker.upload_drafts import Destination, Draft, Drafting, FileWish
    from broker.upload_targets import MultipartTarget, PutTarget, SignedPart, Targets

_CREATED_AT_ONCE = 8  # multipart uploads of one request that S3 is asked for in parallel


class UploadState(StrEnum):
    PENDING = "pending"
    COMPLETE = "complete"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class CreatedUpload:
    id: str
    ticket: Ticket
    target: PutTarget | MultipartTarget


@dataclass(frozen=True, slots=True)
class UploadStatus:
    ticket: Ticket
    state: UploadState
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class OpenUploads:
    """`complete` is false when there are more than were read."""

    uploads: tuple[tuple[str, Ticket], ...]
    complete: bool


class Uploads:
    def __init__(
        self,
        *,
        drafting: Drafting,
        access: UploadAccess,
        targets: Targets,
        tickets: Tickets,
        gate: Gate,
        multipart: Multipart,
        objects: Objects,
        kept: KeptTickets,
        clock: Callable[[], datetime],
    ) -> None:
        self._drafting = drafting
        self._access = access
        self._targets = targets
        self._tickets = tickets
        self._gate = gate
        self._multipart = multipart
        self._objects = objects
        self._kept = kept
        self._clock = clock

    async def create(
        self,
        caller: Caller,
        destination: Destination,
        wishes: Sequence[FileWish],
        strategy: Strategy,
    ) -> list[CreatedUpload | BrokerError]:
        """Start an upload for each file; one that fails leaves the others alone."""
        turns = asyncio.Semaphore(_CREATED_AT_ONCE)

        async def one(wish: FileWish) -> CreatedUpload | BrokerError:
            try:
                draft = self._drafting.draft(caller, destination, wish, strategy)
                if not draft.is_multipart:
                    return self._created(draft.ticket, draft)
                async with turns:
                    return await self._create_multipart(caller, draft)
            except BrokerError as error:
                return error

        return list(await asyncio.gather(*(one(wish) for wish in wishes)))

    def _created(self, ticket: Ticket, draft: Draft) -> CreatedUpload:
        sign = self._targets.multipart if draft.is_multipart else self._targets.put
        target = sign(ticket, draft.permit.max_expiry)
        return CreatedUpload(self._tickets.seal(ticket), ticket, target)

    async def _create_multipart(self, caller: Caller, draft: Draft) -> CreatedUpload:
        drafted = draft.ticket
        bucket, key = drafted.bucket, drafted.key
        if not drafted.may_overwrite and await self._objects.find(bucket, key):
            raise ObjectExists
        upload_id = await self._multipart.create(
            bucket, key, content_type=drafted.content_type, metadata={MARK_NAME: drafted.mark}
        )
        ticket = replace(drafted, upload_id=upload_id)
        try:
            created = self._created(ticket, draft)
            await self._kept.keep(bucket, caller.principal, ticket.mark, created.id)
        except BrokerError:
            # Nobody would find it again, so it must not stay behind and cost money.
            await self._multipart.abort(bucket, key, upload_id)
            raise
        return created

    def fresh_target(self, caller: Caller, upload_id: str) -> PutTarget | MultipartTarget:
        """Sign an upload's target anew. Raises UploadNotFound, UploadGone or Forbidden."""
        ticket, permit = self._access.open(caller, upload_id, "upload.target")
        sign = self._targets.multipart if ticket.is_multipart else self._targets.put
        return sign(ticket, permit.max_expiry)

    def sign_parts(
        self, caller: Caller, upload_id: str, numbers: Sequence[int]
    ) -> list[SignedPart]:
        """Sign parts by number. Raises InvalidRequest for one out of the plan, besides the above.

        No call to S3, so this goes on when S3 is down.
        """
        ticket, permit = self._access.open(caller, upload_id, "upload.parts", urls=len(numbers))
        if not ticket.is_multipart:
            raise InvalidRequest("This upload is a single PUT; it has no parts.")
        signed, _ = self._targets.parts(ticket, numbers, permit.max_expiry)
        return signed

    async def status(self, caller: Caller, upload_id: str) -> UploadStatus:
        """Say how far an upload is; the parts are what S3 lists."""
        ticket, _ = self._access.open(caller, upload_id, "upload.status")
        if ticket.is_multipart:
            try:
                parts = await self._multipart.list_parts(
                    ticket.bucket, ticket.key, ticket.upload_id or ""
                )
                return UploadStatus(ticket, UploadState.PENDING, parts)
            except UploadGone:
                missing = UploadState.ABORTED
        else:
            missing = UploadState.PENDING
        head = await self._objects.find(ticket.bucket, ticket.key)
        arrived = head is not None and head.metadata.get(MARK_NAME) == ticket.mark
        return UploadStatus(ticket, UploadState.COMPLETE if arrived else missing, ())

    async def find_open(self, caller: Caller, bucket: str, prefix: str) -> OpenUploads:
        """Return the caller's own multipart uploads that are still open below a prefix.

        Raises Forbidden, so that S3 is asked of no bucket that the caller may not write in.
        """
        wanted = Wanted("uploads.list", Action.WRITE, bucket, prefix, anywhere_below=True)
        self._gate.allow(caller, wanted)
        texts, complete = await self._kept.find(bucket, caller.principal)
        opened = ((text, self._open_quietly(caller, text)) for text in texts)
        mine = (
            (text, ticket)
            for text, ticket in opened
            if ticket is not None
            and ticket.bucket == bucket
            and ticket.key.startswith(prefix)
            and self._gate.permits(caller, Action.WRITE, bucket, ticket.key)
        )
        return OpenUploads(tuple(mine), complete)

    def _open_quietly(self, caller: Caller, text: str) -> Ticket | None:
        try:
            ticket = self._tickets.open(text, caller.principal)
        except UploadNotFound:
            return None
        return ticket if self._clock() < ticket.expires_at else None
