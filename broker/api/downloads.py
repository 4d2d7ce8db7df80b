"""Downloads over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from starlette.responses import Response

from broker.api.answers import rfc3339
from broker.api.batches import batch_answer
from broker.api.body import BATCH_LIMIT, Wire, decode, decode_query
from broker.api.endpoint import route
from broker.api.problems import item_error
from broker.downloads import Disposition, Download, DownloadItem
from broker.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from broker.api.identity import Identity
    from broker.downloads import Downloads

MAX_ITEMS = 1000
MAX_EXPIRES_IN = 604_800  # seconds; SigV4's own end


class ItemBody(Wire):
    bucket: str = Field(max_length=63)
    key: str = Field(max_length=4096)
    version_id: str | None = Field(None, pattern=r"^[\x21-\x7e]{1,1024}$")

    def item(self) -> DownloadItem:
        return DownloadItem(self.bucket, self.key, self.version_id)


class DownloadsBody(Wire):
    items: tuple[ItemBody, ...] = Field(min_length=1, max_length=MAX_ITEMS, strict=False)
    disposition: Annotated[Disposition, Field(strict=False)] = Disposition.ATTACHMENT
    filename: str | None = Field(None, min_length=1, max_length=255)
    expires_in: int | None = Field(None, ge=1, le=MAX_EXPIRES_IN)


class DownloadRoutes:
    def __init__(
        self, identity: Identity, downloads: Downloads, clock: Callable[[], datetime]
    ) -> None:
        self._identity = identity
        self._downloads = downloads
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        return [
            route("POST", "/v1/downloads", self.sign),
            route("GET", "/v1/download", self.redirect),
        ]

    async def sign(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        body = await decode(request, DownloadsBody, BATCH_LIMIT)
        results = self._downloads.sign_many(
            caller,
            [item.item() for item in body.items],
            disposition=body.disposition,
            filename=body.filename,
            expires_in=None if body.expires_in is None else timedelta(seconds=body.expires_in),
        )
        items = [
            {"bucket": item.bucket, "key": item.key, **_signed(result)}
            for item, result in zip(body.items, results, strict=True)
        ]
        return batch_answer("downloads", items, results, self._clock(), request)

    async def redirect(self, request: Request) -> Response:
        caller = self._identity.caller(request)
        item = decode_query(request, ItemBody).item()
        download = self._downloads.sign(caller, item, Disposition.ATTACHMENT, None, None)
        return Response(
            status_code=302,
            headers={
                "location": download.url,
                "cache-control": "no-store",
                "referrer-policy": "no-referrer",
            },
        )


def _signed(result: Download | BrokerError) -> dict[str, object]:
    if isinstance(result, BrokerError):
        return {"error": item_error(result)}
    return {
        "url": result.url,
        "expires_at": rfc3339(result.expires_at),
        "limited_by": result.limited_by,
    }
