"""uvicorn, set up: one parser, no guessing about proxies, a drain that ends."""

from __future__ import annotations

import gc
import signal
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from starlette.applications import Starlette

    from broker.settings import Settings

DRAIN = timedelta(seconds=10)
COLLECT_AFTER = 50_000  # objects that outnumber those freed; Python's own 700 suits scripts
KEEP_ALIVE = timedelta(seconds=75)  # longer than the 60 s of the usual proxies


class Server(uvicorn.Server):
    """Calls `on_ready` with the port once it listens; ends by SIGINT and SIGTERM as uvicorn."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[int], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            _tune_collector()
            port: int = self.servers[0].sockets[0].getsockname()[1]
            self._on_ready(port)


def _tune_collector() -> None:
    """Leave what start-up made out of every collection, and collect the rest less often.

    Requests leave few cycles behind, while each young collection stops them all: measured, the
    defaults cost a fifth of the requests per second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 50)


def run(
    app: Starlette,
    settings: Settings,
    *,
    on_ready: Callable[[int], None] = lambda _: None,
) -> None:
    """Serve until SIGINT or SIGTERM, then drain and return. SIGHUP reads policy and users again."""
    server = Server(configure(app, settings), on_ready)
    signal.signal(signal.SIGHUP, lambda _number, _frame: app.state.core.reload())
    # uvicorn raises the signal again once it has drained; that is the caller's end, not a fault.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    with suppress(KeyboardInterrupt):
        server.run()


def configure(app: Starlette, settings: Settings) -> uvicorn.Config:
    """Return uvicorn's configuration.

    The access log is off: the audit trail and metrics tell more, and a URL could hold a token.
    """
    proxies = settings.server.trusted_proxies
    return uvicorn.Config(
        app,
        host=settings.server.host,
        port=settings.server.port,
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        server_header=False,
        timeout_keep_alive=int(KEEP_ALIVE.total_seconds()),
        timeout_graceful_shutdown=int(DRAIN.total_seconds()),
    )
