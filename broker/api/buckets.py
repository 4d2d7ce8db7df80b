"""Buckets over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.api.answers import Json
from broker.api.endpoint import route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from broker.api.identity import Identity
    from broker.buckets import Buckets


class BucketRoutes:
    def __init__(self, identity: Identity, buckets: Buckets) -> None:
        self._identity = identity
        self._buckets = buckets

    def routes(self) -> list[BaseRoute]:
        return [route("GET", "/v1/buckets", self.visible)]

    async def visible(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        buckets = await self._buckets.visible(caller)
        return Json(
            {
                "buckets": [
                    {
                        "name": bucket.name,
                        "roots": [
                            {"prefix": root.prefix, "actions": sorted(root.actions)}
                            for root in bucket.roots
                        ],
                    }
                    for bucket in buckets
                ]
            }
        )
