"""A TCP proxy that fails on demand: it refuses, hangs, cuts answers, or answers by itself."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from threading import Condition, Thread
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from types import TracebackType
    from typing import Self

LOOPBACK = "127.0.0.1"
CHUNK = 64 * 1024  # bytes
TURNS_TO_CONNECT = 5  # of the event loop; three were seen to be needed
PATIENCE = 15  # seconds that a condition may take
REQUEST = re.compile(rb"(GET|HEAD|PUT|POST|DELETE) (\S+) HTTP/1\.1\r\n")
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")

T = TypeVar("T")


class Mode(Enum):
    PASS = auto()
    REFUSE = auto()
    """Connections are refused, and those that are open end."""
    HANG = auto()
    """Connections open, and nothing moves on any."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The server gets the request; of its answer only the first bytes come through."""

    after: int


@dataclass(frozen=True, slots=True)
class Hold:
    """The server gets the request; its answer never comes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The server never gets the request; this comes back instead."""

    raw: bytes


Fault: TypeAlias = Cut | Hold | Reply
Stream: TypeAlias = "tuple[asyncio.StreamReader, asyncio.StreamWriter]"


@dataclass(slots=True)
class Exchange:
    """A request, and the status of the answer that came through."""

    method: str
    target: str
    status: int | None = None


@dataclass(slots=True)
class _Planned:
    fits: Callable[[Exchange], bool]
    fault: Fault
    times: int


class FaultProxy:
    """Stands before a server on loopback; its port stays taken while it refuses.

    Keeps each HTTP/1.1 request it sees in `exchanges`, as long as none are pipelined.
    """

    def __init__(self, server_port: int) -> None:
        self.exchanges: list[Exchange] = []
        self._server_port = server_port
        self._planned: list[_Planned] = []
        self._changed = Condition()  # guards the two lists
        self._loop = asyncio.new_event_loop()
        self._moving = asyncio.Event()
        self._links: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None  # None while it refuses

    def __enter__(self) -> Self:
        self._reserved = socket.socket()  # bound and never listening: holds the port
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._reserved.bind((LOOPBACK, 0))
        self.port: int = self._reserved.getsockname()[1]
        self._thread = Thread(target=self._loop.run_forever, name="fault proxy")
        self._thread.start()
        self.switch(Mode.PASS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.switch(Mode.REFUSE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._reserved.close()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def switch(self, mode: Mode) -> None:
        """Returns once the mode holds."""
        self._await(self._switch(mode))

    def plan(self, fits: Callable[[Exchange], bool], fault: Fault, *, times: int) -> None:
        """The next `times` requests that fit meet the fault."""
        with self._changed:
            self._planned.append(_Planned(fits, fault, times))

    def forget_faults(self) -> None:
        with self._changed:
            self._planned.clear()

    def reset(self) -> None:
        """Forgets faults and exchanges, and passes everything."""
        self.forget_faults()
        with self._changed:
            self.exchanges.clear()
        self.switch(Mode.PASS)

    def seen(self, fits: Callable[[Exchange], bool]) -> list[Exchange]:
        with self._changed:
            return [exchange for exchange in self.exchanges if fits(exchange)]

    def wait_for(self, fits: Callable[[Exchange], bool], count: int = 1) -> None:
        """Returns once that many exchanges fit. Raises AssertionError when that takes too long."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: sum(map(fits, self.exchanges)) >= count, PATIENCE
            )
        assert found, f"{count} such exchanges did not come: {self.exchanges}"

    def _await(self, work: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _switch(self, mode: Mode) -> None:
        if mode is Mode.PASS:
            self._moving.set()
        else:
            self._moving.clear()
        if mode is Mode.REFUSE:
            await self._refuse()
        elif self._listener is None:
            self._listener = await asyncio.start_server(
                self._accept, LOOPBACK, self.port, reuse_port=True
            )

    async def _refuse(self) -> None:
        if self._listener is not None:
            await self._stop_accepting(self._listener)
            self._listener.close()
            self._listener = None
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _stop_accepting(self, listener: asyncio.Server) -> None:
        """Let what was accepted become connections first.

        One that is accepted just before its server closes is left open, with nobody to read it:
        https://github.com/python/cpython/issues/109564
        """
        for listening in listener.sockets:
            self._loop.remove_reader(listening)
        for _ in range(TURNS_TO_CONNECT):
            await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._listener is None:  # it came just before
            writer.transport.abort()
            return
        link = self._loop.create_task(self._serve(reader, writer))
        self._links.add(link)
        link.add_done_callback(partial(self._ended, writer))

    def _ended(self, writer: asyncio.StreamWriter, link: asyncio.Task[None]) -> None:
        self._links.discard(link)
        if link.cancelled():  # maybe before its first step: then it has closed nothing
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with _closing(writer), suppress(OSError):  # whoever goes away ends the connection
            opened = await asyncio.open_connection(LOOPBACK, self._server_port)
            link = _Link(self, self._moving, (reader, writer), opened)
            with _closing(opened[1]):
                await _first_to_end(link.requests(), link.answers())

    def began(self, method: str, target: str) -> tuple[Exchange, Fault | None]:
        """Note a request, and say which fault it meets."""
        exchange = Exchange(method, target)
        with self._changed:
            self.exchanges.append(exchange)
            self._changed.notify_all()
            for planned in self._planned:
                if planned.times and planned.fits(exchange):
                    planned.times -= 1
                    return exchange, planned.fault
        return exchange, None

    def answered(self, exchange: Exchange, status: int) -> None:
        with self._changed:
            exchange.status = status
            self._changed.notify_all()


class _Link:
    """One connection: the client's to the proxy, and the proxy's to the server."""

    def __init__(
        self, proxy: FaultProxy, moving: asyncio.Event, client: Stream, server: Stream
    ) -> None:
        self._proxy = proxy
        self._moving = moving
        self._from_client, self._to_client = client
        self._from_server, self._to_server = server
        self._exchange = Exchange("", "")
        self._fault: Fault | None = None

    async def requests(self) -> None:
        while chunk := await self._from_client.read(CHUNK):
            if request := REQUEST.match(chunk):
                self._begin(request)
            await self._moving.wait()
            if not isinstance(self._fault, Reply):
                await _send(self._to_server, chunk)

    async def answers(self) -> None:
        while chunk := await self._from_server.read(CHUNK):
            await self._moving.wait()
            match self._fault:
                case Hold():
                    continue
                case Cut(after):
                    await _send(self._to_client, chunk[:after])
                    if len(chunk) >= after:
                        return
                    self._fault = Cut(after - len(chunk))
                case _:
                    self._note_status(chunk)
                    await _send(self._to_client, chunk)

    def _note_status(self, chunk: bytes) -> None:
        if status := STATUS.match(chunk):
            self._proxy.answered(self._exchange, int(status[1]))

    def _begin(self, request: re.Match[bytes]) -> None:
        method, target = (word.decode() for word in request.groups())
        self._exchange, self._fault = self._proxy.began(method, target)
        if isinstance(self._fault, Reply):
            self._to_client.write(self._fault.raw)


async def _send(writer: asyncio.StreamWriter, chunk: bytes) -> None:
    writer.write(chunk)
    await writer.drain()


async def _first_to_end(*works: Coroutine[None, None, None]) -> None:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _closing(writer: asyncio.StreamWriter) -> Iterator[None]:
    """What was written still leaves, unless the connection is to end at once."""
    try:
        yield
    except asyncio.CancelledError:
        writer.transport.abort()
        raise
    finally:
        writer.close()
