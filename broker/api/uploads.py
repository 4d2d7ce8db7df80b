"""Uploads over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from starlette.responses import Response

from broker.api.answers import Json, rfc3339
from broker.api.batches import batch_answer
from broker.api.body import BATCH_LIMIT, Wire, decode, decode_query
from broker.api.endpoint import route
from broker.api.problems import item_error
from broker.errors import BrokerError, InvalidRequest
from broker.policy.profiles import Strategy
from broker.upload_drafts import Destination, FileWish, IfExists
from broker.upload_targets import MultipartTarget, PutTarget, SignedPart, enforced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from broker.api.identity import Identity
    from broker.completion import Completion
    from broker.policy.ticket import Ticket
    from broker.s3.objects import ObjectHead
    from broker.uploads import CreatedUpload, Uploads

MAX_FILES = 1000
MAX_PARTS = 10_000
MAX_IDS = 1000


class FileBody(Wire):
    """`size` may be any whole number here: one out of range is that item's own error."""

    client_id: str | None = Field(None, max_length=128)
    name: str = Field(max_length=4096)
    size: int
    type: str = Field("", max_length=1024)
    fingerprint: str | None = Field(None, pattern=r"^[\x21-\x7e]{1,128}$")
    if_exists: Annotated[IfExists, Field(strict=False)] | None = None

    def wish(self) -> FileWish:
        return FileWish(self.name, self.size, self.type, self.fingerprint, self.if_exists)


class CreateBody(Wire):
    profile: str | None = Field(None, max_length=64)
    bucket: str | None = Field(None, max_length=63)
    prefix: str = Field("", max_length=1024)
    files: tuple[FileBody, ...] = Field(min_length=1, max_length=MAX_FILES, strict=False)
    strategy: Annotated[Strategy, Field(strict=False)] = Strategy.AUTO

    def destination(self) -> Destination:
        """Raises InvalidRequest unless exactly one of profile and bucket is named."""
        if (self.profile is None) == (self.bucket is None):
            raise InvalidRequest(problems=[("bucket", "name either a bucket or a profile")])
        if self.profile is not None and self.prefix:
            raise InvalidRequest(problems=[("prefix", "a profile has its own")])
        return Destination(self.profile, self.bucket, self.prefix)


class PartBody(Wire):
    part_number: int = Field(ge=1, le=MAX_PARTS)


class PartsBody(Wire):
    parts: tuple[PartBody, ...] = Field(min_length=1, max_length=MAX_PARTS, strict=False)


class CompleteManyBody(Wire):
    ids: tuple[str, ...] = Field(min_length=1, max_length=MAX_IDS, strict=False)


class OpenUploadsQuery(Wire):
    bucket: str = Field(max_length=63)
    prefix: str = Field("", max_length=1024)


