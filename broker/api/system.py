"""What the broker says of itself: health, metrics, and what a client needs to begin."""

from __future__ import annotations

import asyncio
from hmac import compare_digest
from ipaddress import ip_address
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from broker.api.answers import Json, rfc3339
from broker.api.endpoint import route
from broker.api.identity import bearer_token
from broker.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from broker.api.identity import Identity
    from broker.gate import Gate
    from broker.policy.grants import Grant
    from broker.policy.limits import LifeLimits
    from broker.telemetry.metrics import Metrics


class SystemRoutes:
    def __init__(
        self,
        identity: Identity,
        gate: Gate,
        metrics: Metrics,
        *,
        version: str,
        limits: LifeLimits,
        metrics_token: str | None,
        s3_answers: Callable[[], Awaitable[None]],
        clock: Callable[[], datetime],
        write_once: bool,
    ) -> None:
        """`s3_answers` raises S3Unavailable when it does not."""
        self._identity = identity
        self._gate = gate
        self._metrics = metrics
        self._version = version
        self._limits = limits
        self._metrics_token = metrics_token
        self._s3_answers = s3_answers
        self._clock = clock
        self._write_once = write_once
        self._asking: asyncio.Future[None] | None = None  # the question to S3 that is under way

    def routes(self) -> list[BaseRoute]:
        return [
            route("GET", "/v1/me", self.me),
            route("GET", "/v1/config", self.config),
            route("GET", "/healthz", self.health),
            route("GET", "/readyz", self.ready),
            route("GET", "/metrics", self.metrics),
        ]

    async def me(self, request: Request) -> Response:
        principal = self._identity.caller(request).principal
        grants = self._gate.policy.grants_of(principal)
        return Json(
            {
                "sub": principal.subject,
                "issuer": principal.issuer,
                "roles": sorted(principal.roles),
                "grants": [_grant(grant) for grant in grants],
                "limits": {
                    "default_expiry": int(self._limits.default.total_seconds()),
                    "max_expiry": int(self._limits.maximum.total_seconds()),
                },
                "server_time": rfc3339(self._clock()),
            }
        )

    async def config(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        return Json(
            {
                "version": self._version,
                "sign_in": {"local": True, "issuers": []},
                "features": {
                    "strategies": ["put", "multipart"],
                    "write_once": self._write_once,
                },
            }
        )

    async def health(self, request: Request) -> Response:  # noqa: ARG002 - as above
        """The process answers; says nothing of S3, so that no orchestrator restarts it for that."""
        return Json({"status": "ok"})

    async def ready(self, request: Request) -> Response:  # noqa: ARG002 - as above
        """Anyone may ask, so whoever comes while S3 is being asked shares that answer."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._s3_answers())
        await asyncio.shield(self._asking)
        return Json({"status": "ok"})

    async def metrics(self, request: Request) -> Response:
        self._check_scraper(request)
        return Response(self._metrics.render(), media_type=CONTENT_TYPE_LATEST)

    def _check_scraper(self, request: Request) -> None:
        """Loopback may scrape; others need the token. Raises Forbidden."""
        token = bearer_token(request)
        if token is not None and self._metrics_token is not None:
            if compare_digest(token.encode(), self._metrics_token.encode()):
                return
        elif token is None and is_loopback(request.client.host if request.client else ""):
            return
        raise Forbidden("Metrics are for loopback, or with BROKER_METRICS_TOKEN.")


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _grant(grant: Grant) -> dict[str, object]:
    longest = grant.max_expiry
    return {
        "bucket": grant.bucket,
        "prefix": grant.prefix,
        "actions": sorted(grant.actions),
        "max_size": grant.max_size,
        "types": list(grant.types),
        "max_expiry": None if longest is None else int(longest.total_seconds()),
        "overwrite": grant.overwrite,
    }
