"""`broker` from a shell: what it prints where, and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from broker import __version__
from broker.auth.local_users import LocalUsers
from broker.auth.tokens import TokenVerifier, local_issuer
from broker.cli import app
from broker.errors import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer._click.core import Command  # typer's own copy of click
    from typer.testing import Result

SECRET = "the-secret-of-these-tests-has-32-bytes-and-more"
PASSWORD = "correct horse battery staple"
CONFIG = """
[auth]
local_users_file = "users.json"
[[grants]]
who = "*"
bucket = "uploads"
actions = ["read"]
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with usable settings, and an environment without anybody else's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broker.toml").write_text(CONFIG)
    (tmp_path / "users.json").write_text('{"users": {}}')
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BROKER_", "AWS_"))
    }
    environ |= {
        "BROKER_SECRETS": SECRET,
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "hidden",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }
    with patch.dict(os.environ, environ, clear=True):
        yield tmp_path


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=stdin)


def commands(command: Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            yield from commands(below, (*path, name))


ALL = sorted(commands(typer.main.get_command(app)))


class TestAll:
    def test_there_are_the_documented_commands(self) -> None:
        assert {path[0] for path in ALL if path} >= {
            "serve",
            "dev",
            "check",
            "cors",
            "token",
            "user",
        }

    @pytest.mark.parametrize("path", ALL, ids=" ".join)
    def test_each_has_help(self, path: tuple[str, ...]) -> None:
        result = run(*path, "--help")
        assert result.exit_code == 0
        assert "Usage:" in result.stdout
        assert result.stderr == ""

    @pytest.mark.parametrize(
        "arguments", [("nonsense",), ("user", "nonsense"), ("check", "--nonsense"), ("token",)]
    )
    def test_a_question_badly_asked_exits_2_on_stderr(self, arguments: tuple[str, ...]) -> None:
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "Usage:" in result.stderr

    def test_the_version_is_told(self) -> None:
        result = run("--version")
        assert (result.exit_code, result.stdout) == (0, f"{__version__}\n")

    def test_the_package_runs_as_a_module(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "broker", "--version"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == f"{__version__}\n"


class TestCheck:
    def test_usable_settings_exit_0(self) -> None:
        result = run("check")
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == "The settings can be used.\n"

    def test_each_problem_is_a_line_on_stderr_and_the_exit_is_1(self, home: Path) -> None:
        (home / "broker.toml").write_text('[s3]\nregion = "?"\n[limits]\nmax_expiry = "8d"\n')
        os.environ["BROKER_NONSENSE"] = "1"
        result = run("check")
        assert (result.exit_code, result.stdout) == (1, "")
        assert [line.partition(":")[0] for line in result.stderr.splitlines()] == [
            "BROKER_NONSENSE",
            "s3.region",
            "limits.max_expiry",
        ]

    def test_json_is_alone_on_stdout(self, home: Path) -> None:
        good = run("check", "--json")
        assert (good.exit_code, json.loads(good.stdout)) == (0, {"ok": True, "problems": []})
        (home / "broker.toml").write_text("nonsense = 1\n")
        bad = run("check", "--json")
        assert (bad.exit_code, bad.stderr) == (1, "")
        assert json.loads(bad.stdout) == {"ok": False, "problems": ["nonsense: is not known"]}

    @pytest.mark.parametrize(
        ("config", "problem"),
        [
            ("", "auth.local_users_file: is missing"),
            ('[auth]\nlocal_users_file = "none.json"\n', "users: none.json cannot be read"),
            ("[s3\n", "broker.toml: is not TOML"),
        ],
    )
    def test_what_only_shows_when_all_is_put_together_is_told_too(
        self, home: Path, config: str, problem: str
    ) -> None:
        (home / "broker.toml").write_text(config)
        result = run("check")
        assert result.exit_code == 1
        assert result.stderr.startswith(problem)

    def test_credentials_that_are_not_there_are_a_problem(self) -> None:
        del os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
        result = run("check")
        assert result.exit_code == 1
        assert result.stderr.startswith("s3: no credentials")

    def test_a_file_of_settings_that_was_named_must_be_there(self, home: Path) -> None:
        os.environ["BROKER_CONFIG"] = str(home / "other.toml")
        result = run("check")
        assert result.exit_code == 1
        assert result.stderr.startswith(f"{home / 'other.toml'}: cannot be read")

    def test_dotenv_lies_below_the_environment(self, home: Path) -> None:
        del os.environ["BROKER_SECRETS"], os.environ["AWS_ACCESS_KEY_ID"]
        dotenv = f"BROKER_SECRETS={SECRET}\nAWS_ACCESS_KEY_ID=FILE\nBROKER_S3__REGION=?\n"
        (home / ".env").write_text(dotenv)
        assert run("check").stderr.startswith("s3.region: ")
        os.environ["BROKER_S3__REGION"] = "eu-west-1"
        assert run("check").exit_code == 0
        assert os.environ["AWS_ACCESS_KEY_ID"] == "FILE"

    def test_no_secret_is_ever_printed(self) -> None:
        os.environ["BROKER_SECRETS"] = "hunter2"
        os.environ["BROKER_S3__REGION"] = "AKIA-SECRET"
        for arguments in (("check",), ("check", "--json"), ("token", "--sub", "x"), ("serve",)):
            result = run(*arguments)
            assert result.exit_code in {1, 2}
            assert "hunter2" not in result.output
            assert "AKIA-SECRET" not in result.output


class TestServe:
    def test_more_workers_than_one_are_refused(self) -> None:
        result = run("serve", "--workers", "2")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("workers: more than 1")

    def test_unusable_settings_exit_2_with_every_problem(self, home: Path) -> None:
        (home / "broker.toml").write_text("a = 1\nb = 2\n")
        result = run("serve")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == "a: is not known\nb: is not known\n"


class TestDev:
    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
    def test_beyond_loopback_it_refuses_before_anything_is_made(
        self, home: Path, host: str
    ) -> None:
        result = run("dev", "--host", host, "--data", str(home / "data"))
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--allow-any-host" in result.stderr
        assert not (home / "data").exists()


class TestToken:
    @staticmethod
    def verifier(
        after: timedelta = timedelta(0), audience: str = "presign-broker"
    ) -> TokenVerifier:
        issuer = local_issuer([SECRET.encode()], audience)
        return TokenVerifier([issuer], lambda: datetime.now(UTC) + after, lambda _: False)

    def test_a_token_is_one_line_that_the_broker_accepts(self) -> None:
        result = run("token", "--sub", "alice", "--role", "member", "--role", "admin")
        assert (result.exit_code, result.stderr) == (0, "")
        (token,) = result.stdout.splitlines()
        verified = self.verifier().verify(token)
        assert verified.principal.issuer == "local"
        assert verified.principal.subject == "alice"
        assert verified.principal.roles == {"member", "admin"}

    def test_it_is_for_the_configured_audience(self, home: Path) -> None:
        (home / "broker.toml").write_text('[auth]\naudience = "other"\n')
        token = run("token", "--sub", "alice").stdout.strip()
        assert self.verifier(audience="other").verify(token).principal.subject == "alice"
        with pytest.raises(InvalidToken):
            self.verifier().verify(token)

    @pytest.mark.parametrize(
        ("options", "minutes"), [((), 15), (("--ttl", "1h"), 60), (("--ttl", "24h"), 24 * 60)]
    )
    def test_it_lives_as_long_as_asked_15_minutes_unasked(
        self, options: tuple[str, ...], minutes: int
    ) -> None:
        token = run("token", "--sub", "alice", *options).stdout.strip()
        self.verifier(timedelta(minutes=minutes - 1)).verify(token)
        with pytest.raises(InvalidToken):
            self.verifier(timedelta(minutes=minutes)).verify(token)

    @pytest.mark.parametrize(
        ("options", "field"),
        [
            (("--sub", "alice", "--ttl", "15"), "ttl"),
            (("--sub", "alice", "--ttl", "86401s"), "life"),
            (("--sub", "alice", "--ttl", "0s"), "life"),
            (("--sub", ""), "subject"),
            (("--sub", "a b"), "subject"),
            (("--sub", "alice", "--role", ""), "roles"),
        ],
    )
    def test_what_cannot_be_is_told_by_name_and_exits_2(
        self, options: tuple[str, ...], field: str
    ) -> None:
        result = run("token", *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"{field}: ")


class TestUser:
    def test_a_user_is_added_listed_and_removed(self, home: Path) -> None:
        added = run("user", "add", "bob", "--role", "member", stdin=f"{PASSWORD}\n")
        assert (added.exit_code, added.stdout, added.stderr) == (0, "", "Added bob.\n")
        users = LocalUsers.load(home / "users.json")
        bob = users.authenticate("bob", PASSWORD)
        assert bob is not None
        assert bob.roles == {"member"}
        assert json.loads(run("user", "list", "--json").stdout) == {"bob": ["member"]}
        assert run("user", "list").stdout == "bob\tmember\n"
        removed = run("user", "remove", "bob")
        assert (removed.exit_code, removed.stdout, removed.stderr) == (0, "", "Removed bob.\n")
        assert run("user", "list").stdout == ""

    def test_the_file_can_be_named_without_any_settings(self, home: Path) -> None:
        del os.environ["BROKER_SECRETS"]
        file = str(home / "others.json")
        assert run("user", "add", "eve", "--file", file, stdin=f"{PASSWORD}\n").exit_code == 0
        assert run("user", "list", "--file", file).stdout == "eve\t\n"
        assert LocalUsers.load(home / "users.json").all() == ()

    def test_without_any_file_it_says_which_setting_is_missing(self, home: Path) -> None:
        (home / "broker.toml").write_text("")
        result = run("user", "list")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("auth.local_users_file: is missing")

    @pytest.mark.parametrize(
        ("arguments", "password", "field"),
        [
            (("add", "Bad Name"), PASSWORD, "username"),
            (("add", "bob"), "", "password"),
            (("add", "bob", "--role", "a b"), PASSWORD, "roles"),
            (("remove", "nobody"), "", "username"),
        ],
    )
    def test_what_cannot_be_is_told_by_name_and_exits_2(
        self, arguments: tuple[str, ...], password: str, field: str
    ) -> None:
        result = run("user", *arguments, stdin=f"{password}\n")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"{field}: ")
        assert PASSWORD not in result.stderr

    def test_a_name_is_given_once(self) -> None:
        run("user", "add", "bob", stdin=f"{PASSWORD}\n")
        again = run("user", "add", "bob", stdin="another one\n")
        assert again.exit_code == 2
        assert "already" in again.stderr

    def test_a_broken_file_is_told_and_left_as_it_is(self, home: Path) -> None:
        (home / "users.json").write_text("{")
        result = run("user", "add", "bob", stdin=f"{PASSWORD}\n")
        assert result.exit_code == 2
        assert result.stderr.startswith("users: ")
        assert (home / "users.json").read_text() == "{"
