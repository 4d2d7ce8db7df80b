"""What every test may ask for: the real embedded S3, started once, and a broker in front of it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import httpx
import pytest
from botocore.config import Config

from broker.app import create_app, utc_now
from broker.auth.tokens import TokenIssuer
from broker.auth.users_file import add_user
from broker.dev.embedded import EmbeddedS3
from broker.dev.environment import ensure_environment, environment_path
from broker.policy.grants import Action
from broker.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from mypy_boto3_s3 import S3Client
    from starlette.applications import Starlette

    from broker.app import Core
    from broker.policy.grants import Policy
    from broker.settings import Settings

    Json = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
ROLES = {"alice": ("member",), "bob": ("member",), "admin": ("admin",)}
PASSWORDS = {name: f"the password of {name}" for name in ROLES}
SECRETS = "a-secret-of-these-tests-with-more-than-32-bytes"
KIB = 1024

GRANTS: list[dict[str, object]] = [
    {
        "who": "role:member",
        "bucket": "t-*",
        "prefix": "users/{sub}/",
        "actions": ["list", "read", "write", "delete", "share"],
    },
    {"who": "role:member", "bucket": "t-*", "prefix": "public/", "actions": ["list", "read"]},
    {
        "who": "role:member",
        "bucket": "t-*",
        "prefix": "once/{sub}/",
        "actions": ["read", "write"],
        "overwrite": False,
        "types": ["text/*"],
        "max_size": 16 * KIB,
    },
    {"who": "role:admin", "bucket": "*", "prefix": "", "actions": [str(one) for one in Action]},
]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def s3_environment() -> Path:
    """The S3's own virtual environment: `make setup` has made it, else it is made now."""
    environment = environment_path(os.environ, ROOT / ".broker")
    ensure_environment(environment, partial(print, file=sys.stderr))
    return environment


@pytest.fixture(scope="session")
def s3_server(
    s3_environment: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedS3]:
    """One embedded S3 for the whole run; each test makes a bucket of its own."""
    data = tmp_path_factory.mktemp("s3")
    with EmbeddedS3(s3_environment, data, 0, "test-key", "test-secret-access-key") as server:
        yield server


@pytest.fixture(scope="session")
def boto(s3_server: EmbeddedS3) -> S3Client:
    """S3 without the broker: the oracle of what has happened there."""
    return boto3.client(
        "s3",
        endpoint_url=s3_server.url,
        region_name=s3_server.region,
        aws_access_key_id=s3_server.access_key_id,
        aws_secret_access_key=s3_server.secret_access_key,
        config=Config(s3={"addressing_style": "path"}),
    )


@pytest.fixture(scope="session")
def s3_http() -> Iterator[httpx.Client]:
    """What a client holds that has signed URLs and nothing else."""
    with httpx.Client(trust_env=False) as client:
        yield client


