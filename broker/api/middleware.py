"""Plain ASGI middleware: what frames every request and its answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from broker.api.problems import fault_answer, problem_answer
from broker.errors import ShuttingDown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from broker.telemetry.metrics import Metrics


RETRY_AFTER = timedelta(seconds=2)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
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
            RequestFrame,
            metrics=metrics,
            new_id=new_id,
            clock=clock,
            headers=headers,
            templates=templates,
        ),
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


class RequestFrame:
    """Gives each request an id, measures the whole, and adds the headers that every answer has.

    One wrapper for the three: each more would cost every request a call for each of its messages.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        new_id: Callable[[], str],
        clock: Callable[[], float],
        headers: Mapping[str, str],
        templates: Mapping[object, str],
    ) -> None:
        """`clock` is monotonic seconds; `templates` names the route of each endpoint."""
        self._app = app
        self._metrics = metrics
        self._new_id = new_id
        self._clock = clock
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._templates = templates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._clock()
        request_id = scope["request_id"] = self._new_id()
        status = 0  # until an answer begins

        async def send_framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                id_header = (b"x-request-id", request_id.encode())
                message["headers"] = [*message["headers"], *self._headers, id_header]
            await send(message)

        try:
            await self._app(scope, receive, send_framed)
        except asyncio.CancelledError:
            # The server's drain has ended: whoever waited still gets a definite answer.
            if status:
                raise
            end = ShuttingDown("The broker is shutting down; try again.", RETRY_AFTER)
            await problem_answer(end, request_id)(scope, receive, send_framed)
        except Exception:
            # Starlette would answer outside of this frame; it still raises the fault for the log.
            if not status:
                await fault_answer(request_id)(scope, receive, send_framed)
            raise
        finally:
            route = self._templates.get(scope.get("endpoint"), "unknown")
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._metrics.request(route, method, status, self._clock() - started)


def request_ids(prefix: str) -> Callable[[], str]:
    """Return a maker of ids that never repeat: a prefix of this process, and a number.

    Nothing rests on an id being secret, and asking the system for randomness costs a call each.
    """
    numbers = count(1)
    return lambda: f"{prefix}-{next(numbers):x}"


def answer_headers(*, https: bool) -> dict[str, str]:
    """Return the headers of every answer; each costs all of them, so the page's are its own."""
    headers = {"x-content-type-options": "nosniff"}
    if https:
        headers["strict-transport-security"] = "max-age=31536000"
    return headers