class UploadRoutes:
    def __init__(
        self,
        identity: Identity,
        uploads: Uploads,
        completion: Completion,
        clock: Callable[[], datetime],
    ) -> None:
        self._identity = identity
        self._uploads = uploads
        self._completion = completion
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        one = "/v1/uploads/{id}"
        return [
            route("POST", f"{one}/parts", self.sign_parts),
            route("POST", "/v1/uploads", self.create),
            route("GET", "/v1/uploads", self.find_open),
            route("POST", "/v1/uploads/complete", self.complete_many),
            route("GET", one, self.status),
            route("DELETE", one, self.abort),
            route("POST", f"{one}/target", self.fresh_target),
            route("POST", f"{one}/complete", self.complete),
        ]

    async def create(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        body = await decode(request, CreateBody, BATCH_LIMIT)
        wishes = [file.wish() for file in body.files]
        results = await self._uploads.create(caller, body.destination(), wishes, body.strategy)
        items = [
            {"client_id": file.client_id, **_created(result)}
            for file, result in zip(body.files, results, strict=True)
        ]
        return batch_answer("uploads", items, results, self._clock(), request, success=201)

    async def sign_parts(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        body = await decode(request, PartsBody, BATCH_LIMIT)
        numbers = [part.part_number for part in body.parts]
        parts = self._uploads.sign_parts(caller, request.path_params["id"], numbers)
        return Json({"server_time": rfc3339(self._clock()), "parts": _parts(parts)})

    async def find_open(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        query = decode_query(request, OpenUploadsQuery)
        found = await self._uploads.find_open(caller, query.bucket, query.prefix)
        uploads = [{"id": sealed, **_described(ticket)} for sealed, ticket in found.uploads]
        now = rfc3339(self._clock())
        return Json({"server_time": now, "uploads": uploads, "complete": found.complete})

    async def status(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        status = await self._uploads.status(caller, request.path_params["id"])
        parts = [
            {"part_number": part.part_number, "size": part.size, "etag": part.etag}
            for part in status.parts
        ]
        return Json({"state": status.state, **_described(status.ticket), "parts": parts})

    async def fresh_target(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        target = self._uploads.fresh_target(caller, request.path_params["id"])
        return Json({"server_time": rfc3339(self._clock()), "target": _target(target)})

    async def complete(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        ticket, head = await self._completion.complete(caller, request.path_params["id"])
        return Json(_completed(ticket, head))

    async def complete_many(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        body = await decode(request, CompleteManyBody, BATCH_LIMIT)
        results = await self._completion.complete_many(caller, body.ids)
        items = [
            {"id": sealed, **_completed_or_not(result)}
            for sealed, result in zip(body.ids, results, strict=True)
        ]
        return batch_answer("uploads", items, results, self._clock(), request)

    async def abort(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        await self._completion.abort(caller, request.path_params["id"])
        return Response(status_code=204)


def _created(result: CreatedUpload | BrokerError) -> dict[str, object]:
    if isinstance(result, BrokerError):
        return {"error": item_error(result)}
    ticket = result.ticket
    return {
        "id": result.id,
        "bucket": ticket.bucket,
        "key": ticket.key,
        "strategy": Strategy.MULTIPART if ticket.is_multipart else Strategy.PUT,
        "state": "pending",
        "expires_at": rfc3339(ticket.expires_at),
        "limited_by": result.target.limited_by,
        "enforced": enforced(ticket),
        "target": _target(result.target),
    }


def _target(target: PutTarget | MultipartTarget) -> dict[str, object]:
    if isinstance(target, MultipartTarget):
        return {
            "part_size": target.part_size,
            "part_count": target.part_count,
            "parts": _parts(target.parts),
        }
    return {
        "method": "PUT",
        "url": target.url,
        "headers": target.headers,
        "size": target.size,
        "expires_at": rfc3339(target.expires_at),
    }


def _parts(parts: Sequence[SignedPart]) -> list[dict[str, object]]:
    expires_at = rfc3339(parts[0].expires_at)  # one batch, one signing time
    return [
        {
            "part_number": part.part_number,
            "size": part.size,
            "method": "PUT",
            "url": part.url,
            "headers": {},
            "expires_at": expires_at,
        }
        for part in parts
    ]


def _described(ticket: Ticket) -> dict[str, object]:
    return {
        "bucket": ticket.bucket,
        "key": ticket.key,
        "size": ticket.size,
        "type": ticket.content_type,
        "fingerprint": ticket.fingerprint,
        "part_size": ticket.part_size,
        "part_count": ticket.plan.part_count if ticket.is_multipart else None,
        "created_at": rfc3339(ticket.created_at),
        "expires_at": rfc3339(ticket.expires_at),
    }


def _completed(ticket: Ticket, head: ObjectHead) -> dict[str, object]:
    return {
        "state": "complete",
        "object": {
            "bucket": ticket.bucket,
            "key": ticket.key,
            "size": head.size,
            "type": head.content_type,
            "etag": head.etag,
            "version_id": head.version_id,
        },
    }


def _completed_or_not(result: tuple[Ticket, ObjectHead] | BrokerError) -> dict[str, object]:
    if isinstance(result, BrokerError):
        return {"error": item_error(result)}
    return _completed(*result)
