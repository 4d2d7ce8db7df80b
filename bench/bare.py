"""The bare Starlette answer that the broker is measured against: `python -m bench.bare SIZE`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

FRAME = len('{"url":""}')


def bare_app(size: int) -> Starlette:
    """Answer every POST with JSON of `size` bytes."""
    content = {"url": "x" * (size - FRAME)}

    async def answer(request: Request) -> JSONResponse:
        await request.body()
        return JSONResponse(content)

    return Starlette(routes=[Route("/", answer, methods=["POST"])])


if __name__ == "__main__":
    uvicorn.run(
        bare_app(int(sys.argv[1])),
        port=int(sys.argv[2]),
        http="httptools",
        loop="uvloop",
        access_log=False,
        log_level="warning",
    )
