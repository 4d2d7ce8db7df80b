"""Signing in and out over HTTP, and who a request is taken for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import PASSWORDS, Clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx

    from tests.api.conftest import Refused
    from tests.conftest import Broker

pytestmark = pytest.mark.anyio

ORIGIN = "http://127.0.0.1:8000"
COOKIE = "broker_session"
ALICE = {"username": "alice", "password": PASSWORDS["alice"]}
DOWNLOAD = {"items": [{"bucket": "t-any", "key": "users/alice/a"}]}


@pytest.fixture
async def page(broker: Broker) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the page open, signed in as Alice."""
    async with broker.client() as page:
        assert (await page.post("/v1/session", json=ALICE)).status_code == 200
        yield page


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_signing_in_gives_a_token_and_a_cookie_that_no_script_reads(broker: Broker) -> None:
    async with broker.client() as page:
        answer = await page.post("/v1/session", json=ALICE)
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 900)
    assert answer.headers["cache-control"] == "no-store"
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith(f"{COOKIE}=")
    kinds = {attribute.partition("=")[0].lower() for attribute in attributes}
    assert kinds == {"expires", "httponly", "path", "samesite"}
    assert {"HttpOnly", "Path=/", "SameSite=strict"} < set(attributes)

    async with broker.client(authorization=f"Bearer {answer.json()['access_token']}") as app:
        assert (await app.get("/v1/me")).json()["sub"] == "alice"


async def test_over_https_the_cookie_stays_there(make_broker: Callable[..., Broker]) -> None:
    broker = make_broker(server={"public_url": "https://broker.example"})
    async with broker.client() as page:
        answer = await page.post("/v1/session", json=ALICE)
        assert (await page.get("/v1/me")).status_code == 200
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-broker_session=")
    assert "Secure" in attributes
    assert "max-age" in answer.headers["strict-transport-security"]


async def test_the_cookie_reads_for_the_page_itself(page: httpx.AsyncClient) -> None:
    for site in ("same-origin", "none"):
        answer = await page.get("/v1/me", headers={"sec-fetch-site": site})
        assert answer.json()["sub"] == "alice"
    assert (await page.get("/v1/me")).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "unknown"])
async def test_the_cookie_does_not_read_for_other_sites(
    page: httpx.AsyncClient, refused: Refused, site: str
) -> None:
    answer = await page.get("/v1/me", headers={"sec-fetch-site": site})
    refused(answer, 403, "origin_refused")


async def test_the_cookie_acts_for_the_pages_own_origin(page: httpx.AsyncClient) -> None:
    answer = await page.post("/v1/downloads", json=DOWNLOAD, headers={"origin": ORIGIN})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "http://localhost:8000",
        "http://127.0.0.1",
        "https://127.0.0.1:8000",
        "http://127.0.0.1:8000.evil.example",
        "http://127.0.0.1:8000/",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/downloads"), ("POST", "/v1/session/renew"), ("DELETE", "/v1/session")],
)
async def test_the_cookie_does_not_act_for_another_origin(
    page: httpx.AsyncClient, refused: Refused, origin: str | None, method: str, path: str
) -> None:
    headers = {} if origin is None else {"origin": origin}
    answer = await page.request(method, path, json=DOWNLOAD, headers=headers)
    refused(answer, 403, "origin_refused")
    assert (await page.get("/v1/me")).status_code == 200


async def test_another_origin_cannot_sign_a_browser_in(broker: Broker, refused: Refused) -> None:
    async with broker.client(origin="https://evil.example") as page:
        answer = await page.post("/v1/session", json=ALICE)
        refused(answer, 403, "origin_refused")
        assert "set-cookie" not in answer.headers


async def test_a_token_acts_from_anywhere(broker: Broker) -> None:
    headers = {"origin": "https://app.example", "sec_fetch_site": "cross-site"}
    async with broker.client(authorization=f"Bearer {broker.token('alice')}", **headers) as app:
        assert (await app.post("/v1/downloads", json=DOWNLOAD)).status_code == 200


