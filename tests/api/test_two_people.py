"""Alice's is Alice's: Bob meets the same answers as for what does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.api.conftest import Refused, Uploading
    from tests.conftest import Bucket, Json, People

pytestmark = pytest.mark.anyio

KEY = "users/alice/a.txt"
PART = 8 * 1024 * 1024
PARTS = {"parts": [{"part_number": 1}]}
ROUTES: list[tuple[str, str, object]] = [
    ("GET", "", None),
    ("DELETE", "", None),
    ("POST", "/complete", None),
    ("POST", "/target", None),
    ("POST", "/parts", PARTS),
]


@pytest.fixture(params=["put", "multipart"])
async def upload(request: pytest.FixtureRequest, people: People, uploading: Uploading) -> Json:
    return await uploading.create(people.alice, KEY, PART + 1, strategy=request.param)


def without_request_id(document: Json) -> Json:
    return {name: value for name, value in document.items() if name != "request_id"}


@pytest.mark.parametrize(("method", "tail", "body"), ROUTES)
async def test_a_foreign_upload_and_an_unknown_one_have_the_same_answer(
    people: People, upload: Json, refused: Refused, method: str, tail: str, body: object
) -> None:
    async def ask(sealed: str) -> Json:
        answer = await people.bob.request(method, f"/v1/uploads/{sealed}{tail}", json=body)
        return without_request_id(refused(answer, 404, "upload_not_found"))

    foreign = await ask(upload["id"])
    assert foreign == await ask("unknown")
    assert foreign == await ask(f"{upload['id'][:-1]}A")


async def test_the_admin_is_no_owner_either(people: People, upload: Json, refused: Refused) -> None:
    answer = await people.admin.get(f"/v1/uploads/{upload['id']}")
    refused(answer, 404, "upload_not_found")


async def test_what_bob_tried_has_changed_nothing_for_alice(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    upload = await uploading.create(people.alice, KEY, PART + 1, strategy="multipart")
    body = b"a" * PART + b"b"
    for method, tail, wish in ROUTES:
        await people.bob.request(method, f"/v1/uploads/{upload['id']}{tail}", json=wish)
    assert uploading.put_parts(upload["target"]["parts"], body) == {200}
    answer = await people.alice.post(f"/v1/uploads/{upload['id']}/complete")
    assert answer.status_code == 200
    assert bucket.read(KEY) == body


@pytest.mark.parametrize(
    "change", [lambda s: s[:-1], lambda s: f"{s}A", lambda s: s[1:], str.lower]
)
async def test_a_tampered_ticket_is_unknown_to_its_owner_too(
    people: People, upload: Json, refused: Refused, change: Callable[[str], str]
) -> None:
    answer = await people.alice.get(f"/v1/uploads/{change(upload['id'])}")
    refused(answer, 404, "upload_not_found")


async def test_the_halves_of_two_tickets_make_none(
    people: People, uploading: Uploading, refused: Refused
) -> None:
    """The payload of one upload under the seal of another (ids and keys mixed)."""
    first = await uploading.create(people.alice, KEY, PART + 1, strategy="multipart")
    second = await uploading.create(people.alice, "users/alice/b", PART + 1, strategy="multipart")
    mixed = f"{first['id'].partition('.')[0]}.{second['id'].partition('.')[2]}"
    answer = await people.alice.post(f"/v1/uploads/{mixed}/parts", json=PARTS)
    refused(answer, 404, "upload_not_found")


async def test_a_cursor_is_no_ticket(people: People, bucket: Bucket, refused: Refused) -> None:
    for number in range(2):
        bucket.store(f"users/alice/{number}")
    query: dict[str, str | int] = {"bucket": bucket.name, "prefix": "users/alice/", "limit": 1}
    cursor = (await people.alice.get("/v1/objects", params=query)).json()["cursor"]
    answer = await people.alice.get(f"/v1/uploads/{cursor}")
    refused(answer, 404, "upload_not_found")


@pytest.mark.parametrize(
    "name",
    [
        "users/alice/b.txt",
        "users/alice2/b.txt",
        "users/bob",
        "users/BOB/b.txt",
        "users/bobby/b.txt",
        "public/b.txt",
        "b.txt",
        "users\u2215bob/b.txt",
        "users/bob\u200b/b.txt",
    ],
)
async def test_bob_cannot_upload_outside_his_prefix(
    people: People, uploading: Uploading, refused: Refused, name: str
) -> None:
    answer = await uploading.ask(people.bob, {"name": name, "size": 5})
    refused(answer, 403, "forbidden")


@pytest.mark.parametrize(
    "name",
    [
        "users/bob/../alice/b.txt",
        "users/bob/./b.txt",
        "users/bob//b.txt",
        "/users/bob/b.txt",
        "users/bob/${filename}",
        "users/bob/a\x00b",
        "users/bob/a\nb",
        "users/bob/..",
        ".broker/uploads/b",
        "",
    ],
)
async def test_a_key_that_could_be_read_differently_is_never_signed(
    people: People, uploading: Uploading, refused: Refused, name: str
) -> None:
    for client in (people.bob, people.admin):
        answer = await uploading.ask(client, {"name": name, "size": 5})
        refused(answer, 422, "invalid_key")


async def test_bob_cannot_see_read_or_delete_alices_object(
    people: People, bucket: Bucket, refused: Refused
) -> None:
    bucket.store(KEY, b"hers")
    place = {"bucket": bucket.name, "key": KEY}
    listing = {"bucket": bucket.name, "prefix": "users/alice/"}
    answers = [
        await people.bob.get("/v1/objects", params=listing),
        await people.bob.get("/v1/objects", params={"bucket": bucket.name}),
        await people.bob.get("/v1/objects/metadata", params=place),
        await people.bob.get("/v1/download", params=place),
        await people.bob.post("/v1/downloads", json={"items": [place]}),
        await people.bob.post("/v1/objects/delete", json={"bucket": bucket.name, "keys": [KEY]}),
    ]
    for answer in answers:
        refused(answer, 403, "forbidden")
    assert bucket.read(KEY) == b"hers"


async def test_a_write_grant_neither_lists_nor_deletes(
    people: People, bucket: Bucket, refused: Refused
) -> None:
    key = "once/bob/a.txt"
    bucket.store(key)
    listing = {"bucket": bucket.name, "prefix": "once/bob/"}
    refused(await people.bob.get("/v1/objects", params=listing), 403, "forbidden")
    wish = {"bucket": bucket.name, "keys": [key]}
    refused(await people.bob.post("/v1/objects/delete", json=wish), 403, "forbidden")
    assert bucket.contents() == {key}


async def test_open_uploads_are_listed_to_their_owner_alone(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    upload = await uploading.create(people.alice, KEY, PART + 1, strategy="multipart")

    async def listed(client: httpx.AsyncClient) -> list[str]:
        answer = await client.get("/v1/uploads", params={"bucket": bucket.name})
        return [one["id"] for one in answer.json()["uploads"]]

    assert await listed(people.alice) == [upload["id"]]
    assert await listed(people.bob) == []
    assert await listed(people.admin) == []


async def test_a_kept_ticket_put_into_bobs_folder_is_still_alices(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    """Somebody with rights in S3 itself moves it there; it opens for its owner only."""
    await uploading.create(people.alice, KEY, PART + 1, strategy="multipart")
    await uploading.create(people.bob, "users/bob/a", PART + 1, strategy="multipart")
    first, second = (key for key in bucket.contents() if key.startswith(".broker/"))
    tickets = bucket.read(first), bucket.read(second)
    bucket.store(first, tickets[1])
    bucket.store(second, tickets[0])
    for client in (people.alice, people.bob):
        answer = await client.get("/v1/uploads", params={"bucket": bucket.name})
        assert answer.json()["uploads"] == []


async def test_s3_is_asked_of_no_bucket_without_a_grant(people: People, refused: Refused) -> None:
    """Neither is a bucket's existence told, nor does a bad name count as a fault of S3."""
    for name in ("", "a/b", "NoBucket", "x" * 63, "other-bucket"):
        answer = await people.alice.get("/v1/uploads", params={"bucket": name})
        refused(answer, 403, "forbidden")
    assert (await people.stranger.get("/readyz")).status_code == 200
