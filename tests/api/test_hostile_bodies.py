"""Bodies that are no good: a 4xx problem with a stable code on every route, never a fault."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import httpx

    from tests.api.conftest import Refused, Uploading
    from tests.conftest import People

pytestmark = pytest.mark.anyio

KIB = 1024
BATCH_LIMIT = 1024 * KIB
SESSION = "/v1/session"
BATCHES: dict[str, Mapping[str, object]] = {
    "/v1/uploads": {"bucket": "t-any", "files": [{"name": "users/alice/a", "size": 1}]},
    "/v1/uploads/complete": {"ids": ["unknown"]},
    "/v1/uploads/unknown/parts": {"parts": [{"part_number": 1}]},
    "/v1/downloads": {"items": [{"bucket": "t-any", "key": "users/alice/a"}]},
    "/v1/objects/delete": {"bucket": "t-any", "keys": ["users/bob/a"]},
}
ROUTES = {SESSION: {"username": "nobody", "password": "wrong"}} | BATCHES
JSON_TYPE = {"content-type": "application/json"}

every_route = pytest.mark.parametrize("path", ROUTES)


def nested(depth: int) -> bytes:
    return b'{"files":' + b"[" * depth + b"]" * depth + b"}"


HOSTILE = {
    "nothing": (b"", 400),
    "a lone brace": (b"{", 400),
    "byte FF": (b"\xff", 400),
    "byte FF in text": (b'{"bucket":"\xff"}', 400),
    "UTF-16": ('{"bucket":"a"}'.encode("utf-16"), 400),
    "a lone surrogate": (b'{"bucket":"\\ud800"}', 400),
    "a lone surrogate as a name": (b'{"\\udfff":1}', 400),
    "an encoded surrogate": (b'{"bucket":"\xed\xa0\x80"}', 400),
    "a raw control character": (b'{"bucket":"\x01"}', 400),
    "two documents": (b"{}{}", 400),
    "5,000 digits": (b'{"size":' + b"9" * 5000 + b"}", 400),
    "2,000 levels": (nested(2000), 400),
    "200,000 levels": (nested(200_000), 400),
    "NaN": (b'{"size":NaN}', 422),
    "Infinity": (b'{"size":-Infinity}', 422),
    "1e400": (b'{"size":1e400}', 422),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "text": (b'"text"', 422),
    "a number": (b"1", 422),
    "an empty object": (b"{}", 422),
    "an unknown field": (b'{"__proto__":{"admin":true}}', 422),
}
CODES = {400: "malformed_body", 413: "body_too_large", 422: "invalid_request"}


def limit_of(path: str) -> int:
    return BATCH_LIMIT if path in BATCHES else 64 * KIB


@every_route
@pytest.mark.parametrize("fault", HOSTILE)
async def test_a_hostile_body_is_refused(
    people: People, refused: Refused, path: str, fault: str
) -> None:
    body, status = HOSTILE[fault]
    if len(body) > limit_of(path):
        status = 413
    answer = await people.alice.post(path, content=body, headers=JSON_TYPE)
    refused(answer, status, CODES[status])


@every_route
async def test_an_unknown_field_beside_the_right_ones_is_named(
    people: People, refused: Refused, path: str
) -> None:
    answer = await people.alice.post(path, json={**ROUTES[path], "admin": True})
    problem = refused(answer, 422, "invalid_request")
    assert problem["errors"] == [{"field": "admin", "detail": "is not known"}]


@every_route
@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "text/plain; application/json",
    ],
)
async def test_another_media_type_is_refused(
    people: People, refused: Refused, path: str, media_type: str | None
) -> None:
    """A page elsewhere can send these without a preflight."""
    headers = {} if media_type is None else {"content-type": media_type}
    body = json.dumps(ROUTES[path]).encode()
    answer = await people.alice.post(path, content=body, headers=headers)
    refused(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_json_is_taken_by_any_of_its_names(
    people: People, uploading: Uploading, media_type: str
) -> None:
    wish = {"bucket": uploading.bucket.name, "files": [{"name": "users/alice/a", "size": 1}]}
    headers = {"content-type": media_type}
    body = json.dumps(wish).encode()
    assert (await people.alice.post("/v1/uploads", content=body, headers=headers)).is_success


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 4 * KIB):
        yield body[start : start + 4 * KIB]


async def posted(
    client: httpx.AsyncClient, path: str, length: int, *, declared: bool
) -> httpx.Response:
    """Send the route's own body, with spaces behind it up to the length."""
    body = json.dumps(ROUTES[path]).encode().ljust(length)
    content = body if declared else in_pieces(body)
    return await client.post(path, content=content, headers=JSON_TYPE)


@every_route
@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_may_reach_its_limit_and_not_pass_it(
    people: People, refused: Refused, path: str, *, declared: bool
) -> None:
    limit = limit_of(path)
    at_limit = await posted(people.alice, path, limit, declared=declared)
    assert at_limit.status_code not in {400, 413, 415, 422}
    above = await posted(people.alice, path, limit + 1, declared=declared)
    refused(above, 413, "body_too_large")


@every_route
async def test_a_body_without_an_end_is_cut_at_the_limit(
    people: People, refused: Refused, path: str
) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 64 * KIB
            yield b" " * (64 * KIB)

    answer = await people.alice.post(path, content=endless(), headers=JSON_TYPE)
    refused(answer, 413, "body_too_large")
    assert taken <= limit_of(path) + 2 * 64 * KIB


@pytest.mark.parametrize("path", BATCHES)
@pytest.mark.parametrize("length", ["9" * 19, "9" * 5000, "-1", "\u00b2", "1e3", ""])
async def test_a_declared_length_of_any_form_does_no_harm(
    people: People, path: str, length: str
) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", length.encode("latin-1")),
    ]
    body = json.dumps(ROUTES[path]).encode()
    answer = await people.alice.post(path, content=body, headers=headers)
    assert answer.status_code < 500
    assert (answer.status_code == 413) == (length == "9" * 19)


@pytest.mark.parametrize("path", BATCHES)
async def test_a_stranger_is_sent_away_before_the_body_is_read(
    people: People, refused: Refused, path: str
) -> None:
    asked = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal asked
        asked = True
        yield b"{}"

    answer = await people.stranger.post(path, content=body(), headers=JSON_TYPE)
    refused(answer, 401, "unauthenticated")
    assert not asked
