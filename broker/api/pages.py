"""The page: static files, from the wheel or from the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from broker.api.endpoint import route

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike, stat_result

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import Scope

_PACKAGE = Path(__file__).resolve().parents[1]


def web_folder() -> Path:
    """Return where the page lies: inside the package once installed, else beside it."""
    installed = _PACKAGE / "_web"
    return installed if installed.is_dir() else _PACKAGE.parent / "web"


def page_headers(s3_sources: Sequence[str]) -> dict[str, str]:
    """Return the headers of the page. `s3_sources` are the CSP sources that bytes may go to.

    A browser asks about a file again each time, by its ETag: so an upgrade shows at once.
    """
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
    return {
        "cache-control": "no-cache",
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }


class PageFiles(StaticFiles):
    """Static files, each with the page's headers."""

    def __init__(self, folder: Path, headers: Mapping[str, str]) -> None:
        super().__init__(directory=folder)
        self._headers = headers

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers.update(self._headers)
        return answer


def page_routes(folder: Path, headers: Mapping[str, str]) -> list[BaseRoute]:
    """Return the page at `/` and its files under `/static/`."""

    async def index(request: Request) -> Response:  # noqa: ARG001 - a handler's signature
        return FileResponse(folder / "index.html", headers=headers)

    return [
        route("GET", "/", index),
        Mount("/static", PageFiles(folder, headers), name="static"),
    ]
