"""Credentials at hand: read without waiting, renewed behind the scenes, the same until changed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.credentials import Credentials as StaticCredentials
from botocore.credentials import RefreshableCredentials

from broker.errors import ConfigurationError
from broker.s3.credentials import CredentialSource
from broker.sign.sigv4 import Credentials

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)
END = NOW + timedelta(hours=6)
LATE = END - timedelta(minutes=9)  # botocore wants new ones from 15 minutes before the end on
PATIENCE = 5  # seconds


class Role:
    """A machine's role: its credentials end, and the next ones come when the test lets them."""

    def __init__(self) -> None:
        self.now = NOW
        self.asked = 0
        self.fails = False
        self.next = ("NEW", END + timedelta(hours=6))
        self.let = threading.Event()
        self.credentials = RefreshableCredentials(
            "OLD",
            "OLD-secret",
            "OLD-token",
            END,
            refresh_using=self.renew,
            method="test",
            time_fetcher=lambda: self.now,
        )

    def renew(self) -> dict[str, str]:
        self.asked += 1
        assert self.let.wait(PATIENCE)
        if self.fails:
            raise OSError("the role is not to be had")
        name, end = self.next
        return {
            "access_key": name,
            "secret_key": f"{name}-secret",
            "token": f"{name}-token",
            "expiry_time": end.isoformat(),
        }


@pytest.fixture
def role() -> Role:
    return Role()


def settled() -> None:
    """Wait until no renewal is under way."""
    for thread in threading.enumerate():
        if thread.name == "s3-credentials":
            thread.join(PATIENCE)
            assert not thread.is_alive()


def test_static_credentials_have_no_end_and_are_always_the_same_object() -> None:
    source = CredentialSource(StaticCredentials("KEY", "secret", "token"))
    assert source.current() == Credentials("KEY", "secret", "token", None)
    assert source.current() is source.current()


def test_temporary_credentials_tell_their_end_and_are_the_same_object_until_they_change(
    role: Role,
) -> None:
    source = CredentialSource(role.credentials)
    first = source.current()
    assert first == Credentials("OLD", "OLD-secret", "OLD-token", END)
    assert all(source.current() is first for _ in range(100))
    assert role.asked == 0


def test_near_their_end_they_are_read_without_waiting_for_the_next_ones(role: Role) -> None:
    source = CredentialSource(role.credentials)
    first = source.current()
    role.now = LATE
    assert all(source.current() is first for _ in range(100))  # the role has not answered yet
    role.let.set()
    settled()
    second = source.current()
    assert second == Credentials("NEW", "NEW-secret", "NEW-token", END + timedelta(hours=6))
    assert source.current() is second
    assert role.asked == 1


def test_a_role_that_gives_the_same_ones_again_changes_nothing(role: Role) -> None:
    source = CredentialSource(role.credentials, retry_pause=timedelta(0))
    first = source.current()
    role.now, role.next = LATE, ("OLD", END)
    role.let.set()
    for _ in range(2):
        assert source.current() is first
        settled()
    assert role.asked == 2


def test_a_role_that_is_not_to_be_had_leaves_the_old_ones_until_it_is(role: Role) -> None:
    source = CredentialSource(role.credentials, retry_pause=timedelta(0))
    role.now, role.fails = LATE, True
    role.let.set()
    for _ in range(3):
        assert source.current().access_key_id == "OLD"
        settled()
    role.fails = False
    source.current()
    settled()
    assert source.current().access_key_id == "NEW"
    assert role.asked == 4


def test_even_ended_credentials_are_told_with_their_end_and_nothing_is_raised(role: Role) -> None:
    source = CredentialSource(role.credentials, retry_pause=timedelta(0))
    role.now, role.fails = END + timedelta(hours=1), True
    role.let.set()
    source.current()
    settled()
    assert source.current().expires_at == END
    settled()


def test_after_a_failure_the_role_is_left_alone_for_a_while(role: Role) -> None:
    source = CredentialSource(role.credentials, retry_pause=timedelta(seconds=0.5))
    role.now, role.fails = LATE, True
    source.current()
    role.let.set()
    for _ in range(100):
        source.current()
    assert role.asked == 1
    settled()
    source.current()
    settled()
    assert role.asked == 2


class TestChain:
    @pytest.fixture(autouse=True)
    def _nothing_found(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))

    def test_the_environment_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEY")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
        found = CredentialSource.from_chain().current()
        assert found == Credentials("KEY", "hidden", "token", None)

    def test_the_shared_file_is_asked(self, tmp_path: Path) -> None:
        (tmp_path / "credentials").write_text(
            "[default]\naws_access_key_id = FILE\naws_secret_access_key = hidden\n"
        )
        assert CredentialSource.from_chain().current().access_key_id == "FILE"

    def test_none_at_all_is_a_problem_that_says_what_to_set(self) -> None:
        with pytest.raises(ConfigurationError, match="AWS_ACCESS_KEY_ID"):
            CredentialSource.from_chain()

    @pytest.mark.parametrize(
        ("name", "value"), [("AWS_ACCESS_KEY_ID", "KEY"), ("AWS_PROFILE", "nobody")]
    )
    def test_half_of_a_pair_or_an_unknown_profile_is_a_problem_not_a_trace(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(name, value)
        with pytest.raises(ConfigurationError) as caught:
            CredentialSource.from_chain()
        assert caught.value.problems[0].startswith("s3: ")
        assert value not in caught.value.problems[0]
