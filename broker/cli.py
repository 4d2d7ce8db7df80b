"""The `broker` command.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 a check
failed or S3 refused, 2 asked or configured wrongly.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Annotated

import typer

from broker import __version__
from broker.app import create_app, utc_now
from broker.auth.tokens import TokenIssuer
from broker.auth.users_file import add_user, list_users, remove_user
from broker.cli_context import (
    FAILED,
    complain,
    config_file,
    configured,
    environment,
    exit_codes,
    hand_to_boto3,
    settings_from,
)
from broker.cli_cors import cors_app
from broker.cli_dev import dev
from broker.errors import ConfigurationError
from broker.server import run
from broker.setting_types import read_duration

if TYPE_CHECKING:
    from datetime import timedelta

app = typer.Typer(
    name="broker",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a trace could show a secret among its locals
    help="Authenticates people and hands out presigned S3 URLs.",
)
user_app = typer.Typer(name="user", no_args_is_help=True, help="Local users and their roles.")
app.add_typer(cors_app)
app.add_typer(user_app)
app.command()(dev)

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
UsersFile = Annotated[
    Path | None, typer.Option("--file", help="Default: local_users_file of the settings.")
]


def main() -> None:
    app()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def broker(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Presigned S3 URLs for people who have signed in."""


@app.command()
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Default: host of the settings.")] = None,
    port: Annotated[int | None, typer.Option(help="Default: port of the settings.")] = None,
    workers: Annotated[int, typer.Option(help="Only 1 without a cache that workers share.")] = 1,
) -> None:
    """Serve the broker and its page as configured."""
    with exit_codes():
        if workers != 1:
            raise ConfigurationError(["workers: more than 1 needs a cache that workers share"])
        environ = environment()
        hand_to_boto3(environ)
        path = config_file(environ)
        settings = settings_from(environ, path).listening_on(host, port)
        served = create_app(
            settings,
            policy_file=path,
            read_policy=lambda: settings_from(environ, path).policy(),
        )
        run(served, settings)


@app.command()
def check(*, as_json: AsJson = False) -> None:
    """Say whether the settings can be used; name every problem."""
    problems: tuple[str, ...] = ()
    try:
        create_app(configured())
    except ConfigurationError as error:
        problems = error.problems
    if as_json:
        typer.echo(json.dumps({"ok": not problems, "problems": list(problems)}))
    else:
        complain(problems or ["The settings can be used."])
    if problems:
        raise typer.Exit(FAILED)


@app.command()
def token(
    *,
    sub: Annotated[str, typer.Option(help="Who the token stands for.")],
    role: Annotated[list[str] | None, typer.Option(help="A role; repeat it.")] = None,
    ttl: Annotated[str, typer.Option(help="Its life: 90s, 15m, 24h at most.")] = "15m",
) -> None:
    """Write a local token, for scripts and tests."""
    with exit_codes():
        settings = configured()
        issuer = TokenIssuer(settings.secret_bytes, settings.auth.audience, utc_now, token_urlsafe)
        typer.echo(issuer.issue(sub, role or (), _duration(ttl)))


def _duration(text: str) -> timedelta:
    try:
        return read_duration(text)
    except ValueError as error:
        raise ConfigurationError([f"ttl: {error}"]) from error


@user_app.command()
def add(
    username: str,
    *,
    role: Annotated[list[str] | None, typer.Option(help="A role; repeat it.")] = None,
    file: UsersFile = None,
) -> None:
    """Add a user; the password is asked for, or is the first line of a standard input."""
    with exit_codes():
        add_user(_users_file(file), username, _password(), role or ())
        typer.echo(f"Added {username}.", err=True)


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\n")


@user_app.command()
def remove(username: str, *, file: UsersFile = None) -> None:
    """Remove a user; a running broker notices within a second."""
    with exit_codes():
        remove_user(_users_file(file), username)
        typer.echo(f"Removed {username}.", err=True)


@user_app.command("list")
def list_(*, file: UsersFile = None, as_json: AsJson = False) -> None:
    """List users and their roles."""
    with exit_codes():
        users = {user.username: sorted(user.roles) for user in list_users(_users_file(file))}
        if as_json:
            typer.echo(json.dumps(users))
            return
        for username, roles in users.items():
            typer.echo(f"{username}\t{', '.join(roles)}")


def _users_file(given: Path | None) -> Path:
    if given is not None:
        return given
    named = configured().auth.local_users_file
    if named is None:
        raise ConfigurationError(["auth.local_users_file: is missing; or name one with --file"])
    return Path(named)
