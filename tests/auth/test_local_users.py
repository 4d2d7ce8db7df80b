"""Local users: the file is read strictly, and a sign-in tells nothing about who exists."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST, RFC_9106_HIGH_MEMORY

from broker.auth.local_users import LocalUsers, is_username
from broker.errors import ConfigurationError
from broker.policy.identity import Principal, encode_identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ALICE = Principal("local", "alice", frozenset({"member"}))
LONGEST = "é" * 512  # 1024 bytes


def file_of(**users: object) -> str:
    return json.dumps({"users": users})


@pytest.fixture(scope="module")
def hashed() -> str:
    return PasswordHasher().hash("correct horse")


@pytest.fixture(scope="module")
def users(hashed: str) -> LocalUsers:
    long = {"hash": PasswordHasher().hash(LONGEST), "roles": []}
    return LocalUsers.parse(file_of(alice={"hash": hashed, "roles": ["member"]}, long=long))


def test_the_right_password_gives_the_principal(users: LocalUsers) -> None:
    assert users.authenticate("alice", "correct horse") == ALICE


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("alice", "wrong horse"),
        ("alice", ""),
        ("alice", "correct horse\0"),
        ("alice", "correct horse\ud800"),
        ("Alice", "correct horse"),
        ("nobody", "correct horse"),
        ("", "correct horse"),
        ("\ud800", "correct horse"),
    ],
)
def test_anything_else_gives_nobody(users: LocalUsers, username: str, password: str) -> None:
    assert users.authenticate(username, password) is None


def test_a_password_has_1024_bytes_at_most(users: LocalUsers) -> None:
    assert users.authenticate("long", LONGEST) is not None
    assert users.authenticate("long", LONGEST + "x") is None


def test_an_impossible_password_opens_no_account_whatever_stands_in_for_it() -> None:
    """The work is done with `-` in its place, which a user may have chosen."""
    dash = {"hash": PasswordHasher().hash("-"), "roles": []}
    users = LocalUsers.parse(file_of(dash=dash))
    assert users.authenticate("dash", "-") is not None
    for password in ("", "x" * 1025, "\ud800"):
        assert users.authenticate("dash", password) is None


def test_every_refusal_costs_one_hash(users: LocalUsers) -> None:
    """Processor time of all threads, the least of five: other processes do not count."""
    wrong = _cost(partial(users.authenticate, "alice", "wrong horse"))
    for username, password in (("nobody", "x"), ("alice", ""), ("alice", "x" * 1025)):
        cost = _cost(partial(users.authenticate, username, password))
        assert 0.6 < cost / wrong < 1.6


def _cost(call: Callable[[], object]) -> float:
    def once() -> float:
        started = time.process_time()
        call()
        return time.process_time() - started

    return min(once() for _ in range(5))


def test_a_user_is_found_without_a_password(users: LocalUsers) -> None:
    assert users.find("alice") == ALICE
    assert users.find("nobody") is None


def test_the_hash_is_in_no_representation(users: LocalUsers) -> None:
    assert "argon2" not in repr(users.all())


def test_users_are_listed_by_name(users: LocalUsers) -> None:
    assert [user.username for user in users.all()] == ["alice", "long"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"users":[]}', '{"users":{},"x":1}', '{"users":{"a":1,"a":1}}', "[" * 9999],
)
def test_a_file_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="users"):
        LocalUsers.parse(text)


def test_every_problem_is_named_and_no_hash_is_shown(hashed: str) -> None:
    text = file_of(
        **{"Bad Name": {"hash": hashed, "roles": []}},
        bob={"hash": "hunter2", "roles": []},
        carol={"hash": hashed, "roles": ["a b", 1]},
        dave={"hash": hashed},
        erin={"hash": hashed, "roles": [], "admin": True},
        frank=None,
        grace={"hash": 1, "roles": []},
        heidi={"hash": "$argon2id$", "roles": [""]},
    )
    with pytest.raises(ConfigurationError) as refused:
        LocalUsers.parse(text)
    named = [problem.split(": ")[0] for problem in refused.value.problems]
    assert named == [
        "users.'Bad Name'",
        "users.'bob'.hash",
        "users.'carol'.roles",
        "users.'dave'",
        "users.'erin'",
        "users.'frank'",
        "users.'grace'",
        "users.'heidi'.hash",
        "users.'heidi'.roles",
    ]
    assert "hunter2" not in str(refused.value)
    assert hashed not in str(refused.value)


def test_only_one_set_of_hash_parameters_is_accepted(hashed: str) -> None:
    """Cheaper or dearer hashes would tell users from strangers by time, or eat the memory."""
    cheap = PasswordHasher.from_parameters(CHEAPEST).hash("x")
    dear = hashed.replace(f"m={2**16}", f"m={RFC_9106_HIGH_MEMORY.memory_cost}")
    for other in (cheap, dear, hashed.replace("argon2id", "argon2i"), hashed + "A", hashed[:-1]):
        with pytest.raises(ConfigurationError, match="hash"):
            LocalUsers.parse(file_of(alice={"hash": other, "roles": []}))


@pytest.mark.parametrize("name", ["a", "0", "alice", "a.b", "a-b", "a_b", "a" * 64, "a_", "a-"])
def test_a_plain_name_is_a_user_name_and_stands_for_itself_in_keys(name: str) -> None:
    assert is_username(name)
    assert encode_identity(Principal("local", name, frozenset())) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a..b", ".a", "a.", "-a", "_a", "A", "a b", "a/b", "a\n", "é", "a" * 65, "a@b"],
)
def test_another_name_is_no_user_name(name: str) -> None:
    assert not is_username(name)


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        LocalUsers.load(tmp_path / "users.json")


def test_a_file_that_is_not_utf8_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        LocalUsers.load(tmp_path / "users.json")
