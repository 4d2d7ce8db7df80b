"""Speaks to S3 as a browser would, and reads its answers by the browser's rules.

CORS protocol: https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from broker.errors import S3Unavailable
from broker.policy.cors import ANY_ORIGIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RETRY_AFTER = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and headers (names of any case) of an answer to a page at `origin`."""

    origin: str
    status: int
    headers: Mapping[str, str]

    @property
    def is_readable(self) -> bool:
        """Whether the browser lets the page see the answer."""
        return self.headers.get("access-control-allow-origin") in {self.origin, ANY_ORIGIN}

    @property
    def has_max_age(self) -> bool:
        return self.headers.get("access-control-max-age", "").strip().isdecimal()

    def allows(self, method: str, names: Iterable[str]) -> bool:
        """Whether a preflight lets the real request go out with these headers."""
        return (
            httpx.codes.is_success(self.status)
            and self.is_readable
            and self._lists("access-control-allow-methods", method)
            and all(self._lists("access-control-allow-headers", name) for name in names)
        )

    def exposes(self, name: str) -> bool:
        return self._lists("access-control-expose-headers", name)

    def _lists(self, header: str, name: str) -> bool:
        # `*` counts, because the page sends no cookies to S3.
        listed = {item.strip().lower() for item in self.headers.get(header, "").split(",")}
        return name.lower() in listed or "*" in listed


class Probe:
    """Sends single requests through a client that must not follow redirects: preflights do not."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def preflight(
        self, origin: str, url: str, method: str, names: Iterable[str] = ()
    ) -> Answer:
        """Ask as a browser does before it sends `method` with the headers of these names."""
        headers = {"Access-Control-Request-Method": method}
        if listed := ",".join(sorted(names)):  # the specification's order and form: no space
            headers["Access-Control-Request-Headers"] = listed
        return await self.send("OPTIONS", origin, url, headers)

    async def send(
        self, method: str, origin: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """Raises S3Unavailable when nothing answers."""
        sent = {**headers, "Origin": origin}
        try:
            async with self._http.stream(method, url, headers=sent, content=body) as response:
                return Answer(origin, response.status_code, response.headers)
        except httpx.TransportError as error:
            fault = "S3 does not answer at the address that URLs are signed for."
            raise S3Unavailable(fault, RETRY_AFTER) from error
