"""Objects over HTTP: list, metadata, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from broker.api.answers import Json, rfc3339
from broker.api.batches import batch_answer
from broker.api.body import BATCH_LIMIT, Wire, decode, decode_query
from broker.api.endpoint import route
from broker.api.problems import item_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from broker.api.identity import Identity
    from broker.errors import BrokerError
    from broker.objects import Objects
    from broker.s3.objects import ListedObject, ObjectHead

MAX_KEYS = 1000


class ListQuery(Wire):
    bucket: str = Field(max_length=63)
    prefix: str = Field("", max_length=1024)
    delimiter: Literal["", "/"] = ""
    cursor: str = Field("", max_length=8192)
    limit: int = Field(1000, ge=1, le=MAX_KEYS)


class ObjectQuery(Wire):
    bucket: str = Field(max_length=63)
    key: str = Field(max_length=4096)


class DeleteBody(Wire):
    bucket: str = Field(max_length=63)
    keys: tuple[str, ...] = Field(min_length=1, max_length=MAX_KEYS, strict=False)


class ObjectRoutes:
    def __init__(self, identity: Identity, objects: Objects, clock: Callable[[], datetime]) -> None:
        self._identity = identity
        self._objects = objects
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        return [
            route("GET", "/v1/objects", self.page),
            route("GET", "/v1/objects/metadata", self.metadata),
            route("POST", "/v1/objects/delete", self.delete),
        ]

    async def page(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        query = decode_query(request, ListQuery)
        page = await self._objects.page(
            caller,
            query.bucket,
            query.prefix,
            delimiter=query.delimiter,
            cursor=query.cursor,
            limit=query.limit,
        )
        return Json(
            {
                "objects": [_listed(found) for found in page.objects],
                "prefixes": list(page.prefixes),
                "cursor": page.cursor,
                "complete": page.cursor is None,
            }
        )

    async def metadata(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        query = decode_query(request, ObjectQuery)
        head = await self._objects.metadata(caller, query.bucket, query.key)
        return Json({"bucket": query.bucket, "key": query.key, **_described(head)})

    async def delete(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        body = await decode(request, DeleteBody, BATCH_LIMIT)
        results = await self._objects.delete(caller, body.bucket, body.keys)
        items = [{"key": key, **_deleted(error)} for key, error in results.items()]
        return batch_answer("results", items, list(results.values()), self._clock(), request)


def _listed(found: ListedObject) -> dict[str, object]:
    return {
        "key": found.key,
        "size": found.size,
        "etag": found.etag,
        "last_modified": rfc3339(found.last_modified),
        "storage_class": found.storage_class,
    }


def _described(head: ObjectHead) -> dict[str, object]:
    return {
        "size": head.size,
        "type": head.content_type,
        "etag": head.etag,
        "last_modified": rfc3339(head.last_modified),
        "version_id": head.version_id,
        "cache_control": head.cache_control,
        "storage_class": head.storage_class,
        "metadata": head.metadata,
    }


def _deleted(error: BrokerError | None) -> dict[str, object]:
    return {"deleted": True} if error is None else {"error": item_error(error)}
