"""What S3 says when it fails is the broker's to know; people are told what they can do."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from broker.dev.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from tests.api.conftest import Refused
    from tests.conftest import Broker, People

    Wish = tuple[str, str, dict[str, Any]]

pytestmark = pytest.mark.anyio

KEY = "users/alice/a"
PLACE = {"bucket": "t-missing", "key": KEY}
BELOW = {"bucket": "t-missing", "prefix": "users/alice/"}
FILE = {"name": KEY, "size": 5, "type": "text/plain"}
UPLOAD = {"bucket": "t-missing", "files": [FILE]}
ASKED_OF_S3: list[Wish] = [
    ("POST", "/v1/uploads", {"json": UPLOAD | {"strategy": "multipart"}}),
    ("GET", "/v1/uploads", {"params": BELOW}),
    ("GET", "/v1/objects", {"params": BELOW}),
    ("GET", "/v1/objects/metadata", {"params": PLACE}),
    ("POST", "/v1/objects/delete", {"json": {"bucket": "t-missing", "keys": [KEY]}}),
]
SIGNED_ALONE: list[Wish] = [
    ("POST", "/v1/uploads", {"json": UPLOAD}),
    ("POST", "/v1/downloads", {"json": {"items": [PLACE]}}),
]
# Of the answers below, and of the library that reads them.
FOREIGN = ("AKIAEXAMPLE", "internal.example", "S3's own words", "boto", "Error", "urllib", "http:")


async def ask_all(client: httpx.AsyncClient, wishes: list[Wish]) -> list[httpx.Response]:
    """Ask at once: each may take the broker a second of trying again."""
    return await asyncio.gather(
        *(client.request(method, path, **wish) for method, path, wish in wishes)
    )


def check_told_nothing(answer: httpx.Response) -> None:
    assert [word for word in FOREIGN if word in answer.text] == []


async def test_a_bucket_that_is_not_there_is_not_found(people: People, refused: Refused) -> None:
    for answer in await ask_all(people.alice, ASKED_OF_S3):
        refused(answer, 404, "not_found")
        assert "NoSuchBucket" not in answer.text


@contextmanager
def s3_that_answers(status: int, body: bytes) -> Iterator[str]:
    """An S3 with one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def at(url: str) -> dict[str, str]:
    """The `[s3]` table for it."""
    return {"provider": "generic", "region": "us-east-1", "endpoint_url": url}


def error(code: str) -> bytes:
    message = "S3's own words: key AKIAEXAMPLE at s3.internal.example"
    return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()


@pytest.mark.parametrize(
    "code", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "SomethingNew"]
)
async def test_a_refusal_of_the_brokers_own_credentials_is_a_bad_gateway(
    make_broker: Callable[..., Broker], refused: Refused, code: str
) -> None:
    with s3_that_answers(403, error(code)) as url:
        async with make_broker(s3=at(url)).person("alice") as alice:
            answers = await ask_all(alice, ASKED_OF_S3)
    for answer in answers:
        refused(answer, 502, "s3_refused")
        check_told_nothing(answer)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, error("InternalError")),
        (503, error("SlowDown")),
        (503, b""),
        (502, b"<html>S3's own words</html>"),
    ],
)
async def test_a_failing_s3_is_to_be_asked_again_later(
    make_broker: Callable[..., Broker], refused: Refused, status: int, body: bytes
) -> None:
    with s3_that_answers(status, body) as url:
        async with make_broker(s3=at(url)).person("alice") as alice:
            answers = await ask_all(alice, ASKED_OF_S3)
    for answer in answers:
        refused(answer, 503, "s3_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        check_told_nothing(answer)


@pytest.fixture
def cut_off(make_broker: Callable[..., Broker]) -> Broker:
    """A broker whose S3 refuses connections."""
    return make_broker(s3=at(f"http://127.0.0.1:{free_port(0)}"))


async def test_an_s3_that_refuses_connections_is_to_be_asked_again_later(
    cut_off: Broker, refused: Refused
) -> None:
    async with cut_off.person("alice") as alice:
        for answer in await ask_all(alice, ASKED_OF_S3):
            refused(answer, 503, "s3_unavailable")
            assert int(answer.headers["retry-after"]) >= 1
            check_told_nothing(answer)


async def test_signing_goes_on_without_s3(cut_off: Broker) -> None:
    async with cut_off.person("alice") as alice:
        for answer in await ask_all(alice, SIGNED_ALONE):
            assert answer.is_success
            assert "X-Amz-Signature=" in answer.text


async def test_without_s3_the_process_is_healthy_and_not_ready(
    cut_off: Broker, refused: Refused
) -> None:
    async with cut_off.client() as probe:
        assert (await probe.get("/healthz")).status_code == 200
        refused(await probe.get("/readyz"), 503, "s3_unavailable")
