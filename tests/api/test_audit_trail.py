"""Each sign and each refusal leaves one line, which tells who, what and where, and no secret."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from broker.app import utc_now
from tests.conftest import GRANTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import httpx

    from tests.api.conftest import Refused, Uploading
    from tests.conftest import Broker, Bucket, Json, People

pytestmark = pytest.mark.anyio

KEY = "users/alice/a secret name.txt"
PART = 8 * 1024 * 1024
MEMBERS = {
    "time",
    "event",
    "actor",
    "issuer",
    "action",
    "bucket",
    "key_hash",
    "allowed",
    "reason",
    "request_id",
    "size",
    "count",
}


@pytest.fixture
def audited(make_broker: Callable[..., Broker]) -> Broker:
    """A broker whose trail and counters nobody else writes to."""
    return make_broker()


@pytest.fixture
async def alice(audited: Broker) -> AsyncIterator[httpx.AsyncClient]:
    async with audited.person("alice") as alice:
        yield alice


def digest(bucket: str, key: str) -> str:
    return hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()[:32]


async def line_of(audited: Broker, asking: Awaitable[httpx.Response]) -> Json:
    """Return the one line of a request."""
    answer = await asking
    (line,) = audited.lines(answer.headers["x-request-id"])
    assert line.keys() == MEMBERS
    return line


async def test_every_step_of_an_upload_leaves_its_line(
    audited: Broker, alice: httpx.AsyncClient, uploading: Uploading, bucket: Bucket
) -> None:
    before = utc_now()
    upload = await uploading.create(alice, KEY, PART + 1, strategy="multipart")
    address = f"/v1/uploads/{upload['id']}"
    wish = {"parts": [{"part_number": 1}, {"part_number": 2}]}
    steps = [
        ("upload.create", uploading.ask(alice, {"name": KEY, "size": PART + 1})),
        ("upload.parts", alice.post(f"{address}/parts", json=wish)),
        ("upload.target", alice.post(f"{address}/target")),
        ("upload.status", alice.get(address)),
        ("upload.complete", alice.post(f"{address}/complete")),
        ("upload.abort", alice.delete(address)),
    ]
    for event, asking in steps:
        line = await line_of(audited, asking)
        assert before.isoformat() <= line.pop("time") <= utc_now().isoformat()
        assert line.pop("request_id")
        assert line.pop("count") >= 1
        assert line == {
            "event": event,
            "actor": "alice",
            "issuer": "local",
            "action": "write",
            "bucket": bucket.name,
            "key_hash": digest(bucket.name, KEY),
            "allowed": True,
            "reason": "grant",
            "size": PART + 1,
        }


async def test_a_line_says_how_many_urls_it_stands_for(
    audited: Broker, alice: httpx.AsyncClient, uploading: Uploading
) -> None:
    upload = await uploading.create(alice, KEY, PART * 3, strategy="multipart")
    wish = {"parts": [{"part_number": number} for number in (1, 2, 3)]}
    line = await line_of(audited, alice.post(f"/v1/uploads/{upload['id']}/parts", json=wish))
    assert line["count"] == 3


async def test_reading_listing_and_deleting_leave_their_lines(
    audited: Broker, alice: httpx.AsyncClient, bucket: Bucket
) -> None:
    bucket.store(KEY)
    place = {"bucket": bucket.name, "key": KEY}
    below = {"bucket": bucket.name, "prefix": "users/alice/"}
    deletion = {"bucket": bucket.name, "keys": [KEY]}
    steps = [
        ("download.sign", "read", KEY, alice.post("/v1/downloads", json={"items": [place]})),
        ("download.sign", "read", KEY, alice.get("/v1/download", params=place)),
        ("objects.metadata", "read", KEY, alice.get("/v1/objects/metadata", params=place)),
        ("objects.list", "list", "users/alice/", alice.get("/v1/objects", params=below)),
        ("uploads.list", "write", "users/alice/", alice.get("/v1/uploads", params=below)),
        ("objects.delete", "delete", KEY, alice.post("/v1/objects/delete", json=deletion)),
    ]
    for event, action, key, asking in steps:
        line = await line_of(audited, asking)
        assert (line["event"], line["action"], line["allowed"]) == (event, action, True)
        assert line["key_hash"] == digest(bucket.name, key)


async def test_every_refusal_leaves_its_line_with_its_reason(
    audited: Broker, alice: httpx.AsyncClient, uploading: Uploading, bucket: Bucket
) -> None:
    foreign = {"bucket": bucket.name, "key": "users/bob/a"}
    below = {"bucket": bucket.name, "prefix": "users/bob/"}
    once = {"name": "once/alice/a", "size": 5, "type": "text/plain"}
    deletion = {"bucket": bucket.name, "keys": ["users/bob/a"]}
    steps = [
        ("no_grant", uploading.ask(alice, {"name": "users/bob/a", "size": 5})),
        ("size_not_allowed", uploading.ask(alice, once | {"size": 16 * 1024 + 1})),
        ("type_not_allowed", uploading.ask(alice, once | {"type": "image/png"})),
        ("no_overwrite", uploading.ask(alice, once | {"if_exists": "replace"})),
        ("bad_bucket", uploading.ask(alice, once, bucket="a_b")),
        ("no_profile", uploading.ask(alice, once, bucket=None, profile="unknown")),
        ("no_grant", alice.post("/v1/downloads", json={"items": [foreign]})),
        ("no_grant", alice.get("/v1/objects/metadata", params=foreign)),
        ("no_grant", alice.get("/v1/objects", params=below)),
        ("no_grant", alice.get("/v1/uploads", params=below)),
        ("no_grant", alice.post("/v1/objects/delete", json=deletion)),
    ]
    for reason, asking in steps:
        line = await line_of(audited, asking)
        assert (line["allowed"], line["reason"], line["actor"]) == (False, reason, "alice")


async def test_what_a_profile_refuses_leaves_its_line_too(
    make_broker: Callable[..., Broker], bucket: Bucket
) -> None:
    profile = {
        "bucket": bucket.name,
        "key": "users/{sub}/{uuid}",
        "types": ["image/png"],
        "max_size": 5,
        "overwrite": False,
    }
    broker = make_broker(profiles={"avatar": profile}, grants=GRANTS)
    good = {"name": "a", "size": 5, "type": "image/png"}
    async with broker.person("alice") as alice:
        for change, reason in (
            ({"size": 6}, "size_not_allowed"),
            ({"type": "image/gif"}, "type_not_allowed"),
            ({"if_exists": "replace"}, "no_overwrite"),
        ):
            wish = {"profile": "avatar", "files": [good | change]}
            line = await line_of(broker, alice.post("/v1/uploads", json=wish))
            assert (line["allowed"], line["reason"]) == (False, reason)


async def test_each_item_of_a_batch_has_a_line_of_its_own(
    audited: Broker, alice: httpx.AsyncClient, uploading: Uploading, bucket: Bucket
) -> None:
    names = ["users/alice/a", "users/bob/a", "users/alice/b"]
    answer = await uploading.ask(alice, *({"name": name, "size": 5} for name in names))
    lines = audited.lines(answer.headers["x-request-id"])
    assert [(line["key_hash"], line["allowed"]) for line in lines] == [
        (digest(bucket.name, name), "alice" in name) for name in names
    ]


async def test_the_trail_holds_no_key_token_ticket_or_signature(
    audited: Broker, alice: httpx.AsyncClient, uploading: Uploading, bucket: Bucket
) -> None:
    upload = await uploading.create(alice, KEY)
    place = {"bucket": bucket.name, "key": KEY}
    download = await alice.post("/v1/downloads", json={"items": [place]})
    trail = audited.trail() + audited.log.getvalue()
    secrets = {
        KEY,
        "a secret name",
        upload["id"],
        upload["target"]["headers"]["x-amz-meta-broker-upload"],
        alice.headers["authorization"].removeprefix("Bearer "),
        "X-Amz",
        download.json()["downloads"][0]["url"][-64:],
        upload["target"]["url"][-64:],
    }
    assert trail
    assert [secret for secret in secrets if secret in trail] == []


async def test_hostile_text_ends_no_line(audited: Broker, alice: httpx.AsyncClient) -> None:
    hostile = 'a"}\n{"allowed": true, "request_id": "forged"}\u2028\x00'
    wish = {"items": [{"bucket": hostile, "key": "users/alice/a"}]}
    line = await line_of(audited, alice.post("/v1/downloads", json=wish))
    assert line["bucket"] == hostile
    assert len(audited.trail().split("\n")) == 2
    assert json.loads(audited.trail())["allowed"] is False


async def test_decisions_are_counted_as_the_trail_has_them(
    audited: Broker, alice: httpx.AsyncClient, uploading: Uploading
) -> None:
    await uploading.create(alice)
    await uploading.ask(alice, {"name": "users/bob/a", "size": 5})
    await uploading.ask(alice, {"name": "users/bob/b", "size": 5})
    async with audited.client() as scraper:
        text = (await scraper.get("/metrics")).text
    assert 'broker_decisions_total{action="write",allowed="true",reason="grant"} 1.0' in text
    assert 'broker_decisions_total{action="write",allowed="false",reason="no_grant"} 2.0' in text
    assert 'broker_signed_urls_total{kind="PUT"} 1.0' in text


async def test_each_person_has_so_many_requests_a_minute(
    make_broker: Callable[..., Broker], refused: Refused
) -> None:
    broker = make_broker(limits={"requests_per_minute": 3})
    async with broker.person("alice") as alice, broker.person("bob") as bob:
        for _ in range(3):
            assert (await alice.get("/v1/me")).status_code == 200
        answer = await alice.get("/v1/me", headers={"x-forwarded-for": "192.0.2.1"})
        refused(answer, 429, "rate_limited")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert (await bob.get("/v1/me")).status_code == 200
    async with broker.client() as scraper:
        assert "broker_rate_limited_total 1.0" in (await scraper.get("/metrics")).text


async def test_sign_ins_and_foreign_tickets_leave_their_lines(
    broker: Broker, people: People, uploading: Uploading
) -> None:
    async with broker.client() as stranger:
        wrong = await stranger.post("/v1/session", json={"username": "alice", "password": "no"})
    (line,) = broker.lines(wrong.headers["x-request-id"])
    assert (line["event"], line["actor"], line["allowed"]) == ("session.create", "alice", False)

    upload = await uploading.create(people.alice, size=1)
    foreign = await people.bob.get(f"/v1/uploads/{upload['id']}")
    (line,) = broker.lines(foreign.headers["x-request-id"])
    assert (line["event"], line["actor"], line["allowed"]) == ("ticket.open", "bob", False)
