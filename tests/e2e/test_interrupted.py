"""Uploads that are cut off and go on: pause, a killed tab, another device, a killed broker."""

from __future__ import annotations

import hashlib
import random
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from tests.faults.proxy import Mode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from tests.e2e.conftest import Person, Stage

pytestmark = pytest.mark.e2e

MEBIBYTE = 1024 * 1024
SIZE = 48 * MEBIBYTE  # six parts of 8 MiB
PARTS = 6
HALF = 3
ALL = list(range(1, PARTS + 1))
NAME = "movie.mp4"


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(random.Random(str(tmp_path)).randbytes(SIZE))
    return path


def assert_stored(s3: S3Client, key: str, path: Path) -> None:
    body = s3.get_object(Bucket="uploads", Key=key)["Body"].read()
    assert hashlib.sha256(body).digest() == hashlib.sha256(path.read_bytes()).digest()


def begin(person: Person, folder: str, movie: Path) -> None:
    """Start an upload, of which S3 gets the first half."""
    person.sign_in(folder)
    person.stage.hold_parts_after(HALF)
    person.choose(movie)
    person.stage.await_parts(HALF)


def continue_with(person: Person, movie: Path) -> None:
    person.page.locator(f'[data-testid=unfinished][data-name="{NAME}"]').wait_for()
    person.choose(movie)
    person.await_upload(NAME)


def test_a_killed_tab_loses_no_finished_part(
    visit: Callable[[str], Person], stage: Stage, folder: str, movie: Path, s3: S3Client
) -> None:
    alice = visit("alice")
    begin(alice, folder, movie)
    old = alice.page
    alice.page = old.context.new_page()
    old.close()
    stage.release()

    alice.page.goto(f"{stage.broker.url}/?bucket=uploads&prefix={folder}")
    continue_with(alice, movie)

    assert sorted(stage.stored_parts()) == ALL
    assert_stored(s3, folder + NAME, movie)


def test_another_device_goes_on_where_the_first_stopped(
    visit: Callable[[str], Person], stage: Stage, folder: str, movie: Path, s3: S3Client
) -> None:
    first = visit("alice")
    begin(first, folder, movie)
    first.page.context.close()
    stage.release()

    second = visit("alice")
    second.sign_in(folder)
    continue_with(second, movie)

    assert sorted(stage.stored_parts()) == ALL
    assert_stored(s3, folder + NAME, movie)


def test_a_changed_file_of_the_same_name_and_size_starts_anew(
    visit: Callable[[str], Person], stage: Stage, folder: str, movie: Path, s3: S3Client
) -> None:
    first = visit("alice")
    begin(first, folder, movie)
    first.page.context.close()
    stage.release()
    movie.write_bytes(random.Random("changed").randbytes(SIZE))

    second = visit("alice")
    second.sign_in(folder)
    second.choose(movie)
    second.await_upload(NAME)

    assert sorted(stage.stored_parts()) == sorted([*ALL, *ALL[:HALF]])
    assert_stored(s3, folder + NAME, movie)


def test_pause_stops_the_line_and_resume_goes_on(
    visit: Callable[[str], Person], stage: Stage, folder: str, movie: Path, s3: S3Client
) -> None:
    alice = visit("alice")
    begin(alice, folder, movie)

    alice.page.get_by_test_id("pause").first.click()
    alice.await_upload(NAME, "paused")
    stage.release()
    alice.page.get_by_test_id("resume").first.click()
    alice.await_upload(NAME)

    assert sorted(stage.stored_parts()) == ALL
    assert_stored(s3, folder + NAME, movie)


def test_cancel_leaves_nothing_in_s3(
    visit: Callable[[str], Person], folder: str, movie: Path, s3: S3Client
) -> None:
    alice = visit("alice")
    begin(alice, folder, movie)

    with alice.page.expect_response(lambda answer: answer.request.method == "DELETE") as aborted:
        alice.page.get_by_test_id("cancel").first.click()

    assert aborted.value.status == HTTPStatus.NO_CONTENT
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="uploads")
    assert "Contents" not in s3.list_objects_v2(Bucket="uploads", Prefix=".broker/uploads/")
    assert "Contents" not in s3.list_objects_v2(Bucket="uploads", Prefix=folder)


def test_a_killed_broker_comes_back_and_no_finished_part_is_sent_again(
    visit: Callable[[str], Person], stage: Stage, folder: str, movie: Path, s3: S3Client
) -> None:
    alice = visit("alice")
    begin(alice, folder, movie)

    stage.kill_and_restart()
    stage.release()
    alice.await_upload(NAME)

    assert sorted(stage.stored_parts()) == ALL
    assert_stored(s3, folder + NAME, movie)


def test_s3_away_for_a_while_costs_time_and_nothing_else(
    visit: Callable[[str], Person], stage: Stage, folder: str, movie: Path, s3: S3Client
) -> None:
    alice = visit("alice")
    begin(alice, folder, movie)

    stage.line.forget_faults()
    stage.line.switch(Mode.REFUSE)
    alice.page.get_by_text("S3 was not reached").first.wait_for()
    stage.line.switch(Mode.PASS)
    alice.await_upload(NAME)

    assert sorted(stage.stored_parts()) == ALL
    assert_stored(s3, folder + NAME, movie)


def test_an_upload_that_s3_forgot_is_started_anew_with_a_word_to_the_person(
    visit: Callable[[str], Person], stage: Stage, folder: str, movie: Path, s3: S3Client
) -> None:
    alice = visit("alice")
    begin(alice, folder, movie)

    (upload,) = s3.list_multipart_uploads(Bucket="uploads")["Uploads"]
    s3.abort_multipart_upload(Bucket="uploads", Key=upload["Key"], UploadId=upload["UploadId"])
    stage.release()
    alice.page.get_by_text("started anew").first.wait_for()
    alice.await_upload(NAME)

    assert_stored(s3, folder + NAME, movie)
