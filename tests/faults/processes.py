"""`broker dev` as a process of its own, started, signed in to, and ended in every way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

START_DEADLINE = 30  # seconds; measured: 2
POLL_INTERVAL = 0.05  # seconds
END_DEADLINE = 20  # seconds
RECOVERY_DEADLINE = 10  # seconds that a broker may need once its S3 is back


class User(TypedDict):
    username: str
    password: str
    roles: list[str]


class Ready(TypedDict):
    """What `--ready-file` holds."""

    url: str
    s3_url: str
    bucket: str
    users: list[User]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a broker is started with: its directory, its S3 and the key pair for it."""

    data: Path
    s3: str
    environ: Mapping[str, str]

    @property
    def log(self) -> Path:
        """What its processes wrote."""
        return self.data / "output.log"

    def spawn(self, *options: str) -> subprocess.Popen[bytes]:
        """Nothing of this process's environment reaches it but the search path.

        Its home is `data`, so that nobody's AWS files do either.
        """
        command = (sys.executable, "-m", "broker", "dev", "--data", self.data, "--s3", self.s3)
        with self.log.open("a") as log:
            return subprocess.Popen(
                [*command, *options],
                env={"PATH": os.environ["PATH"], "HOME": str(self.data), **self.environ},
                cwd=self.data,  # no .env of the project
                stdout=log,
                stderr=log,
            )

    def start(self, *options: str) -> BrokerProcess:
        """Returns once it is ready, on any free port unless the options name one."""
        ready_file = self.data / "ready.json"
        ready_file.unlink(missing_ok=True)
        process = self.spawn("--port", "0", "--ready-file", str(ready_file), *options)
        deadline = time.monotonic() + START_DEADLINE
        while not ready_file.exists():
            assert process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "the broker is not ready in time"
            time.sleep(POLL_INTERVAL)
        return BrokerProcess(process, json.loads(ready_file.read_text()))


@dataclass(slots=True)
class BrokerProcess:
    process: subprocess.Popen[bytes]
    ready: Ready
    _clients: list[httpx.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.ready["url"]

    @property
    def port(self) -> int:
        return httpx.URL(self.url).port or 0

    def token(self, username: str = "alice") -> str:
        password = next(u["password"] for u in self.ready["users"] if u["username"] == username)
        with httpx.Client(base_url=self.url, trust_env=False) as client:
            answer = client.post("/v1/session", json={"username": username, "password": password})
        return str(answer.raise_for_status().json()["access_token"])

    def client(self, token: str | None = None) -> httpx.Client:
        """Alice's, unless a token says otherwise; closed when the process ends."""
        client = httpx.Client(
            base_url=self.url,
            headers={"authorization": f"Bearer {token or self.token()}"},
            timeout=END_DEADLINE,
            trust_env=False,
        )
        self._clients.append(client)
        return client

    def kill(self) -> None:
        """As `kill -9`."""
        self.process.kill()
        self.wait()

    def wait(self) -> int:
        """Return the exit code."""
        for client in self._clients:
            client.close()
        return self.process.wait(END_DEADLINE)

    def stop(self) -> int:
        """Ends it by SIGTERM, and returns its exit code."""
        self.process.terminate()
        return self.wait()


class Brokers:
    """Brokers with one setting, one after the other or side by side."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._started: list[BrokerProcess] = []

    def start(self, *options: str) -> BrokerProcess:
        self._started.append(self._setting.start(*options))
        return self._started[-1]

    def kill(self) -> None:
        """Ends all that still run."""
        for broker in self._started:
            broker.kill()


def await_ready(client: httpx.Client) -> None:
    """Returns once the broker says that it reaches S3."""
    deadline = time.monotonic() + RECOVERY_DEADLINE
    while not client.get("/readyz").is_success:
        assert time.monotonic() < deadline, "the broker does not recover"
        time.sleep(POLL_INTERVAL)
