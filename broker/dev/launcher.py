"""Runs ministack for as long as this process's standard input is open.

`broker.dev.embedded` executes this file with the Python of the S3's own environment; nothing
imports it. The parent holds the other end of standard input. However the parent ends, `kill -9`
included, the kernel closes that end, and this process stops itself cleanly, so that ministack
writes its bucket settings.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TypeAlias

Message: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

HEALTH_PATH = "/_ministack/health"
GRACE_SECONDS = 5.0


def end_with_stdin() -> None:
    """Waits for the end of standard input, then ends this process: cleanly, else by force."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    forced = threading.Timer(GRACE_SECONDS, os._exit, args=(1,))
    forced.daemon = True
    forced.start()
    os.kill(os.getpid(), signal.SIGTERM)


def without_administration(app: App) -> App:
    """Hides ministack's unauthenticated administration, which any web page could call.

    A POST to `/_ministack/reset` wipes every bucket. No bucket's name starts with `_`.
    """

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if path.startswith("/_") and path != HEALTH_PATH:
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await app(scope, receive, send)

    return guarded


def main() -> None:
    threading.Thread(target=end_with_stdin, daemon=True).start()
    ministack = importlib.import_module("ministack.app")
    vars(ministack)["app"] = without_administration(ministack.app)
    ministack.main()


if __name__ == "__main__":
    main()
