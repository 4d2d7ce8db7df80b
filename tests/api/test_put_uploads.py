"""A single PUT from its wish to its object, with S3 as the judge of what is there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.conftest import Refused, Uploading
    from tests.conftest import Broker, Bucket, People

pytestmark = pytest.mark.anyio

KEY = "users/alice/a.txt"


async def test_what_was_put_is_what_complete_says_and_s3_holds(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    upload = await uploading.create(people.alice, KEY, 5, type="Text/Plain; charset=utf-8")
    assert (upload["state"], upload["strategy"], upload["key"]) == ("pending", "put", KEY)
    assert upload["enforced"] == {"size": "signature", "type": "signature"}
    assert bucket.contents() == set()

    assert uploading.put(upload, b"hello") == 200
    answer = (await people.alice.post(f"/v1/uploads/{upload['id']}/complete")).json()

    head = bucket.s3.head_object(Bucket=bucket.name, Key=KEY)
    assert answer["state"] == "complete"
    assert answer["object"] == {
        "bucket": bucket.name,
        "key": KEY,
        "size": 5,
        "type": "text/plain",
        "etag": head["ETag"].strip('"'),
        "version_id": None,
    }
    assert (head["ContentLength"], head["ContentType"]) == (5, "text/plain")
    mark = upload["target"]["headers"]["x-amz-meta-broker-upload"]
    assert head["Metadata"] == {"broker-upload": mark}
    assert bucket.contents() == {KEY}


async def test_the_state_is_pending_until_the_bytes_are_there(
    people: People, uploading: Uploading, refused: Refused
) -> None:
    upload = await uploading.create(people.alice)
    address = f"/v1/uploads/{upload['id']}"

    assert (await people.alice.get(address)).json()["state"] == "pending"
    refused(await people.alice.post(f"{address}/complete"), 404, "upload_gone")
    assert uploading.put(upload, b"hello") == 200
    status = (await people.alice.get(address)).json()
    assert status["state"] == "complete"
    assert (status["size"], status["part_count"], status["parts"]) == (5, None, [])


async def test_completing_again_and_in_parallel_says_the_same(
    people: People, uploading: Uploading
) -> None:
    upload = await uploading.finished(people.alice)
    address = f"/v1/uploads/{upload['id']}/complete"
    answers = await asyncio.gather(*(people.alice.post(address) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1


async def test_a_deleted_object_is_gone(
    people: People, uploading: Uploading, bucket: Bucket, refused: Refused
) -> None:
    upload = await uploading.finished(people.alice)
    bucket.remove(KEY)
    answer = await people.alice.post(f"/v1/uploads/{upload['id']}/complete")
    refused(answer, 404, "upload_gone")


async def test_an_object_replaced_by_another_upload_is_told_from_ones_own(
    people: People, uploading: Uploading, refused: Refused
) -> None:
    first = await uploading.finished(people.alice)
    second = await uploading.finished(people.alice, body=b"other")
    answer = await people.alice.post(f"/v1/uploads/{first['id']}/complete")
    refused(answer, 409, "object_replaced")
    again = await people.alice.post(f"/v1/uploads/{second['id']}/complete")
    assert again.status_code == 200


async def test_an_abort_takes_the_object_back_and_may_be_repeated(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    upload = await uploading.create(people.alice)
    assert uploading.put(upload, b"hello") == 200
    for _ in range(2):
        assert (await people.alice.delete(f"/v1/uploads/{upload['id']}")).status_code == 204
    assert bucket.contents() == set()


async def test_an_abort_leaves_what_another_upload_put_there(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    upload = await uploading.create(people.alice)
    bucket.store(KEY, b"theirs")
    assert (await people.alice.delete(f"/v1/uploads/{upload['id']}")).status_code == 204
    assert bucket.read(KEY) == b"theirs"


async def test_a_fresh_target_takes_the_same_bytes_for_the_same_upload(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    upload = await uploading.create(people.alice)
    answer = (await people.alice.post(f"/v1/uploads/{upload['id']}/target")).json()
    assert answer["target"]["headers"] == upload["target"]["headers"]
    assert uploading.put(answer, b"hello") == 200
    assert (await people.alice.post(f"/v1/uploads/{upload['id']}/complete")).status_code == 200
    assert bucket.read(KEY) == b"hello"


async def test_a_put_upload_has_no_parts_to_sign(
    people: People, uploading: Uploading, refused: Refused
) -> None:
    upload = await uploading.create(people.alice)
    wish = {"parts": [{"part_number": 1}]}
    answer = await people.alice.post(f"/v1/uploads/{upload['id']}/parts", json=wish)
    refused(answer, 422, "invalid_request")


async def test_an_empty_file_is_an_upload_too(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    await uploading.finished(people.alice, body=b"")
    assert bucket.read(KEY) == b""


@pytest.mark.parametrize(
    "name", ["folder/in folder/c.txt", "naïve ✓ 日本.txt", "a+b&c=d?e#f%2e%2e.txt", "\u202etxt.exe"]
)
async def test_a_name_reaches_s3_unchanged(
    people: People, uploading: Uploading, bucket: Bucket, name: str
) -> None:
    await uploading.finished(people.alice, f"users/alice/{name}")
    assert bucket.contents() == {f"users/alice/{name}"}


async def test_an_upload_that_must_not_overwrite_fails_in_s3_where_an_object_lies(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    upload = await uploading.create(people.alice, if_exists="fail")
    assert upload["enforced"]["overwrite"] == "signature"
    assert upload["target"]["headers"]["if-none-match"] == "*"
    assert uploading.put(upload, b"first") == 200
    assert uploading.put(upload, b"again") == 412
    assert bucket.read(KEY) == b"first"


async def test_a_grant_without_overwriting_makes_every_upload_write_once(
    people: People, uploading: Uploading, refused: Refused
) -> None:
    name = "once/alice/a.txt"
    upload = await uploading.create(people.alice, name)
    assert upload["target"]["headers"]["if-none-match"] == "*"
    wish = {"name": name, "size": 5, "type": "text/plain", "if_exists": "replace"}
    answer = await uploading.ask(people.alice, wish)
    refused(answer, 403, "forbidden")


async def test_a_profile_says_where_an_upload_goes_and_what_it_may_be(
    make_broker: Callable[..., Broker], uploading: Uploading, bucket: Bucket
) -> None:
    avatar = {
        "bucket": bucket.name,
        "key": "users/{sub}/avatars/{uuid}{ext}",
        "types": ["image/png"],
        "max_size": 5,
        "overwrite": False,
    }
    files = [
        {"name": "me.PNG", "size": 5, "type": "image/png"},
        {"name": "me.png", "size": 6, "type": "image/png"},
        {"name": "me.gif", "size": 5, "type": "image/gif"},
        {"name": "me.png", "size": 5, "type": "image/png", "if_exists": "replace"},
    ]
    async with make_broker(profiles={"avatar": avatar}).person("alice") as alice:
        answer = await alice.post("/v1/uploads", json={"profile": "avatar", "files": files})
        first, *others = answer.json()["uploads"]
        assert uploading.put(first, b"image") == 200
        assert (await alice.post(f"/v1/uploads/{first['id']}/complete")).status_code == 200

    (key,) = bucket.contents()
    assert key.startswith("users/alice/avatars/")
    assert key.endswith(".png")
    assert [other["error"]["code"] for other in others] == [
        "size_not_allowed",
        "type_not_allowed",
        "forbidden",
    ]
