"""A whole broker in a process of its own, and people at real browsers."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from playwright.sync_api import sync_playwright

from tests.faults.processes import Setting
from tests.faults.proxy import Exchange, FaultProxy, Mode, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from playwright.sync_api import Browser, BrowserContext, Page, Request, ViewportSize

    from broker.dev.embedded import EmbeddedS3
    from tests.faults.processes import BrokerProcess

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Without these, Chromium asks the outside world, or wants a display that is not there.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEWPORT: ViewportSize = {"width": 1200, "height": 760}


@dataclass
class Stage:
    """A broker that can be killed and started again at its address, and the line to S3."""

    setting: Setting
    line: FaultProxy
    broker: BrokerProcess

    def kill_and_restart(self) -> None:
        self.broker.kill()
        self.broker = self.setting.start("--port", str(self.broker.port))

    def password(self, name: str) -> str:
        return next(u["password"] for u in self.broker.ready["users"] if u["username"] == name)

    def hold_parts_after(self, number: int) -> None:
        """Let later parts wait on the line: so there is a middle of an upload to be in."""
        self.line.plan(lambda put: (part_number(put) or 0) > number, Reply(b""), times=1000)

    def release(self) -> None:
        """Drop what waits, and let everything pass from now on."""
        self.line.forget_faults()
        self.line.switch(Mode.REFUSE)
        self.line.switch(Mode.PASS)

    def await_parts(self, count: int) -> None:
        self.line.wait_for(is_stored_part, count)

    def stored_parts(self) -> list[int]:
        """Return the number of each part that S3 took, as often as it took it."""
        return [part_number(put) or 0 for put in self.line.seen(is_stored_part)]


def part_number(exchange: Exchange) -> int | None:
    """Return which part an exchange sends; None for anything else."""
    numbers = parse_qs(urlsplit(exchange.target).query).get("partNumber")
    return int(numbers[0]) if numbers and exchange.method == "PUT" else None


def is_stored_part(exchange: Exchange) -> bool:
    return part_number(exchange) is not None and exchange.status == HTTPStatus.OK


@pytest.fixture(scope="session")
def stage(s3_server: EmbeddedS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with FaultProxy(s3_server.port) as line:
        setting = Setting(tmp_path_factory.mktemp("broker"), line.url, s3_server.environ)
        stage = Stage(setting, line, setting.start())
        yield stage
        assert stage.broker.stop() == 0, setting.log.read_text()


@pytest.fixture(scope="session")
def s3(s3_server: EmbeddedS3) -> S3Client:
    """The storage itself, past the broker: the oracle of these tests."""
    return boto3.client(
        "s3",
        endpoint_url=s3_server.url,
        region_name=s3_server.region,
        aws_access_key_id=s3_server.access_key_id,
        aws_secret_access_key=s3_server.secret_access_key,
        config=Config(s3={"addressing_style": "path"}),
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = (shutil.which(name) for name in BROWSERS)
    chromium = os.environ.get("CHROMIUM") or next(filter(None, found), None)
    assert chromium, "no Chromium: `make test` installs one, or set CHROMIUM"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@dataclass
class Person:
    """Somebody at a browser of their own, with all that it sent."""

    name: str
    page: Page
    stage: Stage
    sent: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def sign_in(self, prefix: str | None = None) -> None:
        where = f"?bucket=uploads&prefix={prefix}" if prefix else ""
        self.page.goto(f"{self.stage.broker.url}/{where}")
        self.fill_in_sign_in()
        self.page.get_by_test_id("list").or_(
            self.page.get_by_text("Drop files here")
        ).first.wait_for()

    def fill_in_sign_in(self) -> None:
        self.page.get_by_test_id("username").fill(self.name)
        self.page.get_by_test_id("password").fill(self.stage.password(self.name))
        self.page.get_by_test_id("sign-in").click()
        self.page.get_by_test_id("sign-out").wait_for()

    def open(self, prefix: str) -> None:
        self.page.locator(f'[data-testid=root][data-prefix="{prefix}"]').click()

    def choose(self, *files: Path) -> None:
        self.page.get_by_test_id("file-input").set_input_files([str(file) for file in files])

    def await_upload(self, name: str, state: str = "done", seconds: float = 60) -> None:
        place = f'[data-testid=upload][data-name="{name}"][data-state="{state}"]'
        self.page.locator(place).wait_for(state="attached", timeout=seconds * 1000)


@pytest.fixture
def visit(browser: Browser, stage: Stage) -> Iterator[Callable[[str], Person]]:
    """Seat somebody at a new browser profile: another device, as far as the page can tell."""
    contexts: list[BrowserContext] = []
    people: list[Person] = []

    def seat(name: str) -> Person:
        context = browser.new_context(viewport=VIEWPORT)
        contexts.append(context)
        person = Person(name, context.new_page(), stage)
        people.append(person)
        # playwright hangs a mark on each listener, which a built-in method does not take.
        context.on("request", lambda request: person.sent.append(request))  # noqa: PLW0108
        person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
        person.page.on("console", lambda said: _note_violation(person, said.text))
        return person

    yield seat
    for context in contexts:
        context.close()
    assert [person.complaints for person in people if person.complaints] == []


def _note_violation(person: Person, text: str) -> None:
    if "Content Security Policy" in text or "TrustedHTML" in text:
        person.complaints.append(text)


@pytest.fixture
def folder(s3: S3Client, stage: Stage) -> Iterator[str]:
    """Alice's folder, emptied afterwards, with whatever uploads were left open."""
    prefix = "users/alice/"
    stage.line.reset()
    yield prefix
    stage.release()
    for listed in s3.list_objects_v2(Bucket="uploads", Prefix=prefix).get("Contents", []):
        s3.delete_object(Bucket="uploads", Key=listed["Key"])
    for upload in s3.list_multipart_uploads(Bucket="uploads").get("Uploads", []):
        s3.abort_multipart_upload(Bucket="uploads", Key=upload["Key"], UploadId=upload["UploadId"])
    for kept in s3.list_objects_v2(Bucket="uploads", Prefix=".broker/uploads/").get("Contents", []):
        s3.delete_object(Bucket="uploads", Key=kept["Key"])
