"""The image's entry point and the init step, run as docker-compose.yml would run them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from broker.dev.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broker.dev.embedded import EmbeddedS3

ROOT = Path(__file__).resolve().parents[2]
BROKER = str(Path(sys.executable).with_name("broker"))
CONNECT_RETRIES = 8  # httpx waits 0, 0.5, 1, 2, 4, … s between them
STOP_SECONDS = 10


@pytest.fixture
def environ(s3_server: EmbeddedS3, tmp_path: Path) -> dict[str, str]:
    """The environment of the service `broker`, at this machine's addresses."""
    port = free_port(0)
    users_file = tmp_path / "users.json"
    users_file.write_text(json.dumps({"users": {}}))
    return {
        "PATH": os.environ["PATH"],
        "BROKER_CONFIG": str(ROOT / "infra" / "compose.toml"),
        "BROKER_SECRETS": "s" * 32,
        "BROKER_AUTH__LOCAL_USERS_FILE": str(users_file),
        "BROKER_SERVER__PORT": str(port),
        "BROKER_SERVER__PUBLIC_URL": f"http://127.0.0.1:{port}",
        "BROKER_S3__PROVIDER": "ministack",
        "BROKER_S3__ENDPOINT_URL": s3_server.url,
        "BROKER_S3__PUBLIC_ENDPOINT_URL": s3_server.url,
        "AWS_ENDPOINT_URL_S3": s3_server.url,
        "AWS_ACCESS_KEY_ID": s3_server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3_server.secret_access_key,
        "AWS_DEFAULT_REGION": s3_server.region,
    }


@pytest.fixture
def served(environ: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """ENTRYPOINT and CMD of the Dockerfile, with a client that waits for the port to open."""
    with (
        subprocess.Popen([BROKER, "serve"], env=environ) as process,
        httpx.Client(
            base_url=environ["BROKER_SERVER__PUBLIC_URL"],
            transport=httpx.HTTPTransport(retries=CONNECT_RETRIES),
        ) as client,
    ):
        try:
            yield process, client
        finally:
            process.kill()


def test_the_init_step_leaves_a_bucket_that_the_page_may_use(
    environ: dict[str, str], s3_server: EmbeddedS3
) -> None:
    """Oracle: what a browser asks S3 before it uploads. Twice, for it runs at every start."""
    origin = environ["BROKER_SERVER__PUBLIC_URL"]
    for _ in range(2):
        make = [sys.executable, "-m", "broker.dev.bucket", "uploads"]
        subprocess.run(make, env=environ, check=True)
        apply = [BROKER, "cors", "apply", "--bucket", "uploads", "--origin", origin]
        subprocess.run(apply, env=environ, check=True)

    preflight = httpx.options(
        f"{s3_server.url}/uploads/users/alice/a",
        headers={"Origin": origin, "Access-Control-Request-Method": "PUT"},
    )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == origin


def test_the_server_answers_its_health_check_and_shows_the_page(
    served: tuple[subprocess.Popen[bytes], httpx.Client],
) -> None:
    _, client = served

    assert client.get("/healthz").status_code == 200
    assert client.get("/").headers["content-type"].startswith("text/html")


def test_a_stopped_container_ends_at_once_and_cleanly(
    served: tuple[subprocess.Popen[bytes], httpx.Client],
) -> None:
    """`docker stop` sends SIGTERM and kills after ten seconds."""
    process, client = served
    client.get("/healthz")

    process.send_signal(signal.SIGTERM)

    assert process.wait(STOP_SECONDS) == 0
