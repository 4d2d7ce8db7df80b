"""A bearer token: which one is proof of who asks, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.conftest import Refused
    from tests.conftest import Broker, Bucket

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize("kind", ["Basic {}", "Bearer", "Bearer ", "Bearer {} x", "{}", "Token {}"])
async def test_another_kind_of_authorization_is_refused(
    broker: Broker, refused: Refused, kind: str
) -> None:
    async with broker.client(authorization=kind.format(broker.token("alice"))) as app:
        answer = await app.get("/v1/me")
    refused(answer, 401, "invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_the_scheme_is_taken_in_any_case(broker: Broker) -> None:
    async with broker.client(authorization=f"BEARER {broker.token('alice')}") as app:
        assert (await app.get("/v1/me")).status_code == 200


async def test_two_authorization_headers_are_refused_even_when_equal(
    broker: Broker, refused: Refused
) -> None:
    header = ("authorization", f"Bearer {broker.token('alice')}")
    async with broker.client() as app:
        refused(await app.get("/v1/me", headers=[header, header]), 401, "invalid_token")


async def test_a_token_in_the_query_counts_for_nothing(broker: Broker, refused: Refused) -> None:
    async with broker.client() as app:
        answer = await app.get("/v1/me", params={"access_token": broker.token("alice")})
    refused(answer, 401, "unauthenticated")


async def test_a_token_is_dead_at_its_end(
    make_broker: Callable[..., Broker], clock: Clock, refused: Refused
) -> None:
    broker = make_broker(clock=clock)
    async with broker.person("alice") as app:
        clock.ahead = timedelta(minutes=59)
        assert (await app.get("/v1/me")).status_code == 200
        clock.ahead = timedelta(hours=1)
        answer = await app.get("/v1/me")
    refused(answer, 401, "invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_a_token_signed_with_another_secret_is_refused(
    broker: Broker, make_broker: Callable[..., Broker], refused: Refused
) -> None:
    other = make_broker(environ={"BROKER_SECRETS": "another-secret-of-at-least-32-bytes!"})
    async with broker.client(authorization=f"Bearer {other.token('alice')}") as app:
        refused(await app.get("/v1/me"), 401, "invalid_token")


async def test_after_a_rotation_what_the_old_secret_made_still_works(
    broker: Broker, make_broker: Callable[..., Broker]
) -> None:
    old = broker.settings.secrets[0].get_secret_value()
    environ = {"BROKER_SECRETS": f"a-newer-secret-of-at-least-32-bytes!,{old}"}
    rotated = make_broker(environ=environ)
    async with rotated.client(authorization=f"Bearer {broker.token('alice')}") as app:
        assert (await app.get("/v1/me")).status_code == 200


async def test_a_ticket_survives_a_restart(
    broker: Broker, make_broker: Callable[..., Broker], bucket: Bucket
) -> None:
    wish = {"bucket": bucket.name, "files": [{"name": "users/alice/a", "size": 1}]}
    async with broker.person("alice") as before, make_broker().person("alice") as after:
        (upload,) = (await before.post("/v1/uploads", json=wish)).json()["uploads"]
        assert (await after.get(f"/v1/uploads/{upload['id']}")).status_code == 200
