"""Requests about many things: each succeeds or fails alone, and is told apart in the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Refused, Uploading
    from tests.conftest import Bucket, Json, People

pytestmark = pytest.mark.anyio

PART = 8 * 1024 * 1024
KEPT = ".broker/uploads/kept"


async def test_files_succeed_and_fail_alone_in_their_order(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    bucket.store("users/alice/there")
    answer = await uploading.ask(
        people.alice,
        {"client_id": "put", "name": "users/alice/a", "size": 1},
        {"client_id": "size", "name": "users/alice/b", "size": -1},
        {"client_id": "key", "name": "users/alice/../bob/a", "size": 1},
        {"client_id": "policy", "name": "users/bob/a", "size": 1},
        {"client_id": "type", "name": "users/alice/c", "size": 1, "type": "odd"},
        {"client_id": "limit", "name": "once/alice/d", "size": 16 * 1024 + 1, "type": "text/plain"},
        {"name": "users/alice/e", "size": 17 * 1024 * 1024},
        {
            "client_id": "exists",
            "name": "users/alice/there",
            "size": 17 * 1024 * 1024,
            "if_exists": "fail",
        },
    )
    assert answer.status_code == 201
    assert [told(upload) for upload in answer.json()["uploads"]] == [
        ("put", "pending"),
        ("size", "invalid_size"),
        ("key", "invalid_key"),
        ("policy", "forbidden"),
        ("type", "invalid_type"),
        ("limit", "size_not_allowed"),
        (None, "pending"),
        ("exists", "object_exists"),
    ]
    assert len(bucket.open_uploads()) == 1


def told(upload: Json) -> tuple[str | None, str]:
    return upload["client_id"], upload["error"]["code"] if "error" in upload else upload["state"]


async def test_a_batch_that_fails_as_a_whole_has_the_first_ones_status(
    people: People, uploading: Uploading, refused: Refused
) -> None:
    answer = await uploading.ask(
        people.alice,
        {"client_id": "1", "name": "users/bob/a", "size": 1},
        {"client_id": "2", "name": "users/alice/b", "size": -1},
    )
    problem = refused(answer, 403, "forbidden")
    assert [told(upload) for upload in problem["uploads"]] == [
        ("1", "forbidden"),
        ("2", "invalid_size"),
    ]
    assert [upload["error"]["status"] for upload in problem["uploads"]] == [403, 422]


async def test_a_thousand_files_are_signed_at_once_and_no_more(
    people: People, uploading: Uploading, refused: Refused
) -> None:
    files = [
        {"client_id": str(number), "name": f"users/alice/{number}", "size": number}
        for number in range(1001)
    ]
    answer = await uploading.ask(people.alice, *files[:1000])
    uploads = answer.json()["uploads"]
    assert [upload["client_id"] for upload in uploads] == [str(number) for number in range(1000)]
    assert len({upload["id"] for upload in uploads}) == 1000
    assert uploading.put(uploads[999], b"x" * 999) == 200
    refused(await uploading.ask(people.alice, *files), 422, "invalid_request")


async def test_two_uploads_to_one_key_are_told_apart_by_their_marks(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    wish = {"name": "users/alice/a", "size": 5}
    first, second = (await uploading.ask(people.alice, wish, wish)).json()["uploads"]
    assert uploading.put(first, b"first") == 200
    assert uploading.put(second, b"after") == 200
    ids = [first["id"], second["id"]]
    items = (await people.alice.post("/v1/uploads/complete", json={"ids": ids})).json()["uploads"]
    assert items[0]["error"]["code"] == "object_replaced"
    assert items[1]["state"] == "complete"
    assert bucket.read("users/alice/a") == b"after"


async def test_completions_succeed_and_fail_alone(people: People, uploading: Uploading) -> None:
    whole = await uploading.finished(people.alice)
    empty = await uploading.create(people.alice, "users/alice/empty")
    parted = await uploading.create(
        people.alice, "users/alice/parted", PART + 1, strategy="multipart"
    )
    foreign = await uploading.finished(people.bob, "users/bob/a")
    ids = [whole["id"], empty["id"], parted["id"], foreign["id"], "unknown", whole["id"]]
    answer = await people.alice.post("/v1/uploads/complete", json={"ids": ids})
    assert answer.status_code == 200
    items = answer.json()["uploads"]
    assert [item["id"] for item in items] == ids
    assert [item["error"]["code"] if "error" in item else item["state"] for item in items] == [
        "complete",
        "upload_gone",
        "parts_missing",
        "upload_not_found",
        "upload_not_found",
        "complete",
    ]
    assert items[0]["object"]["key"] == "users/alice/a.txt"


async def test_completions_that_all_fail_have_the_first_ones_status(
    people: People, uploading: Uploading, refused: Refused
) -> None:
    parted = await uploading.create(
        people.alice, "users/alice/parted", PART + 1, strategy="multipart"
    )
    ids = [parted["id"], "unknown"]
    answer = await people.alice.post("/v1/uploads/complete", json={"ids": ids})
    problem = refused(answer, 409, "parts_missing")
    assert [item["error"]["status"] for item in problem["uploads"]] == [409, 404]


async def test_downloads_succeed_and_fail_alone(people: People, bucket: Bucket) -> None:
    bucket.store("users/alice/a", b"hers")
    keys = ["users/alice/a", "users/bob/a", "", "users/alice//a", "users/alice/missing"]
    items = [{"bucket": bucket.name, "key": key} for key in keys]
    answer = await people.alice.post("/v1/downloads", json={"items": items})
    downloads = answer.json()["downloads"]
    assert [download["key"] for download in downloads] == keys
    assert [download.get("error", {}).get("code") for download in downloads] == [
        None,
        "forbidden",
        "invalid_key",
        "invalid_key",
        None,
    ]
    assert bucket.get(downloads[0]["url"]).content == b"hers"
    assert bucket.get(downloads[4]["url"]).status_code == 404


async def test_deletions_succeed_and_fail_alone(people: People, bucket: Bucket) -> None:
    for key in ("users/alice/a", "users/alice/*", "users/bob/a", KEPT):
        bucket.store(key)
    keys = ["users/alice/*", "users/bob/a", KEPT, "users/alice/missing", "users/alice/*"]
    wish = {"bucket": bucket.name, "keys": keys}
    answer = await people.alice.post("/v1/objects/delete", json=wish)
    assert answer.status_code == 200
    results = {item["key"]: item for item in answer.json()["results"]}
    assert results["users/alice/*"]["deleted"]
    assert results["users/alice/missing"]["deleted"]  # as S3 says it
    assert results["users/bob/a"]["error"]["code"] == "forbidden"
    assert results[KEPT]["error"]["code"] == "invalid_key"
    assert bucket.contents() == {"users/alice/a", "users/bob/a", KEPT}
