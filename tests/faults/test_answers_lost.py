"""S3 does what it is asked and its answer is lost, or it answers with faults of its own."""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING

import pytest

from tests.faults.exchanges import is_complete, is_kept_ticket, is_list_parts
from tests.faults.person import BUCKET, HOME
from tests.faults.processes import await_ready
from tests.faults.proxy import Cut, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from tests.faults.person import Person
    from tests.faults.proxy import Exchange, FaultProxy

TRIES = 2  # of one call to S3: broker.s3.connect.TOTAL_ATTEMPTS
FOREVER = 1000
INTO_THE_BODY = 600  # bytes; the head of the answer is shorter


def reply(status: str, body: str) -> Reply:
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return Reply((head + body).encode())


def error_document(code: str) -> str:
    return f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>no</Message></Error>'


FAULTS = {
    "500": reply("500 Internal Server Error", error_document("InternalError")),
    "503": reply("503 Slow Down", error_document("SlowDown")),
    "502 of a proxy": reply("502 Bad Gateway", "<html><h1>Bad gateway"),
    "200 with an error": reply("200 OK", error_document("InternalError")),
    "200 with half an XML": reply("200 OK", '<?xml version="1.0"?><Resu'),
    "200 with another XML": reply("200 OK", "<html><h1>Welcome</h1></html>"),
    "200 with no XML": reply("200 OK", "Welcome to the hotel's network!"),
}


def etag_of(*parts: bytes) -> str:
    """S3's for a multipart object: the MD5 of its parts' MD5s, and their number."""
    digests = b"".join(md5(part).digest() for part in parts)
    return f"{md5(digests).hexdigest()}-{len(parts)}"


@pytest.mark.parametrize("after", [0, 1, INTO_THE_BODY])
def test_one_lost_answer_to_a_completion_is_nobodys_trouble(
    after: int, alice: Person, proxy: FaultProxy, content: Callable[[int], bytes]
) -> None:
    body = content(1000)
    upload = alice.sent_whole(f"once-{after}.bin", body)
    proxy.plan(is_complete, Cut(after), times=1)

    answer = alice.complete(upload["id"])

    assert answer.status_code == 200
    assert answer.json()["object"]["etag"] == etag_of(body)


@pytest.mark.parametrize("after", [0, 1, INTO_THE_BODY])
def test_a_completion_whose_answer_never_came_through_says_the_same_at_each_repeat(
    after: int, alice: Person, proxy: FaultProxy, content: Callable[[int], bytes]
) -> None:
    body = content(1000)
    upload = alice.sent_whole(f"never-{after}.bin", body)
    proxy.plan(is_complete, Cut(after), times=TRIES)

    first, *repeats = [alice.complete(upload["id"]) for _ in range(3)]

    assert first.status_code == 503
    assert first.json()["code"] == "s3_unavailable"
    assert [repeat.status_code for repeat in repeats] == [200, 200]
    assert repeats[0].json() == repeats[1].json()
    assert repeats[0].json()["object"]["etag"] == etag_of(body)
    assert alice.download(upload["key"]) == body


@pytest.mark.parametrize("fits", [is_list_parts, is_complete])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_s3_once_is_repeated_and_always_is_said_as_503(
    fault: str,
    fits: Callable[[Exchange], bool],
    alice: Person,
    proxy: FaultProxy,
    content: Callable[[int], bytes],
) -> None:
    body = content(100)
    name = f"{fault} {fits.__name__}.bin"
    upload = alice.sent_whole(name, body)
    proxy.plan(fits, FAULTS[fault], times=FOREVER)

    answer = alice.complete(upload["id"])

    assert answer.status_code == 503
    assert answer.json()["code"] == "s3_unavailable"
    assert int(answer.headers["retry-after"]) >= 1
    proxy.reset()
    await_ready(alice.broker)
    assert alice.complete(upload["id"]).json()["object"]["etag"] == etag_of(body)


@pytest.mark.parametrize("fits", [is_list_parts, is_complete])
@pytest.mark.parametrize("fault", ["500", "503"])
def test_a_short_fault_of_s3_is_not_even_noticed(
    fault: str,
    fits: Callable[[Exchange], bool],
    alice: Person,
    proxy: FaultProxy,
    content: Callable[[int], bytes],
) -> None:
    body = content(100)
    upload = alice.sent_whole(f"short {fault} {fits.__name__}.bin", body)
    proxy.plan(fits, FAULTS[fault], times=1)

    assert alice.complete(upload["id"]).json()["object"]["etag"] == etag_of(body)


def test_at_s3_a_fault_makes_one_request_more_at_most(
    alice: Person, proxy: FaultProxy, content: Callable[[int], bytes]
) -> None:
    upload = alice.sent_whole("bounded.bin", content(100))
    proxy.plan(is_list_parts, FAULTS["503"], times=FOREVER)

    alice.complete(upload["id"])

    assert len(proxy.seen(is_list_parts)) == TRIES


def test_an_upload_that_cannot_be_kept_findable_is_not_left_behind(
    alice: Person, proxy: FaultProxy, direct: S3Client
) -> None:
    proxy.plan(is_kept_ticket, FAULTS["500"], times=FOREVER)

    assert alice.ask_for_upload("orphan.bin", 1, "multipart").status_code == 503

    open_uploads = direct.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    assert HOME + "orphan.bin" not in {upload["Key"] for upload in open_uploads}
