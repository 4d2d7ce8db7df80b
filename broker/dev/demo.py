"""What `broker dev` shows: one bucket, three users with generated passwords, two profiles.

The parts, in the order a start needs them:

    secrets = demo_secrets(data, token_hex)
    with EmbeddedS3(environment, data, port, ACCESS_KEY_ID, secrets.s3) as s3:
        demo = demo_configuration(data, secrets, server={…}, s3=s3.settings)
        settings = load_settings(os.environ | s3.environ | demo.environ, demo.toml)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from broker.auth.local_users import LocalUsers
from broker.auth.users_file import add_user, remove_user
from broker.dev.kept import kept_secrets
from broker.policy.grants import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

BUCKET = "uploads"
ACCESS_KEY_ID = "broker-dev"
ROLES = {"alice": ("member",), "bob": ("member",), "admin": ("admin",)}

BROKER_SECRET_BYTES = 32
S3_SECRET_BYTES = 20  # as long as AWS's own
PASSWORD_BYTES = 8
MEBIBYTE = 1024 * 1024

GRANTS: tuple[Mapping[str, object], ...] = (
    {
        "who": "role:member",
        "bucket": BUCKET,
        "prefix": "users/{sub}/",
        "actions": ["list", "read", "write", "delete", "share"],
    },
    {"who": "role:member", "bucket": BUCKET, "prefix": "public/", "actions": ["list", "read"]},
    {
        "who": "role:admin",
        "bucket": "*",
        "prefix": "",
        "actions": [str(action) for action in Action],
    },
)

PROFILES: Mapping[str, Mapping[str, object]] = {
    "avatar": {
        "bucket": BUCKET,
        "key": "users/{sub}/avatars/{uuid}{ext}",
        "types": ["image/png", "image/jpeg", "image/webp"],
        "max_size": 5 * MEBIBYTE,
    },
    "video": {
        "bucket": BUCKET,
        "key": "users/{sub}/videos/{yyyy}/{mm}/{uuid}{ext}",
        "types": ["video/*"],
        "strategy": "multipart",
    },
}


@dataclass(frozen=True, slots=True)
class DemoSecrets:
    """`broker` seals and signs for the broker, `s3` is the root key's; passwords by user name."""

    broker: str
    s3: str
    passwords: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DemoUser:
    username: str
    password: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoConfiguration:
    """`toml` has the shape of broker.toml; `environ` holds what only the environment may."""

    toml: Mapping[str, object]
    environ: Mapping[str, str]
    users: tuple[DemoUser, ...]


def demo_secrets(data: Path, random_hex: Callable[[int], str]) -> DemoSecrets:
    """The secrets of this data directory, made at its first start."""
    lengths = {"broker": BROKER_SECRET_BYTES, "s3": S3_SECRET_BYTES}
    lengths |= dict.fromkeys(ROLES, PASSWORD_BYTES)
    kept = kept_secrets(data / "secrets.json", lengths, random_hex)
    return DemoSecrets(kept["broker"], kept["s3"], {name: kept[name] for name in ROLES})


def demo_configuration(
    data: Path, secrets: DemoSecrets, *, server: Mapping[str, object], s3: Mapping[str, object]
) -> DemoConfiguration:
    """`server` and `s3` are those tables of broker.toml; the demo bucket is added.

    Writes the users file as well. Users that somebody else added to it stay.
    """
    users_file = data / "users.json"
    users = tuple(DemoUser(name, secrets.passwords[name], roles) for name, roles in ROLES.items())
    for user in users:
        _ensure_user(users_file, user)
    toml: dict[str, object] = {
        "server": server,
        "s3": {**s3, "buckets": [BUCKET]},
        "auth": {"local_users_file": str(users_file)},
        "grants": GRANTS,
        "profiles": PROFILES,
    }
    return DemoConfiguration(toml, {"BROKER_SECRETS": secrets.broker}, users)


def _ensure_user(users_file: Path, user: DemoUser) -> None:
    """Adds the user, or makes anew the one whose password was lost with the secrets file."""
    if users_file.exists():
        there = LocalUsers.load(users_file)
        if there.authenticate(user.username, user.password):
            return
        if there.find(user.username):
            remove_user(users_file, user.username)
    add_user(users_file, user.username, user.password, user.roles)
