"""The demo configuration is a valid one, and means what the documents promise."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from broker.auth.local_users import LocalUsers
from broker.auth.users_file import add_user
from broker.dev.demo import DemoConfiguration, demo_configuration, demo_secrets
from broker.errors import Forbidden
from broker.policy.grants import Action, Policy
from broker.policy.identity import LOCAL_ISSUER, Principal
from broker.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

S3 = {"provider": "ministack", "region": "us-east-1", "endpoint_url": "http://localhost:4571"}
SERVER = {"host": "127.0.0.1", "port": 8000}


def demo_in(data: Path) -> DemoConfiguration:
    return demo_configuration(data, demo_secrets(data, secrets.token_hex), server=SERVER, s3=S3)


@pytest.fixture
def demo(tmp_path: Path) -> DemoConfiguration:
    return demo_in(tmp_path)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    demo = demo_in(tmp_path_factory.mktemp("demo"))
    return load_settings(demo.environ, demo.toml).policy()


def test_the_broker_takes_the_configuration(demo: DemoConfiguration) -> None:
    settings = load_settings(demo.environ, demo.toml)

    assert settings.s3.buckets == ("uploads",)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert set(settings.profiles) == {"avatar", "video"}


def test_every_printed_password_signs_in(demo: DemoConfiguration, tmp_path: Path) -> None:
    users = LocalUsers.load(tmp_path / "users.json")

    assert {user.username: user.roles for user in demo.users} == {
        "alice": ("member",),
        "bob": ("member",),
        "admin": ("admin",),
    }
    for user in demo.users:
        principal = users.authenticate(user.username, user.password)
        assert principal
        assert principal.roles == set(user.roles)


def test_no_two_secrets_are_alike(demo: DemoConfiguration) -> None:
    passwords = {user.password for user in demo.users}

    assert len(passwords | set(demo.environ.values())) == 4


def test_a_second_start_has_the_same_users_file(demo: DemoConfiguration, tmp_path: Path) -> None:
    """A new hash would end every session."""
    before = (tmp_path / "users.json").read_bytes()

    assert demo_in(tmp_path) == demo
    assert (tmp_path / "users.json").read_bytes() == before


def test_lost_secrets_mean_new_passwords_that_work(demo: DemoConfiguration, tmp_path: Path) -> None:
    (tmp_path / "secrets.json").unlink()
    add_user(tmp_path / "users.json", "carol", "her own password", ["member"])

    again = demo_in(tmp_path)

    users = LocalUsers.load(tmp_path / "users.json")
    assert all(users.authenticate(user.username, user.password) for user in again.users)
    assert users.authenticate("alice", demo.users[0].password) is None
    assert users.authenticate("carol", "her own password")


ALICE = Principal(LOCAL_ISSUER, "alice", frozenset({"member"}))
BOB = Principal(LOCAL_ISSUER, "bob", frozenset({"member"}))
ADMIN = Principal(LOCAL_ISSUER, "admin", frozenset({"admin"}))


@pytest.mark.parametrize(
    ("principal", "action", "bucket", "key"),
    [
        (ALICE, Action.LIST, "uploads", "users/alice/"),
        (ALICE, Action.READ, "uploads", "users/alice/a"),
        (ALICE, Action.WRITE, "uploads", "users/alice/a"),
        (ALICE, Action.DELETE, "uploads", "users/alice/a"),
        (ALICE, Action.SHARE, "uploads", "users/alice/a"),
        (ALICE, Action.LIST, "uploads", "public/"),
        (ALICE, Action.READ, "uploads", "public/README.txt"),
        (ADMIN, Action.WRITE, "any-other-bucket", "anything"),
        (ADMIN, Action.BUCKET_CREATE, "any-other-bucket", ""),
        (ADMIN, Action.BUCKET_DELETE, "any-other-bucket", ""),
        (ADMIN, Action.BUCKET_CONFIGURE, "any-other-bucket", ""),
        (ADMIN, Action.BUCKET_LIST, "any-other-bucket", ""),
    ],
)
def test_it_is_allowed(
    principal: Principal, action: Action, bucket: str, key: str, policy: Policy
) -> None:
    assert action in policy.decide(principal, action, bucket, key).actions


@pytest.mark.parametrize(
    ("principal", "action", "bucket", "key"),
    [
        (ALICE, Action.READ, "uploads", "users/bob/a"),
        (ALICE, Action.WRITE, "uploads", "users/alice"),
        (ALICE, Action.WRITE, "uploads", "public/a"),
        (ALICE, Action.DELETE, "uploads", "public/README.txt"),
        (ALICE, Action.SHARE, "uploads", "public/README.txt"),
        (ALICE, Action.READ, "another-bucket", "users/alice/a"),
        (ALICE, Action.BUCKET_CONFIGURE, "uploads", ""),
        (BOB, Action.LIST, "uploads", ""),
    ],
)
def test_it_is_forbidden(
    principal: Principal, action: Action, bucket: str, key: str, policy: Policy
) -> None:
    with pytest.raises(Forbidden):
        policy.decide(principal, action, bucket, key)
