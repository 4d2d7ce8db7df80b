"""`broker dev` that cannot start: exit code 2, and one line that says why."""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.faults.processes import Setting
from tests.faults.proxy import FaultProxy, Mode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from broker.dev.embedded import EmbeddedS3

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "a-secret-never-shown"}
NO_KEYS = {"AWS_EC2_METADATA_DISABLED": "true"}  # nor a machine's role
DEADLINE = 20  # seconds


def refusal(setting: Setting, *options: str) -> str:
    """What it says; it must have ended with exit code 2 and without a trace."""
    with setting.spawn(*options) as process:
        try:
            code = process.wait(DEADLINE)
        finally:
            process.kill()
    said = setting.log.read_text()
    assert code == 2, said
    assert "Traceback" not in said
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in said
    return said


@pytest.fixture(scope="module", autouse=True)
def silent_start(
    s3_server: EmbeddedS3, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Future[str]]:
    """What it says of an S3 that hangs: begun early, as it takes until the deadline of that S3."""
    with FaultProxy(s3_server.port) as proxy, ThreadPoolExecutor() as thread:
        proxy.switch(Mode.HANG)
        data = tmp_path_factory.mktemp("silent")
        yield thread.submit(refusal, Setting(data, proxy.url, KEYS), "--port", "0")


def test_a_taken_port_is_named(tmp_path: Path, s3_server: EmbeddedS3) -> None:
    setting = Setting(tmp_path, s3_server.url, s3_server.environ)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert f"port: {port} " in refusal(setting, "--port", str(port))


def test_a_taken_port_of_the_embedded_s3_is_named(tmp_path: Path, s3_environment: Path) -> None:
    setting = Setting(tmp_path, "embedded", {"BROKER_DEV_S3_ENV": str(s3_environment)})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert f"port: {port} " in refusal(setting, "--port", "0", "--s3-port", str(port))


def test_an_s3_that_refuses_connections_is_named(tmp_path: Path, s3_server: EmbeddedS3) -> None:
    with FaultProxy(s3_server.port) as proxy:
        proxy.switch(Mode.REFUSE)

        said = refusal(Setting(tmp_path, proxy.url, KEYS), "--port", "0")

    assert said == f"s3: {proxy.url} does not answer\n"


@pytest.mark.parametrize(
    ("s3", "environ", "problem"),
    [
        ("localhost:9000", KEYS, r"^s3\.endpoint_url: "),
        ("http://127.0.0.1:9", NO_KEYS, r"^s3: no credentials"),
    ],
)
def test_what_is_wrong_with_its_options_is_named(
    s3: str, environ: Mapping[str, str], problem: str, tmp_path: Path
) -> None:
    assert re.search(problem, refusal(Setting(tmp_path, s3, environ), "--port", "0"))


def test_an_s3_that_never_answers_is_named(silent_start: Future[str]) -> None:
    assert re.fullmatch(r"s3: http://127\.0\.0\.1:\d+ does not answer\n", silent_start.result())
