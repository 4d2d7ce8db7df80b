"""The embedded S3: ministack as a child process on loopback that ends with its parent.

It verifies signatures, keeps its data, and is reached as `localhost` while the page is on
`127.0.0.1`: cookies know no ports, so the page's cookie must not reach S3.
"""

from __future__ import annotations

import os
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import httpx

from broker.dev.environment import python_of
from broker.dev.launcher import HEALTH_PATH
from broker.dev.ports import free_port
from broker.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

LAUNCHER = Path(__file__).with_name("launcher.py")
START_DEADLINE = timedelta(seconds=60)  # measured: 0.5 s; a cold disk under load takes longer
STOP_DEADLINE = timedelta(seconds=10)
POLL_INTERVAL = timedelta(milliseconds=50)


class EmbeddedS3:
    """`port` 0 means any free one; `port` and `url` hold the real one once started.

    `environment` comes from `broker.dev.environment`. Objects, settings and the log lie in `data`.
    """

    region: ClassVar[str] = "us-east-1"

    def __init__(
        self,
        environment: Path,
        data: Path,
        port: int,
        access_key_id: str,
        secret_access_key: str,
    ) -> None:
        self.environment = environment
        self.data = data.absolute()
        self.port = port
        self.access_key_id = access_key_id
        self.secret_access_key = secret_access_key
        self._process: subprocess.Popen[bytes] | None = None  # set while it runs

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def settings(self) -> Mapping[str, object]:
        """The `[s3]` table of broker.toml that reaches it."""
        return {
            "provider": "ministack",
            "region": self.region,
            "endpoint_url": self.url,
            "addressing": "path",
        }

    @property
    def environ(self) -> Mapping[str, str]:
        """Its key pair, by the names boto3 reads."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
        }

    @property
    def log(self) -> Path:
        return self.data / "s3.log"

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Returns once it answers. Raises ConfigurationError if its port is taken or it dies."""
        self.port = free_port(self.port)
        (self.data / "s3-tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._process = self._spawn()
        try:
            self._await_health(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends it cleanly, so that bucket settings are kept; by force if it does not obey."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(STOP_DEADLINE.total_seconds())
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        """A session of its own: Ctrl-C goes to the broker alone, which then stops this."""
        with self.log.open("wb") as log:
            self.log.chmod(0o600)
            return subprocess.Popen(  # noqa: S603 - no shell, own words
                [str(python_of(self.environment)), "-I", str(LAUNCHER)],
                env=self._child_environ(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _child_environ(self) -> dict[str, str]:
        """Nothing of the parent's environment but the search path: it may hold secrets."""
        return {
            **self.environ,
            "PATH": os.environ.get("PATH", os.defpath),
            "TMPDIR": str(self.data / "s3-tmp"),  # its pid file has a name that can be guessed
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "SERVICES": "s3,sts,iam",
            "AUTH": "true",
            "MINISTACK_REGION": self.region,
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.data / "s3"),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.data / "s3-state"),
            "LOG_LEVEL": "WARNING",  # INFO logs every URL, signature included
            "IOT_MTLS_ENABLED": "0",  # listens on every interface otherwise
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",  # it would remove other ministacks' containers
        }

    def _await_health(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_DEADLINE.total_seconds()
        while process.poll() is None:
            if self._is_healthy():
                return
            if time.monotonic() > deadline:
                raise ConfigurationError([f"s3: no answer on port {self.port}; see {self.log}"])
            time.sleep(POLL_INTERVAL.total_seconds())
        raise ConfigurationError([f"s3: ended with status {process.returncode}; see {self.log}"])

    def _is_healthy(self) -> bool:
        try:
            answer = httpx.get(
                f"http://127.0.0.1:{self.port}{HEALTH_PATH}", timeout=1, trust_env=False
            )
        except httpx.TransportError:
            return False
        return answer.is_success
