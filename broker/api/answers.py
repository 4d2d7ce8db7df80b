"""Shaping answers: JSON, times, and the rule that nothing signed is ever stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def json_answer(
    content: Mapping[str, object],
    status: int = 200,
    *,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return JSON that no cache keeps: answers are one person's own, and many hold signed URLs."""
    # A key that somebody stored in S3 may hold a lone surrogate; JSON can say it only escaped.
    body = _encode(content).encode("utf-8", "backslashreplace")
    return Response(
        body, status, {"cache-control": "no-store", **(headers or {})}, media_type=media_type
    )


def rfc3339(moment: datetime) -> str:
    """https://www.rfc-editor.org/rfc/rfc3339; `moment` is UTC."""
    return moment.isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
