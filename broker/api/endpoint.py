"""A route whose handler takes a request and returns an answer, at the least cost per request.

Starlette's own wrapping of functions catches errors a second time, right below the middleware that
turns them into answers; an endpoint that is an ASGI app is called as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    Handler = Callable[[Request], Awaitable[Response]]


class Endpoint:
    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._handler(Request(scope, receive, send))
        await answer(scope, receive, send)


def route(method: str, path: str, handler: Handler) -> Route:
    return Route(path, Endpoint(handler), methods=[method], name=f"{method} {path}")
