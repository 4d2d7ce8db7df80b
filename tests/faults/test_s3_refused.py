"""S3 refuses connections: what is signed goes on, the rest says so at once, nothing is lost."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.faults.person import BUCKET, HOME
from tests.faults.processes import await_ready
from tests.faults.proxy import Mode

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from tests.faults.person import Person, Target
    from tests.faults.proxy import FaultProxy

ANSWER_DEADLINE = 2  # seconds


def test_everything_that_is_only_signed_goes_on(alice: Person, proxy: FaultProxy) -> None:
    upload = alice.begin_multipart("signed.bin", 1)
    proxy.switch(Mode.REFUSE)

    assert alice.ask_for_parts(upload["id"], [1]).status_code == 200
    assert alice.ask_for_upload("put.bin", 1, "put").status_code == 201
    assert alice.broker.post(f"/v1/uploads/{upload['id']}/target").status_code == 200
    assert alice.ask_for_download("public/README.txt").status_code == 200
    assert alice.broker.get("/healthz").status_code == 200


def test_everything_that_needs_s3_says_so_in_two_seconds_and_when_to_come_again(
    alice: Person, proxy: FaultProxy
) -> None:
    put = alice.begin_put("put.bin", 1)
    upload = alice.begin_multipart("parts.bin", 1)
    calls: dict[str, Callable[[], httpx.Response]] = {
        "complete parts": lambda: alice.complete(upload["id"]),
        "complete a put": lambda: alice.complete(put["id"]),
        "complete many": lambda: alice.broker.post(
            "/v1/uploads/complete", json={"ids": [put["id"], upload["id"]]}
        ),
        "status": lambda: alice.status(upload["id"]),
        "abort": lambda: alice.broker.delete(f"/v1/uploads/{upload['id']}"),
        "create": lambda: alice.ask_for_upload("new.bin", 1, "multipart"),
        "find open": lambda: alice.broker.get("/v1/uploads", params={"bucket": BUCKET}),
        "list": lambda: alice.broker.get("/v1/objects", params={"bucket": BUCKET, "prefix": HOME}),
        "ready": lambda: alice.broker.get("/readyz"),
    }
    proxy.switch(Mode.REFUSE)

    for name, call in calls.items():
        answer = call()
        assert answer.status_code == 503, name
        assert answer.json()["code"] == "s3_unavailable", name
        assert 1 <= int(answer.headers["retry-after"]) <= 10, name
        assert answer.elapsed.total_seconds() < ANSWER_DEADLINE, name


def test_uploads_finish_once_it_is_back_and_every_acknowledged_byte_is_there(
    alice: Person, proxy: FaultProxy, direct: S3Client, content: Callable[[int], bytes]
) -> None:
    """Half of them are acknowledged before the cut, the others are caught by it."""
    files = {f"ledger/{number}.bin": content(1000 + number) for number in range(8)}
    begun = {name: begin(alice, name, len(body)) for name, body in files.items()}
    early, late = list(files)[:4], list(files)[4:]
    ledger: dict[str, str] = {}

    def finish(name: str) -> None:
        upload_id, target = begun[name]
        alice.send(target, files[name]).raise_for_status()
        stored = alice.complete(upload_id).raise_for_status().json()["object"]
        ledger[stored["key"]] = sha256(files[name]).hexdigest()

    for name in early:
        finish(name)
    proxy.switch(Mode.REFUSE)
    for name in late:
        with pytest.raises(httpx.TransportError):
            finish(name)
        assert alice.complete(begun[name][0]).status_code == 503
    proxy.switch(Mode.PASS)
    await_ready(alice.broker)
    for name in late:
        finish(name)

    assert ledger.keys() == {HOME + name for name in files}
    for key, digest in ledger.items():
        stored = direct.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        assert sha256(stored).hexdigest() == digest
        assert sha256(alice.download(key)).hexdigest() == digest


def begin(alice: Person, name: str, size: int) -> tuple[str, Target]:
    """Every second one is multipart, of a single part."""
    if size % 2:
        upload = alice.begin_multipart(name, size)
        return upload["id"], upload["target"]["parts"][0]
    put = alice.begin_put(name, size)
    return put["id"], put["target"]
