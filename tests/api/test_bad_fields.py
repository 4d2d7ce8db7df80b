"""Uploads that cannot be: each field at its limits and past them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Refused, Uploading
    from tests.conftest import People

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
