"""The one place that turns errors into answers: RFC 9457 problem documents.

https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from broker.api.answers import Json
from broker.errors import (
    BrokerError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PartsMissing,
    Retryable,
    Unauthenticated,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

PROBLEM_JSON = "application/problem+json"


def problem_answer(
    error: BrokerError, request_id: str, extra: Mapping[str, object] | None = None
) -> Response:
    """Return the answer for an error; `type` is about:blank, as `code` is the stable name.

    `extra` are members that a route adds, such as the items of a batch that failed as a whole.
    """
    document: dict[str, object] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
        **(extra or {}),
    }
    if isinstance(error, InvalidRequest) and error.problems:
        document["errors"] = [{"field": field, "detail": fault} for field, fault in error.problems]
    if isinstance(error, PartsMissing):
        document["missing"] = list(error.missing)
    return Json(document, error.status, media_type=PROBLEM_JSON, headers=_headers(error))


def _headers(error: BrokerError) -> dict[str, str]:
    if isinstance(error, Retryable):
        return {"retry-after": str(max(1, ceil(error.retry_after.total_seconds())))}
    if isinstance(error, Unauthenticated):
        # RFC 6750, 3: a request without any credentials is told no error code.
        detail = ' error="invalid_token"' if error.code == "invalid_token" else ""
        return {"www-authenticate": f"Bearer{detail}"}
    return {}


def item_error(error: BrokerError) -> dict[str, object]:
    """Return an error of one item in a batch."""
    return {"code": error.code, "status": error.status, "detail": error.detail}


async def on_broker_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, BrokerError)  # noqa: S101 - registered for this class only
    return problem_answer(error, request.scope["request_id"])


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own refusals: no such route, or not with this method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    request_id = request.scope["request_id"]
    if error.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
        return problem_answer(NotFound("There is nothing at this address."), request_id)
    answer = problem_answer(MethodNotAllowed("This address does not take this method."), request_id)
    answer.headers["allow"] = ", ".join(sorted(_methods_at(request)))
    return answer


def _methods_at(request: Request) -> set[str]:
    """Return what the address takes; Starlette knows the methods of each of its routes alone."""
    routes = (route for route in request.app.routes if isinstance(route, Route))
    here = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return {method for route in here for method in route.methods or ()}


def fault_answer(request_id: str) -> Response:
    """Return the answer to a fault of the broker's own: nothing of it is told."""
    return problem_answer(BrokerError("The broker has met a fault of its own."), request_id)
