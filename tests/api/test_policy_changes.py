"""What the policy and the users file say today decides, whatever was signed in or begun before."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING

import anyio
import pytest

from broker.auth.users_file import add_user, remove_user
from broker.settings import load_settings
from tests.conftest import GRANTS, PASSWORDS, SECRETS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import httpx

    from broker.policy.grants import Policy
    from tests.api.conftest import Refused, Uploading
    from tests.conftest import Broker, Bucket

pytestmark = pytest.mark.anyio

PART = 8 * 1024 * 1024
LATEST = 5.0  # seconds; the files are looked at once in a second


class ChangingPolicy:
    """What a policy file would hold; a test replaces `grants`."""

    def __init__(self) -> None:
        self.grants = GRANTS

    def __call__(self) -> Policy:
        return load_settings({"BROKER_SECRETS": SECRETS}, {"grants": self.grants}).policy()


async def eventually(status: int, ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Ask until that is the status."""
    deadline = time.monotonic() + LATEST
    while (answer := await ask()).status_code != status:
        assert time.monotonic() < deadline, answer.text
        await anyio.sleep(0.05)
    return answer


async def test_without_its_grant_an_upload_begun_before_stands_still(
    make_broker: Callable[..., Broker], uploading: Uploading, bucket: Bucket, refused: Refused
) -> None:
    policy = ChangingPolicy()
    broker = make_broker(read_policy=policy)
    async with broker.person("alice") as alice:
        upload = await uploading.create(alice, size=PART + 1, strategy="multipart")
        policy.grants = GRANTS[1:]
        broker.core.reload()

        address = f"/v1/uploads/{upload['id']}"
        wish = {"parts": [{"part_number": 1}]}
        for answer in (
            await alice.post(f"{address}/parts", json=wish),
            await alice.post(f"{address}/target"),
            await alice.post(f"{address}/complete"),
            await alice.get(address),
            await alice.delete(address),
        ):
            refused(answer, 403, "forbidden")

        policy.grants = GRANTS
        broker.core.reload()
        assert (await alice.post(f"{address}/parts", json=wish)).status_code == 200
    assert len(bucket.open_uploads()) == 1


async def test_a_smaller_limit_holds_for_what_was_begun_before(
    make_broker: Callable[..., Broker], uploading: Uploading, refused: Refused
) -> None:
    policy = ChangingPolicy()
    broker = make_broker(read_policy=policy)
    async with broker.person("alice") as alice:
        upload = await uploading.create(alice)
        policy.grants = [{**GRANTS[0], "max_size": 4}]
        broker.core.reload()
        refused(await alice.post(f"/v1/uploads/{upload['id']}/target"), 403, "size_not_allowed")


async def test_a_removed_users_token_and_cookie_are_dead_within_a_second(
    make_broker: Callable[..., Broker], users_file: Path, tmp_path: Path, refused: Refused
) -> None:
    users = tmp_path / "users.json"
    shutil.copy(users_file, users)
    broker = make_broker(auth={"local_users_file": str(users)})
    async with broker.client() as page:
        credentials = {"username": "alice", "password": PASSWORDS["alice"]}
        signed_in = (await page.post("/v1/session", json=credentials)).json()
        async with broker.client(authorization=f"Bearer {signed_in['access_token']}") as app:
            assert (await page.get("/v1/me")).status_code == 200
            assert (await app.get("/v1/me")).status_code == 200
            remove_user(users, "alice")
            refused(await eventually(401, lambda: app.get("/v1/me")), 401, "invalid_token")
            refused(await page.get("/v1/me"), 401, "invalid_token")


async def test_a_changed_role_holds_for_the_token_one_has(
    make_broker: Callable[..., Broker], users_file: Path, tmp_path: Path
) -> None:
    users = tmp_path / "users.json"
    shutil.copy(users_file, users)
    broker = make_broker(auth={"local_users_file": str(users)})
    credentials = {"username": "admin", "password": PASSWORDS["admin"]}
    async with broker.client() as page:
        token = (await page.post("/v1/session", json=credentials)).json()["access_token"]
    async with broker.client(authorization=f"Bearer {token}") as app:
        assert (await app.get("/v1/me")).json()["roles"] == ["admin"]
        content = json.loads(users.read_text())
        content["users"]["admin"]["roles"] = ["member"]
        users.write_text(json.dumps(content))
        broker.core.reload()
        assert (await app.get("/v1/me")).json()["roles"] == ["member"]


async def test_a_new_password_ends_every_session_and_token_of_the_old_one(
    make_broker: Callable[..., Broker], users_file: Path, tmp_path: Path
) -> None:
    users = tmp_path / "users.json"
    shutil.copy(users_file, users)
    broker = make_broker(auth={"local_users_file": str(users)})
    credentials = {"username": "alice", "password": PASSWORDS["alice"]}
    async with broker.client() as page:
        token = (await page.post("/v1/session", json=credentials)).json()["access_token"]
        remove_user(users, "alice")
        add_user(users, "alice", "another password", ["admin"])
        broker.core.reload()
        assert (await page.get("/v1/me")).status_code == 401
    async with broker.client(authorization=f"Bearer {token}") as app:
        assert (await app.get("/v1/me")).status_code == 401


async def test_overwriting_forbidden_meanwhile_is_forbidden_for_a_running_upload(
    make_broker: Callable[..., Broker], bucket: Bucket
) -> None:
    """The oracle is S3, which has an object there already."""
    policy = ChangingPolicy()
    allowed: dict[str, object] = {
        "who": "role:member",
        "bucket": bucket.name,
        "actions": ["write"],
    }
    policy.grants = [allowed]
    broker = make_broker(read_policy=policy)
    bucket.store("a.txt", b"first")
    async with broker.person("alice") as alice:
        wish = {"bucket": bucket.name, "files": [{"name": "a.txt", "size": 6}]}
        (upload,) = (await alice.post("/v1/uploads", json=wish)).json()["uploads"]
        policy.grants = [{**allowed, "overwrite": False}]
        broker.core.reload()
        fresh = (await alice.post(f"/v1/uploads/{upload['id']}/target")).json()["target"]
    assert bucket.send(fresh["url"], b"second", fresh["headers"]) == 412
    assert bucket.read("a.txt") == b"first"


async def test_a_broken_users_file_changes_nothing_and_is_reported(
    make_broker: Callable[..., Broker], users_file: Path, tmp_path: Path
) -> None:
    users = tmp_path / "users.json"
    shutil.copy(users_file, users)
    broker = make_broker(auth={"local_users_file": str(users)})
    credentials = {"username": "alice", "password": PASSWORDS["alice"]}
    async with broker.client() as page:
        users.write_text("{")
        broker.core.reload()
        assert (await page.post("/v1/session", json=credentials)).status_code == 200
    assert "reload refused" in broker.log.getvalue()
