"""What S3 says when it fails is the broker's to know; people are told what they can do."""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from broker.dev.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx

    from tests.api.conftest import Refused
    from tests.conftest import Broker, People

    Request = tuple[str, str, Mapping[str, object]]

pytestmark = pytest.mark.anyio

KEY = "users/alice/a"
PLACE = {"bucket": "t-missing", "key": KEY}
BELOW = {"bucket": "t-missing", "prefix": "users/alice/"}
FILE = {"name": KEY, "size": 5, "type": "text/plain"}
ASKED_OF_S3: list[Request] = [
    (
        "POST",
        "/v1/uploads",
        {"json": {"bucket": "t-missing", "files": [FILE], "strategy": "multipart"}},
    ),
    ("GET", "/v1/uploads", {"params": BELOW}),
    ("GET", "/v1/objects", {"params": BELOW}),
    ("GET", "/v1/objects/metadata", {"params": PLACE}),
    ("POST", "/v1/objects/delete", {"json": {"bucket": "t-missing", "keys": [KEY]}}),
]
SIGNED_ALONE: list[Request] = [
    ("POST", "/v1/uploads", {"json": {"bucket": "t-missing", "files": [FILE]}}),
    ("POST", "/v1/downloads", {"json": {"items": [PLACE]}}),
]
needs_s3 = pytest.mark.parametrize("request_", ASKED_OF_S3, ids=lambda one: " ".join(one[:2]))
# What an answer of S3 might hold, and a library's words for it.
FOREIGN = ("AKIAEXAMPLE", "internal.example", "S3's own words", "boto", "Error", "urllib", "http:")


async def ask(client: httpx.AsyncClient, request: Request) -> httpx.Response:
    method, path, wish = request
    return await client.request(method, path, **wish)  # type: ignore[arg-type] # json or params


def check_told_nothing(answer: httpx.Response) -> None:
    assert [word for word in FOREIGN if word in answer.text] == []


@needs_s3
async def test_a_bucket_that_is_not_there_is_not_found(
    people: People, refused: Refused, request_: Request
) -> None:
    answer = await ask(people.alice, request_)
    refused(answer, 404, "not_found")
    assert "NoSuchBucket" not in answer.text


@contextmanager
def s3_that_answers(status: int, body: bytes) -> Iterator[str]:
    """An S3 with one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def handle_all(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_all

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
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


@needs_s3
@pytest.mark.parametrize(
    "code", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "SomethingNew"]
)
async def test_a_refusal_of_the_brokers_own_credentials_is_a_bad_gateway(
    make_broker: Callable[..., Broker], refused: Refused, request_: Request, code: str
) -> None:
    with s3_that_answers(403, error(code)) as url:
        async with make_broker(s3=at(url)).person("alice") as alice:
            answer = await ask(alice, request_)
    refused(answer, 502, "s3_refused")
    check_told_nothing(answer)


@needs_s3
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, error("InternalError")),
        (503, error("SlowDown")),
        (503, b""),
        (502, b"<html>S3's own words</html>"),
        (500, b"<Error><Code>Internal"),
    ],
)
async def test_a_failing_s3_is_to_be_asked_again_later(
    make_broker: Callable[..., Broker],
    refused: Refused,
    request_: Request,
    status: int,
    body: bytes,
) -> None:
    with s3_that_answers(status, body) as url:
        async with make_broker(s3=at(url)).person("alice") as alice:
            answer = await ask(alice, request_)
    refused(answer, 503, "s3_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    check_told_nothing(answer)


@needs_s3
async def test_an_s3_that_refuses_connections_is_to_be_asked_again_later(
    make_broker: Callable[..., Broker], refused: Refused, request_: Request
) -> None:
    url = f"http://127.0.0.1:{free_port(0)}"
    async with make_broker(s3=at(url)).person("alice") as alice:
        answer = await ask(alice, request_)
    refused(answer, 503, "s3_unavailable")
    check_told_nothing(answer)


@needs_s3
@pytest.mark.parametrize("body", [b"", b"<html>S3's own words</html>", b"<a", b"\xff\x00"])
async def test_an_s3_that_answers_rubbish_is_no_fault_of_the_broker(
    make_broker: Callable[..., Broker], request_: Request, body: bytes
) -> None:
    """A proxy in between may answer 200 with a page of its own."""
    with s3_that_answers(200, body) as url:
        async with make_broker(s3=at(url)).person("alice") as alice:
            answer = await ask(alice, request_)
    assert answer.status_code != 500
    check_told_nothing(answer)


async def test_signing_goes_on_without_s3(make_broker: Callable[..., Broker]) -> None:
    url = f"http://127.0.0.1:{free_port(0)}"
    async with make_broker(s3=at(url)).person("alice") as alice:
        for request in SIGNED_ALONE:
            assert "X-Amz-Signature=" in (await ask(alice, request)).text


async def test_without_s3_the_process_is_healthy_and_not_ready(
    make_broker: Callable[..., Broker], refused: Refused
) -> None:
    url = f"http://127.0.0.1:{free_port(0)}"
    async with make_broker(s3=at(url)).client() as probe:
        assert (await probe.get("/healthz")).status_code == 200
        refused(await probe.get("/readyz"), 503, "s3_unavailable")