@dataclass(frozen=True)
class Bucket:
    """A bucket of one test's own, seen past the broker."""

    name: str
    s3: S3Client
    http: httpx.Client

    def store(self, key: str, body: bytes = b"made by others") -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=body)

    def remove(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.name, Key=key)

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()

    def contents(self) -> set[str]:
        """Everything, also what the broker keeps for itself."""
        page = self.s3.list_objects_v2(Bucket=self.name)
        return {row["Key"] for row in page.get("Contents", ())}

    def open_uploads(self) -> list[str]:
        page = self.s3.list_multipart_uploads(Bucket=self.name)
        return [row["UploadId"] for row in page.get("Uploads", ())]

    def send(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        """PUT to a signed URL; return S3's status."""
        return self.http.put(url, content=body, headers=headers).status_code

    def get(self, url: str) -> httpx.Response:
        return self.http.get(url)


@pytest.fixture
def bucket(boto: S3Client, s3_http: httpx.Client) -> Bucket:
    name = f"t-{uuid4().hex}"
    boto.create_bucket(Bucket=name)
    return Bucket(name, boto, s3_http)


class Clock:
    """The real time, and what a test adds to it."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Broker:
    """A broker in this process, and the ways to ask it."""

    app: Starlette
    settings: Settings
    clock: Callable[[], datetime]
    audit: StringIO
    log: StringIO

    @property
    def core(self) -> Core:
        core: Core = self.app.state.core
        return core

    def client(self, *, peer: str = "127.0.0.1", **headers: str) -> httpx.AsyncClient:
        """Someone at an address; `headers` go with each of their requests."""
        transport = httpx.ASGITransport(self.app, client=(peer, 50_000))
        return httpx.AsyncClient(
            transport=transport,
            base_url=self.settings.public_url,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            trust_env=False,
        )

    def token(self, name: str, life: timedelta = timedelta(hours=1)) -> str:
        """A token such as `broker token` makes, of no session."""
        issuer = TokenIssuer(
            self.settings.secret_bytes, self.settings.auth.audience, self.clock, token_urlsafe
        )
        return issuer.issue(name, ROLES[name], life)

    def person(self, name: str) -> httpx.AsyncClient:
        return self.client(authorization=f"Bearer {self.token(name)}")

    def trail(self) -> str:
        """The audit trail, all of it written by now."""
        self.core.audit.flush()
        return self.audit.getvalue()

    def lines(self, request_id: str) -> list[Json]:
        """The audit lines of one request."""
        lines = map(json.loads, self.trail().splitlines())
        return [line for line in lines if line["request_id"] == request_id]


@pytest.fixture(scope="session")
def users_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: a hash takes tens of milliseconds. A test that changes it copies it."""
    path = tmp_path_factory.mktemp("users") / "users.json"
    for name, roles in ROLES.items():
        add_user(path, name, PASSWORDS[name], roles)
    return path


@pytest.fixture(scope="module")
def s3_credentials(s3_server: EmbeddedS3) -> Iterator[None]:
    """boto3's own chain finds the key pair of the embedded S3."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_SESSION_TOKEN", raising=False)
        for name, value in s3_server.environ.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def make_broker(
    s3_server: EmbeddedS3, s3_credentials: None, users_file: Path
) -> Iterator[Callable[..., Broker]]:
    """Start a broker; the keywords are tables of broker.toml that replace or extend the usual."""
    made: list[Broker] = []

    def make(
        *,
        clock: Callable[[], datetime] = utc_now,
        read_policy: Callable[[], Policy] | None = None,
        environ: Mapping[str, str] | None = None,
        **tables: object,
    ) -> Broker:
        toml: dict[str, object] = {
            "s3": s3_server.settings,
            "auth": {"local_users_file": str(users_file)},
            "limits": {"requests_per_minute": 1_000_000},
            "grants": GRANTS,
        }
        settings = load_settings({"BROKER_SECRETS": SECRETS, **(environ or {})}, toml | tables)
        audit, log = StringIO(), StringIO()
        app = create_app(settings, clock=clock, read_policy=read_policy, audit=audit, log=log)
        made.append(Broker(app, settings, clock, audit, log))
        return made[-1]

    yield make
    for broker in made:
        broker.core.close()


@pytest.fixture(scope="module")
def broker(make_broker: Callable[..., Broker]) -> Broker:
    """The broker that a module's tests share; what they do lies in buckets of their own."""
    return make_broker()


@dataclass(frozen=True)
class People:
    """Three with a token, and a stranger without."""

    alice: httpx.AsyncClient
    bob: httpx.AsyncClient
    admin: httpx.AsyncClient
    stranger: httpx.AsyncClient


@pytest.fixture
async def people(broker: Broker) -> AsyncIterator[People]:
    async with (
        broker.person("alice") as alice,
        broker.person("bob") as bob,
        broker.person("admin") as admin,
        broker.client() as stranger,
    ):
        yield People(alice, bob, admin, stranger)
