"""Uploads step by step as a client makes them, and what every problem answer must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import httpx

    from tests.conftest import Bucket, Json

    Refused = Callable[[httpx.Response, int, str], Json]

MIB = 1024 * 1024
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


def check_problem(answer: httpx.Response, status: int, code: str) -> Json:
    """Return a problem's document, once it is one by RFC 9457 and holds nothing signed."""
    document: Json = answer.json()
    assert (answer.status_code, document["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert document.keys() >= PROBLEM_MEMBERS
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["request_id"] == answer.headers["x-request-id"]
    assert "X-Amz-Signature" not in answer.text
    return document


@pytest.fixture
def refused() -> Refused:
    return check_problem


@dataclass(frozen=True)
class Uploading:
    """Uploads into one bucket."""

    bucket: Bucket

    async def ask(
        self, client: httpx.AsyncClient, *files: Mapping[str, object], **wish: object
    ) -> httpx.Response:
        """Ask for uploads, below the client's own prefix unless `prefix` says another."""
        body = {"bucket": self.bucket.name, "files": files} | wish
        return await client.post("/v1/uploads", json=body)

    async def create(
        self,
        client: httpx.AsyncClient,
        name: str = "users/alice/a.txt",
        size: int = 5,
        *,
        strategy: str = "auto",
        **file: object,
    ) -> Json:
        """Return the one upload that was asked for; `file` has further members of it."""
        wish = {"name": name, "size": size, "type": "text/plain"} | file
        answer = await self.ask(client, wish, strategy=strategy)
        assert answer.status_code == 201, answer.text
        (upload,) = answer.json()["uploads"]
        return dict(upload)

    def put(self, upload: Json, body: bytes) -> int:
        """Send a single PUT's bytes; return S3's status."""
        target = upload["target"]
        return self.bucket.send(target["url"], body, target["headers"])

    def put_parts(self, parts: Iterable[Json], body: bytes, part_size: int = 8 * MIB) -> set[int]:
        """Send parts of a whole body; return S3's statuses."""
        statuses = set()
        for part in parts:
            start = (part["part_number"] - 1) * part_size
            piece = body[start : start + part["size"]]
            statuses.add(self.bucket.send(part["url"], piece, part["headers"]))
        return statuses

    async def finished(
        self, client: httpx.AsyncClient, name: str = "users/alice/a.txt", body: bytes = b"hello"
    ) -> Json:
        """Return an upload that is complete."""
        upload = await self.create(client, name, len(body))
        assert self.put(upload, body) == 200
        answer = await complete(client, upload)
        assert answer.status_code == 200, answer.text
        return upload


async def complete(client: httpx.AsyncClient, upload: Json) -> httpx.Response:
    return await client.post(f"/v1/uploads/{upload['id']}/complete")


@pytest.fixture
def uploading(bucket: Bucket) -> Uploading:
    return Uploading(bucket)
