"""The page: static files, from the wheel or from the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

_PACKAGE = Path(__file__).resolve().parents[1]
_REVALIDATE = {"cache-control": "no-cache"}


def web_folder() -> Path:
    """Return where the page lies: inside the package once installed, else beside it."""
    installed = _PACKAGE / "_web"
    return installed if installed.is_dir() else _PACKAGE.parent / "web"


class RevalidatedFiles(StaticFiles):
    """Files that a browser asks about again each time, by their ETag: an upgrade shows at once."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        answer = super().file_response(*args, **kwargs)  # type: ignore[arg-type] # handed through
        answer.headers.update(_REVALIDATE)
        return answer


def page_routes(folder: Path) -> list[BaseRoute]:
    """Return the page at `/` and its files under `/static/`."""

    async def index(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
        return FileResponse(folder / "index.html", headers=_REVALIDATE)

    return [
        Route("/", index, methods=["GET"]),
        Mount("/static", RevalidatedFiles(directory=folder), name="static"),
    ]
