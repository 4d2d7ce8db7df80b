"""The page's upload engine, under Node, against a real broker and S3 that come and go."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import pytest

from tests.faults.exchanges import part_of
from tests.faults.person import BUCKET, HOME
from tests.faults.proxy import Mode, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3 import S3Client

    from tests.faults.processes import BrokerProcess, Brokers
    from tests.faults.proxy import FaultProxy

ROOT = Path(__file__).parents[2]
PART_SIZE = 8 * 1024 * 1024  # bytes
THREE_PARTS = 3 * PART_SIZE
BUSY = Reply(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
FOREVER = 1_000_000


class Row(TypedDict):
    """What the engine shows of the upload."""

    state: str
    notice: str
    error: dict[str, object] | None


class Engine:
    """The engine in a process of its own; its rows are read as they come."""

    def __init__(self, broker: BrokerProcess, file: Path) -> None:
        wanted = {"broker": broker.url, "token": broker.token(), "bucket": BUCKET, "prefix": HOME}
        script = ROOT / "tests" / "faults" / "engine_run.mjs"
        self._process = subprocess.Popen(
            [ROOT / "scripts" / "node", "node", script, json.dumps({**wanted, "file": str(file)})],
            stdout=subprocess.PIPE,
            text=True,
        )

    def until(self, fits: Callable[[Row], bool]) -> Row:
        """Return the first row from now on that fits."""
        assert self._process.stdout
        for line in self._process.stdout:
            row: Row = json.loads(line)
            if fits(row):
                return row
            assert row["state"] != "failed", row
        raise AssertionError("the engine ended without such a row")

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


class PartGate:
    """Keeps S3 too busy for some parts until they are let through."""

    def __init__(self, proxy: FaultProxy, parts: set[int]) -> None:
        self._held = parts
        proxy.plan(lambda exchange: part_of(exchange) in self._held, BUSY, times=FOREVER)

    def open(self, part: int) -> None:
        self._held.discard(part)


def await_part(proxy: FaultProxy, part: int) -> None:
    proxy.wait_for(lambda exchange: part_of(exchange) == part and exchange.status == 200)


@pytest.fixture
def file(tmp_path: Path, content: Callable[[int], bytes]) -> Path:
    file = tmp_path / f"{tmp_path.name}.bin"
    file.write_bytes(content(THREE_PARTS))
    return file


@pytest.fixture
def first(brokers: Brokers) -> BrokerProcess:
    return brokers.start()


@pytest.fixture
def gate(first: BrokerProcess, proxy: FaultProxy) -> PartGate:
    """Closed for parts 2 and 3."""
    proxy.reset()
    return PartGate(proxy, {2, 3})


@pytest.fixture
def engine(first: BrokerProcess, file: Path, gate: PartGate) -> Iterator[Engine]:
    """Begins at once, and gets no further than part 1 while the gate is closed."""
    engine = Engine(first, file)
    yield engine
    engine.end()


def stored_digest(direct: S3Client, file: Path) -> str:
    answer = direct.get_object(Bucket=BUCKET, Key=HOME + file.name)
    return sha256(answer["Body"].read()).hexdigest()


def test_s3_and_then_the_broker_go_away_and_no_finished_part_is_sent_again(
    engine: Engine,
    gate: PartGate,
    first: BrokerProcess,
    brokers: Brokers,
    proxy: FaultProxy,
    file: Path,
    direct: S3Client,
) -> None:
    await_part(proxy, 1)
    proxy.switch(Mode.REFUSE)
    gate.open(2)
    engine.until(lambda row: "S3 was not reached" in row["notice"])
    proxy.switch(Mode.PASS)
    await_part(proxy, 2)
    first.kill()
    gate.open(3)
    engine.until(lambda row: "The broker was not reached" in row["notice"])
    brokers.start("--port", str(first.port))
    done = engine.until(lambda row: row["state"] == "done")

    assert done["notice"] == ""
    assert stored_digest(direct, file) == sha256(file.read_bytes()).hexdigest()
    tries = defaultdict(list)
    for exchange in proxy.exchanges:
        tries[part_of(exchange)].append(exchange.status)
    for part in (1, 2, 3):
        assert tries[part].index(200) == len(tries[part]) - 1


def test_an_upload_that_s3_forgot_is_started_anew_with_a_word_to_the_person(
    engine: Engine, gate: PartGate, proxy: FaultProxy, file: Path, direct: S3Client
) -> None:
    await_part(proxy, 1)
    for upload in direct.list_multipart_uploads(Bucket=BUCKET)["Uploads"]:
        if upload["Key"] == HOME + file.name:
            direct.abort_multipart_upload(
                Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"]
            )
    gate.open(2)
    gate.open(3)

    engine.until(lambda row: "was started anew" in row["notice"])
    engine.until(lambda row: row["state"] == "done")

    assert stored_digest(direct, file) == sha256(file.read_bytes()).hexdigest()
