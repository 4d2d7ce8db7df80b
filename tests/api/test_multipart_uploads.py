"""A multipart upload from its wish to its object, and every way it may end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.api.conftest import Refused, Uploading
    from tests.conftest import Broker, Bucket, Json, People

pytestmark = pytest.mark.anyio

KEY = "users/alice/film.mp4"
MIB = 1024 * 1024
PART = 8 * MIB
BODY = b"a" * PART + b"b"
"""The least that has two parts."""


async def created(uploading: Uploading, client: httpx.AsyncClient, **file: object) -> Json:
    return await uploading.create(client, KEY, len(BODY), strategy="multipart", **file)


async def sent(uploading: Uploading, client: httpx.AsyncClient, **file: object) -> Json:
    upload = await created(uploading, client, **file)
    assert uploading.put_parts(upload["target"]["parts"], BODY) == {200}
    return upload


async def complete(client: httpx.AsyncClient, upload: Json) -> httpx.Response:
    return await client.post(f"/v1/uploads/{upload['id']}/complete")


def kept_in(bucket: Bucket) -> set[str]:
    return {key for key in bucket.contents() if key.startswith(".broker/")}


async def test_a_file_of_two_parts_becomes_one_object_and_nothing_else_stays(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    body = b"a" * PART + b"b" * (4 * MIB)
    upload = await uploading.create(
        people.alice, KEY, len(body), strategy="multipart", type="video/mp4"
    )
    target = upload["target"]
    assert (upload["strategy"], target["part_size"], target["part_count"]) == ("multipart", PART, 2)
    assert [part["size"] for part in target["parts"]] == [PART, 4 * MIB]
    assert upload["enforced"] == {"size": "signature", "type": "create"}
    assert len(kept_in(bucket)) == 1

    assert uploading.put_parts(target["parts"], body) == {200}
    answer = (await complete(people.alice, upload)).json()

    head = bucket.s3.head_object(Bucket=bucket.name, Key=KEY)
    assert (head["ContentLength"], head["ContentType"]) == (len(body), "video/mp4")
    assert head["Metadata"].keys() == {"broker-upload"}
    assert answer["object"]["etag"] == head["ETag"].strip('"')
    assert answer["object"]["size"] == len(body)
    assert bucket.read(KEY) == body
    assert bucket.contents() == {KEY}
    assert bucket.open_uploads() == []


async def test_the_status_lists_the_parts_that_s3_holds(
    people: People, uploading: Uploading
) -> None:
    upload = await created(uploading, people.alice)
    second = upload["target"]["parts"][1]
    assert uploading.put_parts([second], BODY) == {200}
    status = (await people.alice.get(f"/v1/uploads/{upload['id']}")).json()
    assert (status["state"], status["part_size"], status["part_count"]) == ("pending", PART, 2)
    assert [(part["part_number"], part["size"]) for part in status["parts"]] == [(2, 1)]


async def test_completing_too_early_names_the_missing_parts_and_ends_nothing(
    people: People, uploading: Uploading, bucket: Bucket, refused: Refused
) -> None:
    upload = await created(uploading, people.alice)
    first, second = upload["target"]["parts"]
    assert uploading.put_parts([second], BODY) == {200}
    problem = refused(await complete(people.alice, upload), 409, "parts_missing")
    assert problem["missing"] == [1]

    assert uploading.put_parts([first], BODY) == {200}
    assert (await complete(people.alice, upload)).status_code == 200
    assert bucket.read(KEY) == BODY


async def test_a_part_of_another_size_counts_as_missing(
    people: People, uploading: Uploading, bucket: Bucket, refused: Refused
) -> None:
    """Somebody with rights in S3 itself may have put it there."""
    upload = await sent(uploading, people.alice)
    (upload_id,) = bucket.open_uploads()
    bucket.s3.upload_part(Bucket=bucket.name, Key=KEY, UploadId=upload_id, PartNumber=2, Body=b"bb")
    problem = refused(await complete(people.alice, upload), 409, "parts_missing")
    assert problem["missing"] == [2]


@pytest.mark.parametrize("if_exists", ["replace", "fail"])
async def test_completing_again_and_in_parallel_says_the_same(
    people: People, uploading: Uploading, bucket: Bucket, if_exists: str
) -> None:
    upload = await sent(uploading, people.alice, if_exists=if_exists)
    answers = await asyncio.gather(*(complete(people.alice, upload) for _ in range(8)))
    answers.append(await complete(people.alice, upload))
    assert [answer.status_code for answer in answers] == [200] * 9
    assert len({answer.text for answer in answers}) == 1
    assert bucket.contents() == {KEY}


async def test_a_deleted_object_is_gone(
    people: People, uploading: Uploading, bucket: Bucket, refused: Refused
) -> None:
    upload = await sent(uploading, people.alice)
    assert (await complete(people.alice, upload)).status_code == 200
    bucket.remove(KEY)
    refused(await complete(people.alice, upload), 404, "upload_gone")


async def test_an_object_replaced_by_another_upload_is_told_from_ones_own(
    people: People, uploading: Uploading, refused: Refused
) -> None:
    upload = await sent(uploading, people.alice)
    assert (await complete(people.alice, upload)).status_code == 200
    await uploading.finished(people.alice, KEY)
    refused(await complete(people.alice, upload), 409, "object_replaced")


async def test_an_abort_leaves_nothing_behind_and_may_be_repeated(
    people: People, uploading: Uploading, bucket: Bucket, refused: Refused
) -> None:
    upload = await sent(uploading, people.alice)
    for _ in range(2):
        assert (await people.alice.delete(f"/v1/uploads/{upload['id']}")).status_code == 204
    assert bucket.open_uploads() == []
    assert bucket.contents() == set()
    status = (await people.alice.get(f"/v1/uploads/{upload['id']}")).json()
    assert status["state"] == "aborted"
    refused(await complete(people.alice, upload), 404, "upload_gone")


async def test_a_complete_upload_cannot_be_aborted(
    people: People, uploading: Uploading, bucket: Bucket, refused: Refused
) -> None:
    upload = await sent(uploading, people.alice)
    assert (await complete(people.alice, upload)).status_code == 200
    answer = await people.alice.delete(f"/v1/uploads/{upload['id']}")
    refused(answer, 409, "upload_complete")
    assert bucket.read(KEY) == BODY


async def test_an_open_upload_is_found_again_and_finished_from_another_device(
    people: People, broker: Broker, uploading: Uploading, bucket: Bucket
) -> None:
    upload = await created(uploading, people.alice, fingerprint="film-1")
    async with broker.person("alice") as device:
        for prefix in ("", "users/", "users/alice/"):
            query = {"bucket": bucket.name, "prefix": prefix}
            found = (await device.get("/v1/uploads", params=query)).json()
            assert [one["id"] for one in found["uploads"]] == [upload["id"]]
        (again,) = found["uploads"]
        assert (again["fingerprint"], again["key"], again["size"]) == ("film-1", KEY, len(BODY))
        assert found["complete"]

        wish = {"parts": [{"part_number": 2}, {"part_number": 1}]}
        answer = await device.post(f"/v1/uploads/{again['id']}/parts", json=wish)
        parts = answer.json()["parts"]
        assert [part["part_number"] for part in parts] == [2, 1]
        assert uploading.put_parts(parts, BODY) == {200}
        assert (await complete(device, again)).status_code == 200
        found = (await device.get("/v1/uploads", params=query)).json()
        assert found["uploads"] == []


async def test_an_upload_elsewhere_is_not_below_the_prefix(
    people: People, uploading: Uploading, bucket: Bucket
) -> None:
    await created(uploading, people.alice)
    query = {"bucket": bucket.name, "prefix": "users/alice/other/"}
    assert (await people.alice.get("/v1/uploads", params=query)).json()["uploads"] == []


async def test_an_upload_that_must_not_overwrite_does_not_begin_over_an_object(
    people: People, uploading: Uploading, bucket: Bucket, refused: Refused
) -> None:
    bucket.store(KEY)
    wish = {"name": KEY, "size": len(BODY), "if_exists": "fail"}
    answer = await uploading.ask(people.alice, wish, strategy="multipart")
    refused(answer, 409, "object_exists")
    assert bucket.contents() == {KEY}
    assert bucket.open_uploads() == []


async def test_an_object_that_came_meanwhile_is_not_overwritten(
    people: People, uploading: Uploading, bucket: Bucket, refused: Refused
) -> None:
    upload = await sent(uploading, people.alice, if_exists="fail")
    assert upload["enforced"]["overwrite"] == "complete"
    bucket.store(KEY, b"theirs")
    for answer in await asyncio.gather(*(complete(people.alice, upload) for _ in range(4))):
        refused(answer, 409, "object_exists")
    assert bucket.read(KEY) == b"theirs"
    assert (await people.alice.delete(f"/v1/uploads/{upload['id']}")).status_code == 204
    assert bucket.contents() == {KEY}


async def test_an_upload_that_s3_forgot_is_gone_and_offered_no_more(
    people: People, uploading: Uploading, bucket: Bucket, refused: Refused
) -> None:
    upload = await created(uploading, people.alice)
    (upload_id,) = bucket.open_uploads()
    bucket.s3.abort_multipart_upload(Bucket=bucket.name, Key=KEY, UploadId=upload_id)
    status = (await people.alice.get(f"/v1/uploads/{upload['id']}")).json()
    assert status["state"] == "aborted"
    refused(await complete(people.alice, upload), 404, "upload_gone")
    assert bucket.contents() == set()


async def test_the_first_window_has_32_parts_and_the_last_part_the_rest(
    people: People, uploading: Uploading
) -> None:
    upload = await uploading.create(people.alice, KEY, 32 * PART + 1, strategy="multipart")
    target = upload["target"]
    assert target["part_count"] == 33
    assert [part["part_number"] for part in target["parts"]] == list(range(1, 33))
    wish = {"parts": [{"part_number": 33}]}
    (last,) = (await people.alice.post(f"/v1/uploads/{upload['id']}/parts", json=wish)).json()[
        "parts"
    ]
    assert last["size"] == 1


@pytest.mark.parametrize(("size", "strategy"), [(16 * MIB, "put"), (16 * MIB + 1, "multipart")])
async def test_files_above_16_mib_go_in_parts(
    people: People, uploading: Uploading, size: int, strategy: str
) -> None:
    upload = await uploading.create(people.alice, KEY, size)
    assert upload["strategy"] == strategy


async def test_a_ticket_ends_with_its_time(
    make_broker: Callable[..., Broker], uploading: Uploading, bucket: Bucket, refused: Refused
) -> None:
    clock = Clock()
    broker = make_broker(clock=clock, limits={"upload_ttl": "1h"})
    query = {"bucket": bucket.name}
    async with broker.person("alice") as alice:
        upload = await created(uploading, alice)
        clock.ahead = timedelta(minutes=59)
        async with broker.person("alice") as later:
            assert (await later.get(f"/v1/uploads/{upload['id']}")).status_code == 200
            assert len((await later.get("/v1/uploads", params=query)).json()["uploads"]) == 1
        clock.ahead = timedelta(hours=1)
        async with broker.person("alice") as later:
            refused(await later.get(f"/v1/uploads/{upload['id']}"), 404, "upload_gone")
            refused(await complete(later, upload), 404, "upload_gone")
            assert (await later.get("/v1/uploads", params=query)).json()["uploads"] == []
