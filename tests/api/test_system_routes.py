"""What the broker says of itself and of the person who asks."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

import broker as package
from broker.dev.ports import free_port
from broker.policy.grants import Action

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.api.conftest import Refused
    from tests.conftest import Broker, Bucket, People

pytestmark = pytest.mark.anyio

METRICS_TOKEN = "a-token-for-the-scraper"
ELSEWHERE = "203.0.113.9"


async def test_me_is_who_the_token_says_with_what_they_may(people: People) -> None:
    me = (await people.alice.get("/v1/me")).json()
    assert (me["sub"], me["issuer"], me["roles"]) == ("alice", "local", ["member"])
    assert me["limits"] == {"default_expiry": 300, "max_expiry": 3600}
    assert datetime.fromisoformat(me["server_time"]).utcoffset() is not None
    assert [grant["prefix"] for grant in me["grants"]] == [
        "users/alice/",
        "public/",
        "once/alice/",
    ]
    assert me["grants"][2] == {
        "bucket": "t-*",
        "prefix": "once/alice/",
        "actions": ["read", "write"],
        "max_size": 16 * 1024,
        "types": ["text/*"],
        "max_expiry": None,
        "overwrite": False,
    }


async def test_the_configuration_is_public_and_says_how_to_sign_in(people: People) -> None:
    assert (await people.stranger.get("/v1/config")).json() == {
        "version": package.__version__,
        "sign_in": {"local": True, "issuers": []},
        "features": {"strategies": ["put", "multipart"], "write_once": True},
    }


async def test_buckets_are_those_where_a_grant_reaches(people: People, bucket: Bucket) -> None:
    async def seen(client: httpx.AsyncClient) -> dict[str, list[dict[str, object]]]:
        buckets = (await client.get("/v1/buckets")).json()["buckets"]
        return {found["name"]: found["roots"] for found in buckets}

    assert (await seen(people.alice))[bucket.name] == [
        {"prefix": "once/alice/", "actions": ["read", "write"]},
        {"prefix": "public/", "actions": ["list", "read"]},
        {"prefix": "users/alice/", "actions": ["delete", "list", "read", "share", "write"]},
    ]
    assert (await seen(people.admin))[bucket.name] == [{"prefix": "", "actions": sorted(Action)}]


async def test_a_bucket_without_a_grant_is_not_shown(
    make_broker: Callable[..., Broker], bucket: Bucket
) -> None:
    grants = [
        {"who": "sub:alice", "bucket": bucket.name, "actions": ["list"]},
        {"who": "sub:bob", "bucket": "elsewhere", "actions": ["list"]},
    ]
    broker = make_broker(grants=grants)
    async with broker.person("alice") as alice, broker.person("admin") as admin:
        names = [found["name"] for found in (await alice.get("/v1/buckets")).json()["buckets"]]
        assert names == [bucket.name]
        assert (await admin.get("/v1/buckets")).json() == {"buckets": []}


async def test_the_process_is_healthy_and_ready_while_s3_answers(people: People) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await people.stranger.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_crowd_that_asks_for_readiness_costs_s3_one_call(
    make_broker: Callable[..., Broker],
) -> None:
    """Anyone may ask. A call each would open the breaker, which takes five failures."""
    nobody = f"http://127.0.0.1:{free_port(0)}"
    broker = make_broker(s3={"provider": "generic", "endpoint_url": nobody})
    async with broker.client() as stranger:
        answers = await asyncio.gather(*(stranger.get("/readyz") for _ in range(200)))
    assert {answer.status_code for answer in answers} == {503}
    assert not broker.core.storage.client._breaker.is_open


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.1.2.3", "::1"])
async def test_metrics_are_for_loopback(broker: Broker, peer: str) -> None:
    async with broker.client(peer=peer) as scraper:
        answer = await scraper.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "broker_requests_total" in answer.text


@pytest.mark.parametrize("peer", [ELSEWHERE, "10.0.0.1", "::ffff:203.0.113.9", "localhost", ""])
async def test_metrics_are_for_nobody_else_without_a_token(
    broker: Broker, refused: Refused, peer: str
) -> None:
    async with broker.client(peer=peer) as scraper:
        refused(await scraper.get("/metrics"), 403, "forbidden")


@pytest.mark.parametrize("peer", ["127.0.0.1", ELSEWHERE])
async def test_metrics_open_to_their_token_and_to_no_other(
    make_broker: Callable[..., Broker], refused: Refused, peer: str
) -> None:
    broker = make_broker(environ={"BROKER_METRICS_TOKEN": METRICS_TOKEN})
    async with broker.client(peer=peer, authorization=f"Bearer {METRICS_TOKEN}") as scraper:
        assert (await scraper.get("/metrics")).status_code == 200
    for wrong in ("wrong", METRICS_TOKEN[:-1], f"{METRICS_TOKEN}x", broker.token("admin")):
        async with broker.client(peer=peer, authorization=f"Bearer {wrong}") as scraper:
            refused(await scraper.get("/metrics"), 403, "forbidden")


async def test_a_forwarded_address_makes_nobody_loopback(broker: Broker, refused: Refused) -> None:
    headers = {"x_forwarded_for": "127.0.0.1", "forwarded": "for=127.0.0.1"}
    async with broker.client(peer=ELSEWHERE, **headers) as scraper:
        refused(await scraper.get("/metrics"), 403, "forbidden")


async def test_requests_are_counted_by_their_route_and_never_by_their_path(
    make_broker: Callable[..., Broker],
) -> None:
    broker = make_broker()
    async with broker.person("alice") as alice:
        for path in ("/v1/uploads/one", "/v1/uploads/two", "/nowhere/one", "/nowhere/two"):
            assert (await alice.get(path)).status_code == 404
        assert (await alice.request("BREW", "/v1/me")).status_code == 405
    async with broker.client() as scraper:
        text = (await scraper.get("/metrics")).text
    assert samples(text, "broker_requests_total") == {
        'method="GET",route="/v1/uploads/{id}",status="404"': 2.0,
        'method="GET",route="unknown",status="404"': 2.0,
        'method="other",route="/v1/me",status="405"': 1.0,
    }


def samples(text: str, name: str) -> dict[str, float]:
    """Return the value of each child of a metric, by its labels."""
    lines = (line for line in text.splitlines() if line.startswith(f"{name}{{"))
    found = {}
    for line in lines:
        labels, _, value = line.removeprefix(f"{name}{{").rpartition("} ")
        found[labels] = float(value)
    return found
