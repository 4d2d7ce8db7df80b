"""The bare Starlette answer that the broker is measured against.

`python -m bench.bare PORT ANSWER`: the same route, the request's JSON read, and the JSON of a file
as the answer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

PATH = "/v1/uploads/{id}/parts"


def bare_app(content: object) -> Starlette:
    """Answer with this content as JSON, whatever is sent."""

    async def answer(request: Request) -> JSONResponse:
        await request.json()
        return JSONResponse(content)

    return Starlette(routes=[Route(PATH, answer, methods=["POST"])])


if __name__ == "__main__":
    uvicorn.run(
        bare_app(json.loads(Path(sys.argv[2]).read_text())),
        port=int(sys.argv[1]),
        http="httptools",
        loop="uvloop",
        access_log=False,
        log_level="warning",
    )
