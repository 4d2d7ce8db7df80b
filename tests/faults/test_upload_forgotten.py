"""S3 forgets an upload that is under way, as a lifecycle rule or an operator makes it do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.person import BUCKET, HOME

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from tests.faults.person import MultipartUpload, Person
    from tests.faults.proxy import FaultProxy

NAME = "forgotten.bin"


def forgotten_upload(alice: Person, direct: S3Client) -> MultipartUpload:
    upload = alice.begin_multipart(NAME, 100)
    for each in direct.list_multipart_uploads(Bucket=BUCKET)["Uploads"]:
        if each["Key"] == HOME + NAME:
            direct.abort_multipart_upload(Bucket=BUCKET, Key=each["Key"], UploadId=each["UploadId"])
    return upload


def test_its_status_is_aborted(alice: Person, direct: S3Client) -> None:
    upload = forgotten_upload(alice, direct)

    answer = alice.status(upload["id"])

    assert answer.status_code == 200
    assert answer.json()["state"] == "aborted"
    assert answer.json()["parts"] == []


def test_its_parts_are_signed_without_asking_s3(
    alice: Person, direct: S3Client, proxy: FaultProxy
) -> None:
    upload = forgotten_upload(alice, direct)
    proxy.reset()

    (part,) = alice.sign_parts(upload["id"], [1])

    assert proxy.exchanges == []
    assert alice.send(part, bytes(100)).status_code == 404


def test_completing_it_says_that_it_is_gone_and_creating_it_anew_works(
    alice: Person, direct: S3Client, content: Callable[[int], bytes]
) -> None:
    body = content(100)
    upload = forgotten_upload(alice, direct)

    answers = [alice.complete(upload["id"]) for _ in range(2)]
    again = alice.sent_whole(NAME, body)

    assert [answer.status_code for answer in answers] == [404, 404]
    assert {answer.json()["code"] for answer in answers} == {"upload_gone"}
    assert alice.complete(again["id"]).status_code == 200
    assert alice.download(again["key"]) == body
    assert alice.complete(upload["id"]).json()["code"] == "object_replaced"


def test_once_it_is_known_to_be_gone_it_is_no_longer_offered_for_resuming(
    alice: Person, direct: S3Client
) -> None:
    upload = forgotten_upload(alice, direct)

    alice.complete(upload["id"])

    found = alice.broker.get("/v1/uploads", params={"bucket": BUCKET, "prefix": HOME}).json()
    assert upload["id"] not in {each["id"] for each in found["uploads"]}


def test_aborting_it_is_no_fault(alice: Person, direct: S3Client) -> None:
    upload = forgotten_upload(alice, direct)

    assert alice.broker.delete(f"/v1/uploads/{upload['id']}").status_code == 204
