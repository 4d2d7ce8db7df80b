"""One visit of a browser to a bucket: what it asks first, what it sends, what it may read.

Each fault is named as the line of the rules that would mend it.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from broker.policy.cors import (
    DOWNLOAD_HEADERS,
    EXPOSED_HEADERS,
    METHODS,
    UPLOAD_HEADERS,
    WRITE_METHODS,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from broker.cors_probe import Answer, Probe

STRANGER_ORIGIN = "https://not-allowed.example"
SANDBOXED_ORIGIN = "null"  # what sandboxed frames and local files send
PROBE_TYPE = "text/plain"
PROBE_BODY = b"presign-broker CORS probe\n"
PROBE_RANGE = "bytes=0-3"

_REAL_REQUESTS: Mapping[str, tuple[Mapping[str, str], bytes, HTTPStatus]] = {
    "PUT": ({"Content-Type": PROBE_TYPE}, PROBE_BODY, HTTPStatus.OK),
    "GET": ({"Range": PROBE_RANGE}, b"", HTTPStatus.PARTIAL_CONTENT),
    "HEAD": ({}, b"", HTTPStatus.OK),
}


@dataclass(frozen=True, slots=True)
class CorsCheck:
    """`missing` names the line that would mend it; empty when `ok`."""

    origin: str
    name: str
    ok: bool
    missing: str = ""


class Visit:
    """`urls` are presigned for PUT, GET and HEAD of one probe object.

    `discard` removes that object, given the version that the PUT made.
    """

    def __init__(
        self,
        probe: Probe,
        origin: str,
        urls: Mapping[str, str],
        discard: Callable[[str | None], Awaitable[None]],
    ) -> None:
        self._probe = probe
        self._origin = origin
        self._urls = urls
        self._discard = discard

    async def checks(self, more_headers: Sequence[str] = ()) -> list[CorsCheck]:
        """`more_headers` are those that uploads carry besides the broker's own."""
        allowed = [method for method in METHODS if await self._may(method)]
        if not allowed:
            return [self._check("origin", f"AllowedOrigins lacks {self._origin}")]
        return [
            self._check("origin"),
            *self._method_checks(allowed),
            *await self._header_checks(allowed, "PUT", (*UPLOAD_HEADERS, *more_headers)),
            *await self._header_checks(allowed, "GET", DOWNLOAD_HEADERS),
            await self._max_age_check(allowed[0]),
            *self._answer_checks(allowed, await self._exchange()),
        ]

    def _check(self, name: str, missing: str = "") -> CorsCheck:
        return CorsCheck(self._origin, name, not missing, missing)

    async def _may(self, method: str, names: Sequence[str] = ()) -> bool:
        answer = await self._probe.preflight(self._origin, self._urls["PUT"], method, names)
        return answer.allows(method, names)

    def _method_checks(self, allowed: Sequence[str]) -> Iterator[CorsCheck]:
        for method in METHODS:
            fault = "" if method in allowed else f"AllowedMethods lacks {method}"
            yield self._check(f"method {method}", fault)

    async def _header_checks(
        self, allowed: Sequence[str], method: str, names: Sequence[str]
    ) -> list[CorsCheck]:
        """Ask for all headers at once; only when that fails for each alone, to name the fault."""
        if method not in allowed:
            return []
        if await self._may(method, names):
            return [self._check(f"headers of {method}")]
        lacking = [name for name in names if not await self._may(method, [name])]
        if not lacking:
            fault = f"AllowedHeaders allows the headers of {method} in no single rule"
            return [self._check(f"headers of {method}", fault)]
        return [self._check(f"header {name}", f"AllowedHeaders lacks {name}") for name in lacking]

    async def _max_age_check(self, method: str) -> CorsCheck:
        answer = await self._probe.preflight(self._origin, self._urls["PUT"], method)
        return self._check("max age", "" if answer.has_max_age else "MaxAgeSeconds is absent")

    async def _exchange(self) -> dict[str, Answer]:
        """PUT the probe object, read a range of it, HEAD it; it is gone afterwards."""
        answers: dict[str, Answer] = {}
        try:
            for method, (headers, body, _) in _REAL_REQUESTS.items():
                url = self._urls[method]
                answers[method] = await self._probe.send(method, self._origin, url, headers, body)
        finally:
            put = answers.get("PUT")
            await self._discard(put.headers.get("x-amz-version-id") if put else None)
        return answers

    def _answer_checks(
        self, allowed: Sequence[str], answers: Mapping[str, Answer]
    ) -> Iterator[CorsCheck]:
        seen = {method: answer for method, answer in answers.items() if method in allowed}
        for method, answer in seen.items():
            yield self._check(f"{method} request", _request_fault(method, answer))
        readable = [answer for answer in seen.values() if answer.is_readable]
        for name in EXPOSED_HEADERS if readable else ():
            shown = all(answer.exposes(name) for answer in readable)
            yield self._check(f"expose {name}", "" if shown else f"ExposeHeaders lacks {name}")


def _request_fault(method: str, answer: Answer) -> str:
    expected = _REAL_REQUESTS[method][2]
    if answer.status != expected:
        return f"{method} was answered {answer.status} instead of {expected}: not a CORS fault"
    if not answer.is_readable:
        return f"the answer to {method} lacks Access-Control-Allow-Origin, unlike its preflight"
    return ""


async def stranger_check(probe: Probe, url: str) -> CorsCheck:
    """No site that nobody named may write."""
    writers = [
        origin
        for origin in (STRANGER_ORIGIN, SANDBOXED_ORIGIN)
        if await _may_write(probe, origin, url)
    ]
    fault = f"AllowedOrigins is too wide: {', '.join(writers)} may write" if writers else ""
    return CorsCheck(STRANGER_ORIGIN, "strangers", not writers, fault)


async def _may_write(probe: Probe, origin: str, url: str) -> bool:
    for method in sorted(WRITE_METHODS):
        if (await probe.preflight(origin, url, method)).allows(method, ()):
            return True
    return False
