"""Two S3s for the edges that speak to it: moto, and a server that answers what it is told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from broker.s3.breaker import Breaker
from broker.s3.client import Patience, S3Client

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_s3 import S3Client as Boto3Client

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
BUCKET = "uploads"
PATIENCE = Patience(timedelta(seconds=10), timedelta(seconds=1), timedelta(seconds=4), threads=4)


@pytest.fixture(scope="session")
def plain_client() -> Boto3Client:
    """Made once, as it takes a while; it reaches moto while that is there."""
    return boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
    )


@pytest.fixture
def moto_s3(plain_client: Boto3Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Boto3Client]:
    """An empty S3 with one bucket, which takes parts of any size."""
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1)
    with mock_aws():
        plain_client.create_bucket(Bucket=BUCKET)
        yield plain_client


@pytest.fixture
def to_moto(moto_s3: Boto3Client) -> Iterator[S3Client]:
    client = S3Client(lambda _: moto_s3, patience=PATIENCE, breaker=Breaker(time.monotonic))
    yield client
    client.close()


@dataclass
class Told:
    """What the next requests are answered with, and what came."""

    url: str
    status: int = 200
    body: bytes = b""
    seen: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)


@pytest.fixture
def told() -> Iterator[Told]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            script.seen.append((self.command, self.path, headers))
            self.send_response(script.status)
            self.send_header("content-length", str(len(script.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(script.body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script = Told(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield script
    server.shutdown()
    thread.join()
    server.server_close()
