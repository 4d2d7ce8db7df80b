"""Downloads, deletions, queries and ids that cannot be: each field at its limits and past them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.api.conftest import Refused
    from tests.conftest import Bucket, Json, People

pytestmark = pytest.mark.anyio

INVALID: tuple[int, str] = (422, "invalid_request")
KEY: tuple[int, str] = (422, "invalid_key")

ITEM: Mapping[str, object] = {"bucket": "t-a", "key": "users/alice/a"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"items": []}, INVALID),
        ({"items": [ITEM] * 1001}, INVALID),
        ({"items": [{**ITEM, "method": "PUT"}]}, INVALID),
        ({"items": [{**ITEM, "version_id": ""}]}, INVALID),
        ({"items": [{**ITEM, "version_id": "a b"}]}, INVALID),
        ({"items": [{**ITEM, "version_id": "a\n"}]}, INVALID),
        ({"items": [{**ITEM, "version_id": "a" * 1025}]}, INVALID),
        ({"items": [{**ITEM, "key": ""}]}, KEY),
        ({"items": [{**ITEM, "key": "users/alice/../bob/a"}]}, KEY),
        ({"items": [{**ITEM, "key": ".broker/uploads/a"}]}, KEY),
        ({"items": [{**ITEM, "bucket": "t-a\n"}]}, (403, "forbidden")),
        ({"expires_in": 0}, INVALID),
        ({"expires_in": -1}, INVALID),
        ({"expires_in": 604_801}, INVALID),
        ({"expires_in": 10**400}, INVALID),
        ({"expires_in": 1.5}, INVALID),
        ({"expires_in": "60"}, INVALID),
        ({"expires_in": True}, INVALID),
        ({"disposition": "inline; x=y"}, INVALID),
        ({"disposition": ""}, INVALID),
        ({"filename": ""}, INVALID),
        ({"filename": "a" * 256}, INVALID),
        ({"response_content_type": "text/html"}, INVALID),
    ],
)
async def test_a_download_that_cannot_be_is_refused(
    people: People, refused: Refused, change: Mapping[str, object], expected: tuple[int, str]
) -> None:
    wish: dict[str, object] = {"items": [ITEM]}
    refused(await people.alice.post("/v1/downloads", json={**wish, **change}), *expected)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"keys": []}, INVALID),
        ({"keys": ["users/alice/a"] * 1001}, INVALID),
        ({"keys": [None]}, INVALID),
        ({"keys": "users/alice/a"}, INVALID),
        ({"keys": [""]}, KEY),
        ({"keys": [".broker/uploads/a"]}, KEY),
        ({"keys": [".broker"]}, KEY),
        ({"keys": ["users/alice/" + "a" * 1024]}, KEY),
        ({"keys": ["users/alice"]}, (403, "forbidden")),
        ({"prefix": "users/alice/"}, INVALID),
        ({"recursive": True}, INVALID),
    ],
)
async def test_a_deletion_that_cannot_be_is_refused(
    people: People,
    bucket: Bucket,
    refused: Refused,
    change: Mapping[str, object],
    expected: tuple[int, str],
) -> None:
    bucket.store("users/alice/a")
    bucket.store(".broker/uploads/a")
    wish: Json = {"bucket": bucket.name, "keys": ["users/alice/a"]}
    refused(await people.alice.post("/v1/objects/delete", json={**wish, **change}), *expected)
    assert bucket.contents() == {"users/alice/a", ".broker/uploads/a"}


QUERIES = ["/v1/uploads", "/v1/objects", "/v1/objects/metadata", "/v1/download"]


@pytest.mark.parametrize("path", QUERIES)
@pytest.mark.parametrize(
    "query",
    [
        "",
        "bucket=t-a&bucket=t-b&key=users/alice/a",
        "bucket=t-a&key=users/alice/a&key=users/alice/b",
        "bucket=t-a&key=users/alice/a&admin=1",
        "bucket=" + "a" * 64,
    ],
)
async def test_a_query_with_too_little_or_too_much_is_refused(
    people: People, refused: Refused, path: str, query: str
) -> None:
    refused(await people.alice.get(f"{path}?{query}"), *INVALID)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("limit=0", INVALID),
        ("limit=1001", INVALID),
        ("limit=-1", INVALID),
        ("limit=1e3", INVALID),
        ("limit=x", INVALID),
        ("limit=" + "9" * 5000, INVALID),
        ("limit=%F0%9D%9F%8F%00", INVALID),
        ("delimiter=|", INVALID),
        ("delimiter=//", INVALID),
        ("cursor=garbage", INVALID),
        ("cursor=" + "a" * 8193, INVALID),
        ("prefix=" + "a" * 1025, INVALID),
        ("prefix=" + "%C3%A9" * 513, KEY),
        ("prefix=.broker/", KEY),
        ("prefix=.broker", KEY),
        ("prefix=.broker/uploads/", KEY),
    ],
)
async def test_a_listing_that_cannot_be_is_refused(
    people: People, bucket: Bucket, refused: Refused, change: str, expected: tuple[int, str]
) -> None:
    answer = await people.admin.get(f"/v1/objects?bucket={bucket.name}&{change}")
    refused(answer, *expected)


@pytest.mark.parametrize("path", QUERIES)
@pytest.mark.parametrize("text", ["%ff", "%ed%a0%80", "%00", "%0d%0a", "%", "%zz", "%c0%ae", "+"])
@pytest.mark.parametrize("name", ["bucket", "prefix", "key"])
async def test_odd_bytes_in_a_query_are_no_fault(
    people: People, bucket: Bucket, path: str, text: str, name: str
) -> None:
    takes: dict[str, Any] = {"bucket": bucket.name}
    takes |= {"key": "a"} if path in QUERIES[2:] else {"prefix": ""}
    query = "&".join(f"{field}={value}" for field, value in (takes | {name: text}).items())
    answer = await people.admin.get(f"{path}?{query}")
    assert answer.status_code < 500, answer.text


@pytest.mark.parametrize(
    "sealed", ["a" * 8192, "a" * 8193, "%00", "%ff", "%E2%9C%93", "a.b", "..%2f..", "complete"]
)
@pytest.mark.parametrize("tail", ["", "/complete", "/target"])
async def test_an_odd_id_is_an_unknown_one(people: People, sealed: str, tail: str) -> None:
    method = "POST" if tail else "GET"
    answer = await people.alice.request(method, f"/v1/uploads/{sealed}{tail}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
