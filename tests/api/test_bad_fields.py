"""Well-formed requests that ask for what cannot be: each field at its limits and past them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.api.conftest import Refused, Uploading
    from tests.conftest import Broker, Bucket, Json, People

pytestmark = pytest.mark.anyio

GIB = 1024**3
LARGEST = 10_000 * 5 * GIB
"""Bytes: parts of an object times their size."""

ROOM = 1024 - len("users/alice/")
INVALID: tuple[int, str] = (422, "invalid_request")
KEY: tuple[int, str] = (422, "invalid_key")

FILES: list[tuple[dict[str, object], tuple[int, str]]] = [
    ({"size": -1}, (422, "invalid_size")),
    ({"size": LARGEST + 1}, (422, "invalid_size")),
    ({"size": 10**400}, (422, "invalid_size")),
    ({"size": "5"}, INVALID),
    ({"size": 5.5}, INVALID),
    ({"size": True}, INVALID),
    ({"size": None}, INVALID),
    ({"size": [5]}, INVALID),
    ({"name": ""}, KEY),
    ({"name": "users/alice/" + "a" * (ROOM + 1)}, KEY),
    ({"name": "users/alice/" + "é" * (ROOM // 2 + 1)}, KEY),
    ({"name": "users/alice/" + "a" * 4096}, INVALID),
    ({"name": "users/alice/a\x7f"}, KEY),
    ({"name": "users/alice/a\u0085"}, KEY),
    ({"name": 5}, INVALID),
    ({"name": ["users/alice/a"]}, INVALID),
    ({"type": "text"}, (422, "invalid_type")),
    ({"type": "text/"}, (422, "invalid_type")),
    ({"type": "text/html\r\nx-a: b"}, (422, "invalid_type")),
    ({"type": "text/plain, text/html"}, (422, "invalid_type")),
    ({"type": "a/" + "b" * 126}, (422, "invalid_type")),
    ({"type": None}, INVALID),
    ({"type": "a/" + "b" * 1023}, INVALID),
    ({"fingerprint": ""}, INVALID),
    ({"fingerprint": "a b"}, INVALID),
    ({"fingerprint": "a" * 129}, INVALID),
    ({"fingerprint": "a\n"}, INVALID),
    ({"client_id": "a" * 129}, INVALID),
    ({"client_id": 1}, INVALID),
    ({"if_exists": "maybe"}, INVALID),
    ({"if_exists": True}, INVALID),
    ({"key": "users/alice/a"}, INVALID),
    ({"mark": "mine"}, INVALID),
]


@pytest.mark.parametrize("strategy", ["put", "multipart"])
@pytest.mark.parametrize(("change", "expected"), FILES)
async def test_a_file_that_cannot_be_is_refused(
    people: People,
    uploading: Uploading,
    refused: Refused,
    change: dict[str, object],
    expected: tuple[int, str],
    strategy: str,
) -> None:
    wish = {"name": "users/alice/a", "size": 5, "type": "text/plain"} | change
    answer = await uploading.ask(people.alice, wish, strategy=strategy)
    refused(answer, *expected)
    assert uploading.bucket.contents() == set()
    assert uploading.bucket.open_uploads() == []


@pytest.mark.parametrize(
    "change",
    [
        {"size": 0},
        {"size": LARGEST},
        {"name": "users/alice/" + "a" * ROOM},
        {"name": "users/alice/" + "é" * (ROOM // 2)},
        {"type": "a/" + "b" * 125},
        {"type": ""},
        {"fingerprint": "a" * 128},
        {"fingerprint": None},
        {"client_id": "a" * 128},
        {"if_exists": None},
    ],
)
async def test_a_file_at_its_limits_is_taken(
    people: People, uploading: Uploading, change: dict[str, Any]
) -> None:
    upload = await uploading.create(people.alice, strategy="multipart", **change)
    assert upload["state"] == "pending"


async def test_a_single_put_takes_five_gib_and_no_byte_more(
    people: People, uploading: Uploading, refused: Refused
) -> None:
    await uploading.create(people.alice, size=5 * GIB, strategy="put")
    wish = {"name": "users/alice/a", "size": 5 * GIB + 1}
    refused(await uploading.ask(people.alice, wish, strategy="put"), 422, "invalid_size")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"profile": "avatar"}, INVALID),
        ({"bucket": None}, INVALID),
        ({"bucket": None, "profile": "avatar", "prefix": "users/alice/"}, INVALID),
        ({"bucket": None, "profile": "unknown"}, (403, "forbidden")),
        ({"bucket": None, "profile": "a" * 65}, INVALID),
        ({"bucket": "t-" + "a" * 62}, INVALID),
        ({"bucket": ""}, (403, "forbidden")),
        ({"bucket": "T-A"}, (403, "forbidden")),
        ({"bucket": "t-a/b"}, (403, "forbidden")),
        ({"bucket": "t-a?x=1"}, (403, "forbidden")),
        ({"bucket": "t-a..b"}, (403, "forbidden")),
        ({"bucket": "arn:aws:s3:::t-a"}, (403, "forbidden")),
        ({"prefix": "users/alice"}, KEY),
        ({"prefix": "users/alice/../bob/"}, KEY),
        ({"prefix": "/"}, KEY),
        ({"prefix": "a" * 1025}, INVALID),
        ({"strategy": "post"}, INVALID),
        ({"strategy": None}, INVALID),
        ({"strategy": "PUT"}, INVALID),
        ({"files": []}, INVALID),
        ({"files": {}}, INVALID),
        ({"files": None}, INVALID),
        ({"files": [None]}, INVALID),
    ],
)
async def test_a_destination_that_cannot_be_is_refused(
    people: People,
    uploading: Uploading,
    refused: Refused,
    change: dict[str, object],
    expected: tuple[int, str],
) -> None:
    answer = await uploading.ask(people.alice, {"name": "users/alice/a", "size": 5}, **change)
    refused(answer, *expected)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [{"part_number": 0}],
        [{"part_number": -1}],
        [{"part_number": 3}],
        [{"part_number": 1}, {"part_number": 3}],
        [{"part_number": 10_000}],
        [{"part_number": 10_001}],
        [{"part_number": 10**30}],
        [{"part_number": "1"}],
        [{"part_number": 1.5}],
        [{"part_number": True}],
        [{"part_number": 1, "size": 1}],
        [{}],
        [1],
        [{"part_number": 1}] * 10_001,
        {"part_number": 1},
        None,
    ],
)
async def test_a_part_out_of_the_plan_is_not_signed(
    people: People, uploading: Uploading, refused: Refused, parts: object
) -> None:
    upload = await uploading.create(
        people.alice, size=8 * 1024**2 + 1, strategy="multipart", fingerprint="two-parts"
    )
    answer = await people.alice.post(f"/v1/uploads/{upload['id']}/parts", json={"parts": parts})
    refused(answer, *INVALID)


async def test_ten_thousand_parts_are_signed_at_once(people: People, uploading: Uploading) -> None:
    upload = await uploading.create(people.alice, size=LARGEST, strategy="multipart")
    assert upload["target"]["part_count"] == 10_000
    wish = {"parts": [{"part_number": number} for number in range(1, 10_001)]}
    answer = await people.alice.post(f"/v1/uploads/{upload['id']}/parts", json=wish)
    urls = {part["url"] for part in answer.json()["parts"]}
    assert len(urls) == 10_000


@pytest.mark.parametrize("ids", [[], ["a"] * 1001, [1], [None], "a", None])
async def test_a_list_of_ids_that_cannot_be_is_refused(
    people: People, refused: Refused, ids: object
) -> None:
    refused(await people.alice.post("/v1/uploads/complete", json={"ids": ids}), *INVALID)


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
    people: People, broker: Broker, bucket: Bucket, path: str, text: str, name: str
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
