"""A load generator in the servers' own language: one request, many times, over kept connections.

It parses no more than it must, so that the server is what is measured.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial

CONNECTIONS = 16


class _Connection(asyncio.Protocol):
    """Sends the request again as soon as its answer has arrived whole."""

    def __init__(self, request: bytes, quota: int, done: asyncio.Future[int]) -> None:
        self._request = request
        self._quota = quota
        self._done = done
        self._transport: asyncio.Transport | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        length = answer_length(self._received)
        if length is None or len(self._received) < length:
            return
        if not self._received.startswith(b"HTTP/1.1 200"):
            self._done.set_exception(RuntimeError(self._received[:200].decode()))
            return
        self._received = b""
        self._quota -= 1
        if self._transport is None or self._quota <= 0:
            self._done.set_result(0)
            return
        self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionResetError())


def answer_length(received: bytes) -> int | None:
    """Return the bytes of the whole answer, or None until its head is there."""
    head = received.find(b"\r\n\r\n")
    if head < 0:
        return None
    start = received.find(b"content-length: ") + len(b"content-length: ")
    return head + 4 + int(received[start : received.find(b"\r\n", start)])


async def seconds_for(port: int, request: bytes, count: int) -> float:
    """Send `count` requests, shared among the connections; return the wall seconds."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    futures = []
    for _ in range(CONNECTIONS):
        done: asyncio.Future[int] = loop.create_future()
        connect = partial(_Connection, request, count // CONNECTIONS, done)
        await loop.create_connection(connect, "127.0.0.1", port)
        futures.append(done)
    await asyncio.gather(*futures)
    return time.perf_counter() - started
