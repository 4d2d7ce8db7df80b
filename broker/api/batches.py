"""Answers about many items, each of which succeeds or fails alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.api.answers import Json, rfc3339
from broker.api.problems import problem_answer
from broker.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response


def batch_answer(
    name: str,
    items: Sequence[dict[str, object]],
    results: Sequence[object],
    now: datetime,
    request: Request,
    *,
    success: int = 200,
) -> Response:
    """Return the items under `name` if any succeeded, else a problem with the first one's error."""
    failures = [result for result in results if isinstance(result, BrokerError)]
    if len(failures) == len(items) and failures:
        extra = {name: list(items)}
        return problem_answer(failures[0], request.scope["request_id"], extra)
    return Json({"server_time": rfc3339(now), name: list(items)}, success)
