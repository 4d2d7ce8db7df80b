"""A signed-in person uploads and downloads straight to S3, in a real browser."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from tests.e2e.conftest import Person

pytestmark = pytest.mark.e2e

MEBIBYTE = 1024 * 1024
# `E2E_MIB=300` runs the main job at its full size.
BIG = int(os.environ.get("E2E_MIB", "40")) * MEBIBYTE
MOST_TO_BROKER = 64 * 1024  # bytes of one request: JSON, never a file
ROOT = Path(__file__).resolve().parents[2]


def make_file(path: Path, size: int) -> Path:
    """Write bytes that no two files share, and that no compression shrinks."""
    path.write_bytes(random.Random(path.name).randbytes(size))
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_files_go_to_s3_and_come_back_identical_without_a_byte_through_the_broker(
    visit: Callable[[str], Person], folder: str, tmp_path: Path
) -> None:
    alice = visit("alice")
    files = [make_file(tmp_path / f"note {n} ü.txt", 1000 + n) for n in range(10)]
    files.append(make_file(tmp_path / "movie.mp4", BIG))
    alice.sign_in(folder)

    alice.choose(*files)
    for file in files:
        alice.await_upload(file.name, seconds=120)

    for file in files:
        alice.page.locator(f'[data-key="{folder}{file.name}"]').click()
        with alice.page.expect_download() as download:
            alice.page.get_by_test_id("download").click()
        assert digest(Path(download.value.path())) == digest(file)
        assert download.value.suggested_filename == file.name
    own = urlsplit(alice.stage.broker.url).netloc
    to_broker = [request for request in alice.sent if urlsplit(request.url).netloc == own]
    sizes = [len(request.post_data_buffer or b"") for request in to_broker]
    assert max(sizes) < MOST_TO_BROKER
    assert not any("/content" in request.url for request in to_broker)


def test_a_folder_keeps_its_shape(
    visit: Callable[[str], Person], folder: str, tmp_path: Path, s3: S3Client
) -> None:
    (tmp_path / "trip" / "day 1").mkdir(parents=True)
    make_file(tmp_path / "trip" / "plan.txt", 10)
    make_file(tmp_path / "trip" / "day 1" / "a.jpg", 20)
    alice = visit("alice")
    alice.sign_in(folder)

    alice.page.get_by_test_id("folder-input").set_input_files(str(tmp_path / "trip"))
    alice.await_upload("trip/plan.txt")
    alice.await_upload("trip/day 1/a.jpg")

    listed = s3.list_objects_v2(Bucket="uploads", Prefix=folder)["Contents"]
    assert {found["Key"] for found in listed} == {
        f"{folder}trip/plan.txt",
        f"{folder}trip/day 1/a.jpg",
    }


def test_a_file_is_deleted_only_after_confirmation(
    visit: Callable[[str], Person], folder: str, tmp_path: Path, s3: S3Client
) -> None:
    s3.put_object(Bucket="uploads", Key=f"{folder}old.txt", Body=b"x")
    alice = visit("alice")
    alice.sign_in(folder)
    row = alice.page.locator(f'[data-key="{folder}old.txt"]')
    row.click()

    alice.page.get_by_test_id("delete").click()
    alice.page.get_by_test_id("confirm-delete").wait_for()
    alice.page.keyboard.press("Escape")
    alice.page.get_by_test_id("confirm-delete").wait_for(state="detached")
    assert s3.head_object(Bucket="uploads", Key=f"{folder}old.txt")["ContentLength"] == 1
    alice.page.get_by_test_id("delete").click()
    alice.page.get_by_test_id("confirm-delete").click()
    row.wait_for(state="detached")

    assert "Contents" not in s3.list_objects_v2(Bucket="uploads", Prefix=folder)


def test_names_are_shown_as_text_and_cannot_run(
    visit: Callable[[str], Person], folder: str, s3: S3Client
) -> None:
    """THREATS 10 and 16: markup and bidi controls in names; the fixture fails on any violation."""
    markup = "<img src=x onerror=alert(1)>.txt"
    reversed_name = "invoice\u202etxt.exe"
    for name in (markup, reversed_name):
        s3.put_object(Bucket="uploads", Key=folder + name, Body=b"x")
    alice = visit("alice")
    shown: list[str] = []
    alice.page.on("dialog", lambda dialog: shown.append(dialog.message))
    alice.sign_in(folder)

    alice.page.get_by_text(markup).first.wait_for()

    text = alice.page.locator("body").inner_text()
    assert "\u202e" not in text
    assert shown == []
    assert (
        alice.page.evaluate(
            "Object.keys(localStorage).join() + Object.values(localStorage).join()"
        ).find("eyJ")
        == -1
    )


def test_the_page_for_the_readme(
    visit: Callable[[str], Person], folder: str, tmp_path: Path, s3: S3Client
) -> None:
    """The picture in the README is made here: `UPDATE_SCREENSHOTS=1`."""
    for name, size in (("Budget 2026.xlsx", 48_300), ("Contract.pdf", 1_204_000)):
        s3.put_object(Bucket="uploads", Key=folder + name, Body=bytes(size))
    s3.put_object(Bucket="uploads", Key=f"{folder}Photos/a.jpg", Body=b"x")
    alice = visit("alice")
    alice.sign_in(folder)
    alice.page.get_by_text("Contract.pdf").wait_for()
    alice.stage.hold_parts_after(4)
    alice.choose(make_file(tmp_path / "Interview.mov", 48 * MEBIBYTE))
    alice.await_upload("Interview.mov", "sending")

    if os.environ.get("UPDATE_SCREENSHOTS"):
        alice.page.get_by_test_id("total").get_by_text("left").wait_for()
        alice.page.screenshot(path=ROOT / "docs" / "page.png")
    alice.page.get_by_test_id("cancel").first.click()
    alice.await_upload("Interview.mov", "cancelled")
