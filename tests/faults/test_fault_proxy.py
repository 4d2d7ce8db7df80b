"""The proxy that the fault tests stand on does what they believe."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.faults.proxy import Cut, Exchange, FaultProxy, Hold, Mode, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWER = b"0123456789"
REPLY = b"HTTP/1.1 503 Slow Down\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno"


class Digits(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
        """Keeps quiet."""


@pytest.fixture(scope="module")
def server_port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Digits) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def digits(server_port: int) -> Iterator[FaultProxy]:
    with FaultProxy(server_port) as proxy:
        yield proxy


@pytest.fixture
def client(digits: FaultProxy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=digits.url, timeout=5, trust_env=False) as client:
        yield client


def is_get(exchange: Exchange) -> bool:
    return exchange.method == "GET"


def test_it_passes_bytes_and_notes_each_exchange(digits: FaultProxy, client: httpx.Client) -> None:
    assert client.get("/a?b=c").content == ANSWER
    assert client.put("/big", content=bytes(1_000_000)).content == ANSWER

    assert digits.exchanges == [Exchange("GET", "/a?b=c", 200), Exchange("PUT", "/big", 200)]


def test_refusing_ends_open_connections_and_takes_no_new_ones_until_it_passes_again(
    digits: FaultProxy, client: httpx.Client
) -> None:
    client.get("/")
    digits.switch(Mode.REFUSE)

    for _ in range(2):  # the open connection, then a new one
        with pytest.raises(httpx.TransportError):
            client.get("/")
    with pytest.raises(httpx.ConnectError):
        httpx.get(digits.url, trust_env=False)

    digits.switch(Mode.PASS)
    assert client.get("/").content == ANSWER


def test_hanging_accepts_and_answers_only_once_it_passes_again(
    digits: FaultProxy, client: httpx.Client
) -> None:
    digits.switch(Mode.HANG)
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(digits.url, timeout=0.2, trust_env=False)

    answers: list[bytes] = []
    waiting = Thread(target=lambda: answers.append(client.get("/late").content))
    waiting.start()
    digits.wait_for(lambda exchange: exchange.target == "/late")
    digits.switch(Mode.PASS)
    waiting.join()

    assert answers == [ANSWER]


@pytest.mark.parametrize("after", [0, 1, 120])  # nothing, a byte, into the body
def test_a_cut_answer_never_arrives_whole_and_the_next_one_does(
    after: int, digits: FaultProxy, client: httpx.Client
) -> None:
    digits.plan(is_get, Cut(after), times=1)

    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/")

    assert client.get("/").content == ANSWER
    assert [exchange.status for exchange in digits.exchanges] == [None, 200]


def test_a_held_answer_never_comes(digits: FaultProxy, client: httpx.Client) -> None:
    digits.plan(is_get, Hold(), times=1)

    with pytest.raises(httpx.ReadTimeout):
        client.get("/", timeout=0.2)

    assert client.get("/").content == ANSWER


def test_a_reply_of_its_own_keeps_the_request_from_the_server(
    digits: FaultProxy, client: httpx.Client
) -> None:
    digits.plan(lambda exchange: exchange.target == "/planned", Reply(REPLY), times=2)

    statuses = [client.put("/planned", content=bytes(300_000)).status_code for _ in range(3)]

    assert client.put("/other", content=b"x").status_code == 200
    assert statuses == [503, 503, 200]
