"""Changing the users file: one writer at a time, and a reader sees the old file or the new one."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from broker.auth import passwords
from broker.auth.local_users import (
    ROLE_RULE,
    USERNAME_RULE,
    LocalUser,
    LocalUsers,
    is_local_role,
    is_username,
)
from broker.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def add_user(path: Path, username: str, password: str, roles: Iterable[str]) -> None:
    """Add a user, making the file if there is none.

    Raises InvalidRequest naming each field at fault, also when the user is there already.
    """
    wanted = frozenset(roles)
    _check_user(username, password, wanted)
    hashed = passwords.hash_password(password)
    with _locked(path):
        users = _read(path)
        if username in users:
            raise InvalidRequest(problems=[("username", "there is such a user already")])
        _write(path, {**users, username: LocalUser(username, wanted, hashed)})


def remove_user(path: Path, username: str) -> None:
    """Raises InvalidRequest when there is no such user."""
    with _locked(path):
        users = _read(path)
        if users.pop(username, None) is None:
            raise InvalidRequest(problems=[("username", "there is no such user")])
        _write(path, users)


def list_users(path: Path) -> tuple[LocalUser, ...]:
    """Return the users by name; none when there is no file yet."""
    return tuple(user for _, user in sorted(_read(path).items()))


def _check_user(username: str, password: str, roles: frozenset[str]) -> None:
    checks = {
        ("username", USERNAME_RULE): is_username(username),
        ("password", f"1 to {passwords.MAX_PASSWORD_BYTES} bytes"): passwords.is_password(password),
        ("roles", f"each is {ROLE_RULE}"): all(map(is_local_role, roles)),
    }
    problems = [problem for problem, holds in checks.items() if not holds]
    if problems:
        raise InvalidRequest(problems=problems)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # Beside the file, which is replaced: a lock on it would be on the old one.
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(path: Path) -> dict[str, LocalUser]:
    users = LocalUsers.load(path).all() if path.exists() else ()
    return {user.username: user for user in users}


def _write(path: Path, users: dict[str, LocalUser]) -> None:
    entries = {
        name: {"hash": user.hash, "roles": sorted(user.roles)}
        for name, user in sorted(users.items())
    }
    draft = path.with_name(f".{path.name}.new")
    with open(draft, "w", encoding="utf-8", opener=_open_private) as new:
        json.dump({"users": entries}, new, indent=2)
        new.write("\n")
        new.flush()
        os.fsync(new.fileno())
    draft.replace(path)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
