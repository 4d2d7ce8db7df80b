"""The users the broker knows itself: `{"users": {"alice": {"hash": "$argon2id…", "roles": […]}}}`.

`LocalUsers` is one reading of that file and never changes; a new reading replaces it whole.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeGuard

from broker.auth import passwords, strict_json
from broker.errors import ConfigurationError
from broker.policy.identity import LOCAL_ISSUER, PLAIN_NAME, Principal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

USERNAME_RULE = "1 to 64 of a-z 0-9 . _ -, first a letter or digit, no final dot, no '..'"
ROLE_RULE = "1 to 64 of A-Z a-z 0-9 . _ : -"
_GENERATION_LENGTH = 16  # hex characters; the hash it is made from has a random salt
_ROLE = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class LocalUser:
    username: str
    roles: frozenset[str]
    hash: str = field(repr=False)

    @property
    def principal(self) -> Principal:
        return Principal(LOCAL_ISSUER, self.username, self.roles)


class LocalUsers:
    def __init__(self, users: Mapping[str, LocalUser]) -> None:
        self._users = dict(users)
        self._principals = {name: user.principal for name, user in users.items()}
        self._generations = {name: f".{_digest(user.hash)}" for name, user in users.items()}

    @classmethod
    def parse(cls, text: str) -> LocalUsers:
        """Raises ConfigurationError with a line for each problem."""
        try:
            content = strict_json.loads(text)
        except (ValueError, RecursionError):
            raise ConfigurationError(["users: not JSON, or a name occurs twice"]) from None
        if not isinstance(content, dict) or content.keys() != {"users"}:
            raise ConfigurationError(["users: the file is an object with one member, users"])
        entries = content["users"]
        if not isinstance(entries, dict):
            raise ConfigurationError(["users: not an object"])
        return cls(_parse_users(entries))

    @classmethod
    def load(cls, path: Path) -> LocalUsers:
        """Raises ConfigurationError, also when the file cannot be read."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError([f"users: {path} cannot be read as UTF-8 text"]) from None
        return cls.parse(text)

    def authenticate(self, username: str, password: str) -> Principal | None:
        """Blocks for one hash verification, whether or not the user is known."""
        user = self._users.get(username)
        hashed = passwords.NOBODY if user is None else user.hash
        if not passwords.matches(hashed, password):
            return None
        return None if user is None else user.principal

    def find(self, username: str) -> Principal | None:
        return self._principals.get(username)

    def find_signed_in(self, username: str, session_id: str) -> Principal | None:
        """Return the user, if the session began with the present password."""
        if session_id.endswith(self._generations.get(username, "\n")):  # no id ends in a new line
            return self._principals.get(username)
        return None

    def generation(self, username: str) -> str | None:
        """Return what changes with a user's password, also by removing and adding the user."""
        return self._generations.get(username)

    def all(self) -> tuple[LocalUser, ...]:
        """Return the users by name."""
        return tuple(self._users[name] for name in sorted(self._users))


def _digest(hashed: str) -> str:
    return hashlib.sha256(hashed.encode()).hexdigest()[:_GENERATION_LENGTH]


def is_username(text: str) -> bool:
    """Whether the name may be a user's: it then stands for itself in keys."""
    return PLAIN_NAME.fullmatch(text) is not None and ".." not in text


def is_local_role(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _ROLE.fullmatch(value) is not None


def _parse_users(entries: Mapping[str, object]) -> dict[str, LocalUser]:
    users, problems = {}, []
    for name, entry in entries.items():
        match entry:
            case {"hash": str(hashed), "roles": [*roles], **rest} if not rest:
                users[name] = LocalUser(name, frozenset(filter(is_local_role, roles)), hashed)
                problems += _faults(name, hashed, roles)
            case _:
                problems.append(f"users.{name!a}: an object with a text hash and a list of roles")
    if problems:
        raise ConfigurationError(problems)
    return users


def _faults(name: str, hashed: str, roles: list[object]) -> list[str]:
    where = f"users.{name!a}"
    checks = {
        f"{where}: the name is {USERNAME_RULE}": is_username(name),
        f"{where}.hash: not an argon2id hash made by `broker user add`": passwords.is_hash(hashed),
        f"{where}.roles: each is {ROLE_RULE}": all(map(is_local_role, roles)),
    }
    return [fault for fault, holds in checks.items() if not holds]
