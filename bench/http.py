"""Sign-one-part over HTTP with everything on, beside bare Starlette with the same answer.

One worker each, each a process of its own, sent the same request in turns.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from bench.load import seconds_for
from bench.report import Row
from broker.dev.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 9
REQUESTS = 4000  # in each round, to each server
LEAST_SHARE = 0.5
MEBIBYTE = 1024 * 1024
START_SECONDS = 60
MICROSECONDS = 1e6


@dataclass(frozen=True)
class Served:
    """A server, and the request it is asked again and again."""

    pid: int
    port: int
    request: bytes


def rows() -> list[Row]:
    with ExitStack() as stack:
        broker = _start_broker(stack)
        bare = _start_bare(stack, broker)
        return _measure(broker, bare)


def _measure(broker: Served, bare: Served) -> list[Row]:
    for served in (broker, bare):
        asyncio.run(seconds_for(served.port, served.request, REQUESTS))  # warm
    ratios, times, cpu = [], [], []
    for _ in range(ROUNDS):
        bare_seconds, bare_cpu = _round(bare)
        broker_seconds, broker_cpu = _round(broker)
        ratios.append(bare_seconds / broker_seconds)
        times.append((bare_seconds, broker_seconds))
        cpu.append(bare_cpu / broker_cpu)
    each = [
        MICROSECONDS * statistics.median(column) / REQUESTS for column in zip(*times, strict=True)
    ]
    share = statistics.median(ratios)
    return [
        Row("bare Starlette, the same answer over HTTP", each[0]),
        Row.at_least("sign one part over HTTP, to bare: requests/s", each[1], share, LEAST_SHARE),
        Row("the same, to bare: CPU seconds", each[1], statistics.median(cpu)),
    ]


def _round(served: Served) -> tuple[float, float]:
    before = _cpu_seconds(served.pid)
    seconds = asyncio.run(seconds_for(served.port, served.request, REQUESTS))
    return seconds, _cpu_seconds(served.pid) - before


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process: proc(5), fields 14 and 15 of `stat`."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _start_broker(stack: ExitStack) -> Served:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    ready = folder / "ready.json"
    environ = {**os.environ, "BROKER_LIMITS__REQUESTS_PER_MINUTE": "1000000000"}
    command = [sys.executable, "-m", "broker", "dev", "--port", "0", "--s3-port", "0"]
    command += ["--data", str(folder), "--ready-file", str(ready)]
    process = _start(stack, command, environ)
    _await(ready.exists, process)
    described = json.loads(ready.read_text())
    port = int(described["url"].rpartition(":")[2])
    user = described["users"][0]
    return Served(process.pid, port, _sign_one_part(described["url"], port, user))


def _sign_one_part(url: str, port: int, user: dict[str, str]) -> bytes:
    """Sign in, begin a multipart upload, and return the request that signs one part of it."""
    name = user["username"]
    with httpx.Client(base_url=url, trust_env=False) as client:
        login = {"username": name, "password": user["password"]}
        token = client.post("/v1/session", json=login).json()["access_token"]
        bearer = {"authorization": f"Bearer {token}"}
        file = {"name": "bench.bin", "size": 100 * MEBIBYTE}
        wish = {"bucket": "uploads", "prefix": f"users/{name}/", "files": [file]}
        created = client.post("/v1/uploads", json=wish, headers=bearer).json()
    body = json.dumps({"parts": [{"part_number": 3}]}).encode()
    path = f"/v1/uploads/{created['uploads'][0]['id']}/parts"
    return _request(path, port, body, f"authorization: Bearer {token}\r\n")


def _start_bare(stack: ExitStack, broker: Served) -> Served:
    """Give the bare server what the broker answers, and the very same request."""
    answer = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "answer.json"
    answer.write_text(_answer(broker).text)
    port = free_port(0)
    process = _start(stack, [sys.executable, "-m", "bench.bare", str(port), str(answer)])
    bare = Served(process.pid, port, broker.request)
    _await(lambda: _answers(bare), process)
    return bare


def _start(
    stack: ExitStack, command: list[str], environ: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    process = stack.enter_context(
        subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    )
    stack.callback(process.terminate)
    return process


def _await(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not holds():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"did not start: {process.args!r}")
        time.sleep(0.05)


def _answers(served: Served) -> bool:
    try:
        _answer(served)
    except httpx.TransportError:
        return False
    return True


def _answer(served: Served) -> httpx.Response:
    """Send the request once, by a client that reads the whole answer."""
    head, _, body = served.request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    url = f"http://127.0.0.1:{served.port}{lines[0].split(' ')[1]}"
    return httpx.post(url, content=body, headers=headers, trust_env=False).raise_for_status()


def _request(path: str, port: int, body: bytes, extra: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{extra}"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
