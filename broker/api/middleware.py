"""Plain ASGI middleware: a request's id and measure, and the headers every answer has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from broker.telemetry.metrics import Metrics


CORS_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CORS_HEADERS = ("authorization", "content-type")
CORS_EXPOSED = ("x-request-id", "retry-after")


def middleware_stack(
    routes: Sequence[BaseRoute],
    *,
    metrics: Metrics,
    new_id: Callable[[], str],
    clock: Callable[[], float],
    headers: Mapping[str, str],
    cors_origins: Sequence[str],
) -> list[Middleware]:
    """Return the middleware of the app, the outermost first.

    `cors_origins` are exact; pages there may use the API with a token, never with the cookie.
    """
    templates: dict[object, str] = {
        route.endpoint: route.path for route in routes if isinstance(route, Route)
    }
    stack = [
        Middleware(
            RequestContext, metrics=metrics, new_id=new_id, clock=clock, templates=templates
        ),
        Middleware(SecurityHeaders, headers=headers),
    ]
    if cors_origins:
        stack.append(
            Middleware(
                CORSMiddleware,
                allow_origins=cors_origins,
                allow_methods=CORS_METHODS,
                allow_headers=CORS_HEADERS,
                expose_headers=CORS_EXPOSED,
            )
        )
    return stack


class RequestContext:
    """Gives each request an id, tells it in the answer, and measures the whole."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        new_id: Callable[[], str],
        clock: Callable[[], float],
        templates: Mapping[object, str],
    ) -> None:
        """`clock` is monotonic seconds; `templates` names the route of each endpoint."""
        self._app = app
        self._metrics = metrics
        self._new_id = new_id
        self._clock = clock
        self._templates = templates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._clock()
        request_id = scope["request_id"] = self._new_id()
        id_header = (b"x-request-id", request_id.encode())
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], id_header]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            route = self._templates.get(scope.get("endpoint"), "unknown")
            method = scope["method"] if route != "unknown" else "other"
            self._metrics.request(route, method, status, self._clock() - started)


class SecurityHeaders:
    """Adds the headers that hold for every answer; no route sets these itself."""

    def __init__(self, app: ASGIApp, *, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def security_headers(*, s3_sources: Sequence[str], https: bool) -> dict[str, str]:
    """Return the headers. `s3_sources` are the CSP sources that the page may send bytes to."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": " ".join(("'self'", *s3_sources)),
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "lit-html",
    }
    headers = {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }
    if https:
        headers["strict-transport-security"] = "max-age=31536000"
    return headers
