"""The users file: nobody's change is lost and nobody reads half a file."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from broker.auth.local_users import LocalUsers
from broker.auth.users_file import add_user, list_users, remove_user
from broker.errors import InvalidRequest
from broker.policy.identity import Principal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.json"


def names(path: Path) -> list[str]:
    return [user.username for user in list_users(path)]


def test_an_added_user_can_sign_in(path: Path) -> None:
    add_user(path, "alice", "correct horse", ["member", "member"])
    principal = LocalUsers.load(path).authenticate("alice", "correct horse")
    assert principal == Principal("local", "alice", frozenset({"member"}))


def test_a_removed_user_is_gone_and_the_others_stay(path: Path) -> None:
    add_user(path, "alice", "x", [])
    add_user(path, "bob", "x", [])
    remove_user(path, "alice")
    assert names(path) == ["bob"]


def test_no_file_means_no_users(path: Path) -> None:
    assert names(path) == []
    assert not path.exists()


def test_only_the_owner_may_read_the_file(path: Path) -> None:
    add_user(path, "alice", "x", [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    add_user(path, "bob", "x", [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_password_is_not_in_the_file(path: Path) -> None:
    add_user(path, "alice", "correct horse", [])
    assert "correct horse" not in path.read_text()


@pytest.mark.parametrize(
    ("username", "password", "role", "field"),
    [
        ("..", "x", "member", "username"),
        ("a/b", "x", "member", "username"),
        ("alice", "", "member", "password"),
        ("alice", "x" * 1025, "member", "password"),
        ("alice", "\ud800", "member", "password"),
        ("alice", "x", "", "roles"),
        ("alice", "x", "a b", "roles"),
        ("alice", "x", "r" * 65, "roles"),
    ],
)
def test_a_faulty_field_is_named_and_nothing_written(
    path: Path, username: str, password: str, role: str, field: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        add_user(path, username, password, [role])
    assert [name for name, _ in refused.value.problems] == [field]
    assert not path.exists()


def test_the_longest_password_and_role_are_accepted(path: Path) -> None:
    add_user(path, "alice", "x" * 1024, ["r" * 64])
    assert LocalUsers.load(path).authenticate("alice", "x" * 1024) is not None


def test_a_user_is_not_added_twice(path: Path) -> None:
    add_user(path, "alice", "first", [])
    with pytest.raises(InvalidRequest, match="already"):
        add_user(path, "alice", "second", ["admin"])
    assert LocalUsers.load(path).authenticate("alice", "first") is not None


def test_an_unknown_user_is_not_removed(path: Path) -> None:
    add_user(path, "alice", "x", [])
    with pytest.raises(InvalidRequest, match="no such user"):
        remove_user(path, "bob")
    assert names(path) == ["alice"]


def test_parallel_changes_are_all_kept_and_every_reading_is_whole(path: Path) -> None:
    added = [f"user{number}" for number in range(12)]
    seen = []
    with ThreadPoolExecutor(4) as pool:
        changes = [pool.submit(add_user, path, name, "x", []) for name in added]
        while not all(change.done() for change in changes):
            seen.append(len(names(path)))
    for change in changes:
        change.result()
    assert names(path) == sorted(added)
    assert seen == sorted(seen)


def test_a_write_that_fails_leaves_the_old_file(path: Path) -> None:
    add_user(path, "alice", "x", [])
    before = path.read_bytes()
    (path.parent / ".users.json.new").mkdir()  # where the new file would be written
    with pytest.raises(IsADirectoryError):
        add_user(path, "bob", "x", [])
    assert path.read_bytes() == before


def test_a_draft_left_behind_by_a_crash_is_no_obstacle(path: Path) -> None:
    (path.parent / ".users.json.new").write_text('{"users": {"mallory": ' + " " * 10_000)
    add_user(path, "alice", "x", [])
    assert names(path) == ["alice"]
    assert not (path.parent / ".users.json.new").exists()
