"""The embedded S3 as a process: its life, its data, what it lets in."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import httpx
import pytest

from broker.dev.embedded import EmbeddedS3
from broker.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CORSRuleTypeDef

ACCESS_KEY_ID = "test-key"
SECRET = "test-secret-access-key"
TEN_SECONDS = 10_000  # ms; what a condition may take at most
CORS_RULE: CORSRuleTypeDef = {
    "AllowedMethods": ["GET"],
    "AllowedOrigins": ["http://127.0.0.1:8000"],
}

PARENT = """
import sys
from pathlib import Path
from broker.dev.embedded import EmbeddedS3
environment, data, key, secret = sys.argv[1:]
server = EmbeddedS3(Path(environment), Path(data), 0, key, secret)
server.start()
print(server.pid, server.port, flush=True)
sys.stdin.read()
"""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's process table")


def client_of(port: int) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=f"http://localhost:{port}",
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET,
    )


def server_on(environment: Path, data: Path, port: int = 0) -> EmbeddedS3:
    return EmbeddedS3(environment, data, port, ACCESS_KEY_ID, SECRET)


def exit_by_itself(parent: subprocess.Popen[str]) -> None:
    assert parent.stdin
    parent.stdin.close()


def terminate(parent: subprocess.Popen[str]) -> None:
    parent.send_signal(signal.SIGTERM)


def kill(parent: subprocess.Popen[str]) -> None:
    parent.send_signal(signal.SIGKILL)


@linux_only
@pytest.mark.parametrize("end", [exit_by_itself, terminate, kill])
def test_it_ends_cleanly_however_its_parent_ends(
    end: Callable[[subprocess.Popen[str]], None], s3_environment: Path, tmp_path: Path
) -> None:
    """The bucket's CORS rules are written at a clean end only, so they tell one from a crash."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, s3_environment, tmp_path, ACCESS_KEY_ID, SECRET],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout
        pid, port = map(int, parent.stdout.readline().split())
        server = os.pidfd_open(pid)
        client = client_of(port)
        client.create_bucket(Bucket="kept")
        client.put_bucket_cors(Bucket="kept", CORSConfiguration={"CORSRules": [CORS_RULE]})

        end(parent)

        ended = select.poll()
        ended.register(server, select.POLLIN)
        assert ended.poll(TEN_SECONDS), "the server outlived its parent"
        os.close(server)

    with server_on(s3_environment, tmp_path) as again:
        assert client_of(again.port).get_bucket_cors(Bucket="kept")["CORSRules"] == [CORS_RULE]


def test_objects_and_settings_survive_a_restart(s3_environment: Path, tmp_path: Path) -> None:
    with server_on(s3_environment, tmp_path) as first:
        client = client_of(first.port)
        client.create_bucket(Bucket="kept")
        client.put_object(Bucket="kept", Key="a/ü", Body=b"bytes")
        client.put_bucket_cors(Bucket="kept", CORSConfiguration={"CORSRules": [CORS_RULE]})

    with server_on(s3_environment, tmp_path) as second:
        client = client_of(second.port)
        assert client.get_object(Bucket="kept", Key="a/ü")["Body"].read() == b"bytes"
        assert client.get_bucket_cors(Bucket="kept")["CORSRules"] == [CORS_RULE]


def test_a_stopped_server_is_gone_and_its_port_free(s3_environment: Path, tmp_path: Path) -> None:
    with server_on(s3_environment, tmp_path) as server:
        port = server.port

    assert server.pid is None
    with server_on(s3_environment, tmp_path, port) as again:
        assert again.port == port


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_a_taken_port_is_named_and_nothing_starts(
    family: socket.AddressFamily, host: str, s3_environment: Path, tmp_path: Path
) -> None:
    if family == socket.AF_INET6 and not has_ipv6_loopback():
        pytest.skip("this machine has no ::1")
    with socket.create_server((host, 0), family=family) as taken:
        port = taken.getsockname()[1]
        server = server_on(s3_environment, tmp_path, port)

        with pytest.raises(ConfigurationError, match=f"{port} on {host} is already in use"):
            server.start()

    assert server.pid is None
    assert not server.log.exists()


def has_ipv6_loopback() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_a_server_that_dies_at_its_start_is_reported_with_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "environment" / "bin" / "python"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\necho no such module\nexit 3\n")
    broken.chmod(0o755)
    server = server_on(tmp_path / "environment", tmp_path / "data")

    with pytest.raises(ConfigurationError, match=r"ended with status 3; see .*s3\.log"):
        server.start()

    assert server.pid is None
    assert server.log.read_text() == "no such module\n"


@linux_only
def test_it_listens_on_loopback_alone(s3_server: EmbeddedS3) -> None:
    loopback = "0100007F"  # 127.0.0.1 as the kernel writes it
    assert listening(s3_server.pid) == {f"{loopback}:{s3_server.port:04X}"}


def listening(pid: int | None) -> set[str]:
    """Local addresses of the process's listening sockets, as in proc_pid_net(5)."""
    links = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    tables = (Path(f"/proc/{pid}/net/{name}") for name in ("tcp", "tcp6"))
    rows = (line.split() for table in tables for line in table.read_text().splitlines()[1:])
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in links}


@linux_only
def test_none_of_the_parents_environment_reaches_it(
    s3_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER_SECRETS", "never-to-be-handed-on")

    with server_on(s3_environment, tmp_path) as server:
        assert b"never-to-be-handed-on" not in Path(f"/proc/{server.pid}/environ").read_bytes()


def test_no_web_page_can_wipe_it(s3_server: EmbeddedS3) -> None:
    """Its own POST /_ministack/reset asks for no credentials."""
    client = client_of(s3_server.port)
    client.create_bucket(Bucket="not-wiped")

    assert httpx.post(f"{s3_server.url}/_ministack/reset").status_code == 404
    assert client.head_bucket(Bucket="not-wiped")["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_an_anonymous_request_is_refused(s3_server: EmbeddedS3) -> None:
    client = client_of(s3_server.port)
    client.create_bucket(Bucket="closed")
    client.put_object(Bucket="closed", Key="secret", Body=b"x")

    assert httpx.get(f"{s3_server.url}/closed/secret").status_code == 403


def test_its_log_holds_no_signed_url_and_is_its_owners_alone(
    s3_environment: Path, tmp_path: Path
) -> None:
    with server_on(s3_environment, tmp_path) as server:
        signed = client_of(server.port).generate_presigned_url(
            "get_object", Params={"Bucket": "none", "Key": "key"}
        )
        assert httpx.get(signed).status_code == 404

    assert "Signature" not in server.log.read_text()
    assert server.log.stat().st_mode & 0o777 == 0o600