async def test_without_proof_one_is_told_to_sign_in_wherever_one_comes_from(
    broker: Broker, refused: Refused
) -> None:
    for headers in ({}, {"origin": ORIGIN}, {"origin": "https://evil.example"}):
        async with broker.client(**headers) as stranger:
            answer = await stranger.post("/v1/downloads", json=DOWNLOAD)
            refused(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_renewing_gives_a_new_token_and_slides_the_cookie(
    make_broker: Callable[..., Broker], clock: Clock, refused: Refused
) -> None:
    broker = make_broker(clock=clock)
    async with broker.client(origin=ORIGIN) as page:
        first = (await page.post("/v1/session", json=ALICE)).json()["access_token"]
        clock.ahead = timedelta(hours=7)
        second = (await page.post("/v1/session/renew")).json()["access_token"]
        assert second != first
        clock.ahead = timedelta(hours=14)
        assert (await page.get("/v1/me")).status_code == 200
        clock.ahead = timedelta(hours=15, minutes=1)
        refused(await page.get("/v1/me"), 401, "invalid_token")


async def test_no_renewal_outlives_the_absolute_end(
    make_broker: Callable[..., Broker], clock: Clock, refused: Refused
) -> None:
    broker = make_broker(clock=clock)
    async with broker.client(origin=ORIGIN) as page:
        await page.post("/v1/session", json=ALICE)
        for hours in range(7, 7 * 24, 7):
            clock.ahead = timedelta(hours=hours)
            assert (await page.post("/v1/session/renew")).status_code == 200
        clock.ahead = timedelta(days=7, seconds=1)
        refused(await page.post("/v1/session/renew"), 401, "invalid_token")


async def test_a_token_alone_renews_nothing(broker: Broker, refused: Refused) -> None:
    async with broker.person("alice") as app:
        refused(await app.post("/v1/session/renew"), 401, "unauthenticated")


@pytest.mark.parametrize("by", ["cookie", "token"])
async def test_signing_out_kills_the_cookie_and_its_tokens(
    broker: Broker, refused: Refused, by: str
) -> None:
    async with broker.client(origin=ORIGIN) as page:
        token = (await page.post("/v1/session", json=ALICE)).json()["access_token"]
        cookie = f"{COOKIE}={page.cookies[COOKIE]}"
        headers = {"authorization": f"Bearer {token}"} if by == "token" else {}
        for _ in range(2):
            answer = await page.delete("/v1/session", headers=headers)
            assert answer.status_code == 204
        assert page.cookies.get(COOKIE) is None
    async with broker.client(cookie=cookie) as thief:
        refused(await thief.get("/v1/me"), 401, "invalid_token")
    async with broker.client(authorization=f"Bearer {token}") as thief:
        refused(await thief.get("/v1/me"), 401, "invalid_token")


async def test_signing_out_twice_is_no_fault(broker: Broker) -> None:
    async with broker.client() as stranger:
        assert (await stranger.delete("/v1/session")).status_code == 204


async def test_other_sessions_of_the_same_person_stay(broker: Broker) -> None:
    async with broker.client(origin=ORIGIN) as here, broker.client() as there:
        for page in (here, there):
            await page.post("/v1/session", json=ALICE, headers={"origin": ORIGIN})
        await here.delete("/v1/session")
        assert (await there.get("/v1/me")).status_code == 200


async def test_a_wrong_password_and_an_unknown_name_have_the_same_answer(
    broker: Broker, refused: Refused
) -> None:
    async def answer(username: str, peer: str) -> dict[str, object]:
        async with broker.client(peer=peer) as page:
            wish = {"username": username, "password": "wrong"}
            got = await page.post("/v1/session", json=wish)
        assert "set-cookie" not in got.headers
        problem = refused(got, 401, "invalid_credentials")
        return {name: value for name, value in problem.items() if name != "request_id"}

    wrong = await answer("bob", "192.0.2.1")
    assert wrong == await answer("nobody", "192.0.2.2")
    assert wrong == await answer("", "192.0.2.3")
    assert wrong == await answer("x" * 256, "192.0.2.4")


async def test_guesses_are_slowed_by_account_and_by_peer(
    make_broker: Callable[..., Broker], refused: Refused
) -> None:
    broker = make_broker()

    async def guess(username: str, password: str, peer: str) -> httpx.Response:
        async with broker.client(peer=peer) as page:
            wish = {"username": username, "password": password}
            return await page.post("/v1/session", json=wish)

    for _ in range(5):
        refused(await guess("alice", "wrong", "192.0.2.1"), 401, "invalid_credentials")
    for username, peer in (("alice", "192.0.2.2"), ("bob", "192.0.2.1")):
        answer = await guess(username, PASSWORDS[username], peer)
        refused(answer, 429, "rate_limited")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert (await guess("bob", PASSWORDS["bob"], "192.0.2.2")).status_code == 200
