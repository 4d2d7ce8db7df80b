"""Two people at two browsers, and what the page says when something is not to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from tests.e2e.conftest import Person

pytestmark = pytest.mark.e2e


def test_bob_sees_nothing_of_alice(
    visit: Callable[[str], Person], folder: str, s3: S3Client
) -> None:
    s3.put_object(Bucket="uploads", Key=f"{folder}diary.txt", Body=b"secret")
    bob = visit("bob")
    bob.sign_in("users/bob/")

    bob.page.goto(f"{bob.stage.broker.url}/?bucket=uploads&prefix={folder}")
    bob.page.get_by_text("You may not see this folder").wait_for()

    assert "diary" not in bob.page.locator("body").inner_text()
    assert bob.page.locator('[data-testid=root][data-prefix="users/alice/"]').count() == 0


def test_where_only_reading_is_granted_nothing_offers_to_write(
    visit: Callable[[str], Person],
) -> None:
    alice = visit("alice")
    alice.sign_in("public/")
    alice.page.locator('[data-key="public/README.txt"]').click()

    upload = alice.page.get_by_test_id("upload-button")
    delete = alice.page.get_by_test_id("delete")
    for button in (upload, delete):
        if button.count():
            assert button.get_attribute("aria-disabled") == "true"


def test_a_bucket_without_cors_rules_is_named_as_a_possible_cause_and_a_retry_mends_it(
    visit: Callable[[str], Person], folder: str, tmp_path: Path, s3: S3Client
) -> None:
    rules = s3.get_bucket_cors(Bucket="uploads")["CORSRules"]
    file = tmp_path / "a.txt"
    file.write_text("hello")
    alice = visit("alice")
    alice.sign_in(folder)

    s3.delete_bucket_cors(Bucket="uploads")
    try:
        alice.choose(file)
        alice.page.get_by_text("CORS").first.wait_for(timeout=90_000)
    finally:
        s3.put_bucket_cors(Bucket="uploads", CORSConfiguration={"CORSRules": rules})
    retry = alice.page.get_by_test_id("retry")
    if retry.count():
        retry.first.click()
    alice.await_upload("a.txt", seconds=90)

    assert s3.get_object(Bucket="uploads", Key=f"{folder}a.txt")["Body"].read() == b"hello"


def test_an_ended_session_asks_to_sign_in_and_the_upload_goes_on(
    visit: Callable[[str], Person], folder: str, tmp_path: Path, s3: S3Client
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("hello")
    alice = visit("alice")
    alice.sign_in(folder)
    alice.page.context.clear_cookies()

    alice.choose(file)
    alice.page.get_by_test_id("password").wait_for()
    alice.fill_in_sign_in()
    alice.await_upload("a.txt")

    assert s3.get_object(Bucket="uploads", Key=f"{folder}a.txt")["Body"].read() == b"hello"


def test_a_wrong_password_is_told_and_signing_out_ends_the_session(
    visit: Callable[[str], Person],
) -> None:
    alice = visit("alice")
    alice.page.goto(alice.stage.broker.url)
    alice.page.get_by_test_id("username").fill("alice")
    alice.page.get_by_test_id("password").fill("wrong")
    alice.page.get_by_test_id("sign-in").click()
    alice.page.get_by_test_id("error").first.wait_for()
    alice.fill_in_sign_in()
    (cookie,) = alice.page.context.cookies()

    alice.page.get_by_test_id("sign-out").click()
    alice.page.get_by_test_id("username").wait_for()
    kept = {"cookie": f"{cookie['name']}={cookie['value']}"}
    answer = alice.page.request.get(f"{alice.stage.broker.url}/v1/me", headers=kept)

    assert answer.status == 401
