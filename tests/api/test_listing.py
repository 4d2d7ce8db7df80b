"""Listing, looking at and deleting objects, also those that others have made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Refused, Uploading
    from tests.conftest import Bucket, Json, People

pytestmark = pytest.mark.anyio

HOME = "users/alice/"
ODD_KEYS = [
    "a//b",
    "a/../b",
    "./a",
    "..",
    "/a",
    "//",
    "${x}",
    "a%2e%2e/b",
    "a\nb",
    "a\rb",
    "a\tb",
    "a\x01b",
    "a\x7fb",
    "a&lt;<b>\"'",
    "a+b c",
    " ",
    "\u202eb",
    "\ufffe",
    "🪣" * 200,
]


async def page(
    client: httpx.AsyncClient, bucket: Bucket, prefix: str = HOME, **query: str | int
) -> Json:
    answer = await client.get(
        "/v1/objects", params={"bucket": bucket.name, "prefix": prefix, **query}
    )
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    assert found["complete"] == (found["cursor"] is None)
    return found


def keys_of(found: Json) -> list[str]:
    return [row["key"] for row in found["objects"]]


async def test_pages_follow_each_other_until_all_is_listed(people: People, bucket: Bucket) -> None:
    keys = [f"{HOME}{number}" for number in range(7)]
    for key in keys:
        bucket.store(key)
    bucket.store("users/bob/a")
    listed: list[str] = []
    cursor = ""
    for expected in (3, 3, 1):
        found = await page(people.alice, bucket, limit=3, cursor=cursor)
        assert len(found["objects"]) == expected
        listed += keys_of(found)
        cursor = found["cursor"] or ""
    assert listed == keys
    assert cursor == ""


async def test_a_listed_object_is_told_as_s3_has_it(people: People, bucket: Bucket) -> None:
    bucket.store(f"{HOME}a", b"hello")
    head = bucket.s3.head_object(Bucket=bucket.name, Key=f"{HOME}a")
    assert (await page(people.alice, bucket))["objects"] == [
        {
            "key": f"{HOME}a",
            "size": 5,
            "etag": head["ETag"].strip('"'),
            "last_modified": head["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "storage_class": "STANDARD",
        }
    ]


async def test_a_delimiter_folds_what_lies_deeper(people: People, bucket: Bucket) -> None:
    for key in ("a", "b/1", "b/2", "c/d/3"):
        bucket.store(HOME + key)
    found = await page(people.alice, bucket, delimiter="/")
    assert keys_of(found) == [f"{HOME}a"]
    assert found["prefixes"] == [f"{HOME}b/", f"{HOME}c/"]


async def test_an_empty_prefix_of_ones_own_is_an_empty_page(people: People, bucket: Bucket) -> None:
    found = await page(people.alice, bucket)
    assert (found["objects"], found["prefixes"], found["complete"]) == ([], [], True)


@pytest.mark.parametrize("prefix", ["", ".", ".b", ".broke"])
@pytest.mark.parametrize("delimiter", ["", "/"])
async def test_what_the_broker_keeps_is_shown_to_nobody(
    people: People, uploading: Uploading, bucket: Bucket, prefix: str, delimiter: str
) -> None:
    await uploading.create(people.alice, size=9 * 1024 * 1024, strategy="multipart")
    bucket.store(".broken")
    bucket.store(".broker")
    found = await page(people.admin, bucket, prefix, delimiter=delimiter)
    assert keys_of(found) == [".broken"]
    assert found["prefixes"] == []


async def test_what_the_broker_keeps_is_out_of_every_reach(
    people: People, bucket: Bucket, refused: Refused
) -> None:
    key = ".broker/uploads/a"
    bucket.store(key)
    place = {"bucket": bucket.name, "key": key}
    deletion = {"bucket": bucket.name, "keys": [key]}
    for answer in (
        await people.admin.get("/v1/objects/metadata", params=place),
        await people.admin.get("/v1/download", params=place),
        await people.admin.post("/v1/objects/delete", json=deletion),
    ):
        refused(answer, 422, "invalid_key")
    assert bucket.contents() == {key}


async def test_a_cursor_is_for_one_person_and_one_query(
    people: People, bucket: Bucket, refused: Refused
) -> None:
    for number in range(3):
        bucket.store(f"{HOME}{number}")
    cursor = (await page(people.alice, bucket, limit=1))["cursor"]
    query: dict[str, str | int] = {"bucket": bucket.name, "prefix": HOME, "cursor": cursor}
    others = [
        (people.admin, query),
        (people.alice, query | {"prefix": f"{HOME}1"}),
        (people.alice, query | {"delimiter": "/"}),
        (people.alice, query | {"cursor": cursor[:-1]}),
        (people.alice, query | {"cursor": cursor.swapcase()}),
    ]
    for client, other in others:
        answer = await client.get("/v1/objects", params=other)
        problem = refused(answer, 422, "invalid_request")
        assert problem["detail"] == "cursor: does not belong to this query."
    refused(await people.bob.get("/v1/objects", params=query), 403, "forbidden")
    assert keys_of(await page(people.alice, bucket, cursor=cursor, limit=2)) == [
        f"{HOME}1",
        f"{HOME}2",
    ]


async def test_a_ticket_is_no_cursor(
    people: People, uploading: Uploading, bucket: Bucket, refused: Refused
) -> None:
    upload = await uploading.create(people.alice)
    query = {"bucket": bucket.name, "prefix": HOME, "cursor": upload["id"]}
    answer = await people.alice.get("/v1/objects", params=query)
    refused(answer, 422, "invalid_request")


async def test_metadata_is_what_s3_says(people: People, bucket: Bucket) -> None:
    bucket.s3.put_object(
        Bucket=bucket.name,
        Key=f"{HOME}a",
        Body=b"hello",
        ContentType="text/markdown",
        CacheControl="max-age=60",
        Metadata={"colour": "blue"},
    )
    place = {"bucket": bucket.name, "key": f"{HOME}a"}
    answer = (await people.alice.get("/v1/objects/metadata", params=place)).json()
    assert answer.pop("last_modified").endswith("Z")
    assert answer == {
        **place,
        "size": 5,
        "type": "text/markdown",
        "etag": "5d41402abc4b2a76b9719d911017c592",
        "version_id": None,
        "cache_control": "max-age=60",
        "storage_class": "STANDARD",
        "metadata": {"colour": "blue"},
    }


async def test_what_is_not_there_has_no_metadata(
    people: People, bucket: Bucket, refused: Refused
) -> None:
    place = {"bucket": bucket.name, "key": f"{HOME}missing"}
    answer = await people.alice.get("/v1/objects/metadata", params=place)
    refused(answer, 404, "not_found")


@pytest.mark.parametrize("name", ODD_KEYS)
async def test_an_odd_key_made_by_others_is_listed_looked_at_and_deleted(
    people: People, bucket: Bucket, name: str
) -> None:
    bucket.store(name)
    bucket.store("bystander")
    assert name in keys_of(await page(people.admin, bucket, ""))
    place = {"bucket": bucket.name, "key": name}
    assert (await people.admin.get("/v1/objects/metadata", params=place)).status_code == 200

    wish = {"bucket": bucket.name, "keys": [name]}
    answer = await people.admin.post("/v1/objects/delete", json=wish)
    assert answer.json()["results"] == [{"key": name, "deleted": True}]
    assert keys_of(await page(people.admin, bucket, "")) == ["bystander"]


async def test_an_odd_key_spoils_no_deletion_of_others(people: People, bucket: Bucket) -> None:
    keys = ["a", "b\x01", "c"]
    for key in keys:
        bucket.store(key)
    wish = {"bucket": bucket.name, "keys": keys}
    answer = await people.admin.post("/v1/objects/delete", json=wish)
    assert answer.json()["results"] == [{"key": key, "deleted": True} for key in keys]
    assert bucket.contents() == set()


@pytest.mark.parametrize(
    "key", ["a//b", "a/../b", "./a", "..", "/a", "//", "${x}", "a\nb", "a\x01b"]
)
async def test_an_odd_key_is_never_signed(
    people: People, bucket: Bucket, refused: Refused, key: str
) -> None:
    bucket.store(key)
    wish = {"items": [{"bucket": bucket.name, "key": key}]}
    refused(await people.admin.post("/v1/downloads", json=wish), 422, "invalid_key")
