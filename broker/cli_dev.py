"""`broker dev`: everything on one machine, with one command."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from broker.addresses import origin_of
from broker.api.system import is_loopback
from broker.app import create_app
from broker.cli_context import cors_of, exit_codes
from broker.cors import read_rules
from broker.dev.bucket import prepare_bucket
from broker.dev.demo import ACCESS_KEY_ID, BUCKET, demo_configuration, demo_secrets
from broker.dev.embedded import EmbeddedS3
from broker.dev.environment import ensure_environment, environment_path
from broker.dev.ports import free_port
from broker.errors import ConfigurationError, NotSupported
from broker.s3.client import QUICK
from broker.s3.connect import client_maker
from broker.server import run
from broker.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from broker.dev.demo import DemoConfiguration, DemoSecrets
    from broker.settings import Settings

EMBEDDED = "embedded"
LOCALHOST = "localhost"


def dev(
    *,
    host: Annotated[str, typer.Option(help="Where the page listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8000,
    s3_port: Annotated[int, typer.Option(help="0 takes a free one.")] = 9000,
    data: Annotated[Path, typer.Option(help="Where everything is kept.")] = Path(".broker"),
    s3: Annotated[str, typer.Option(help="`embedded`, or the URL of a running S3.")] = EMBEDDED,
    ready_file: Annotated[
        Path | None, typer.Option(help="Written once ready: addresses and users, as JSON.")
    ] = None,
    allow_any_host: Annotated[
        bool, typer.Option("--allow-any-host", help="Listen beyond loopback. Demo users!")
    ] = False,
) -> None:
    """Run the broker with an embedded S3, a bucket and demo users; data are kept."""
    with exit_codes(), ExitStack() as stack:
        _check_host(host, allowed=allow_any_host)
        port = free_port(port)
        secrets = demo_secrets(data, token_hex)
        table = _s3(s3, s3_port, data, secrets, stack)
        demo = demo_configuration(data, secrets, server={"host": host, "port": port}, s3=table)
        settings = load_settings({**os.environ, **demo.environ}, demo.toml)
        app = create_app(settings, audit=_audit_file(data, stack))
        _prepare(settings)
        run(
            app,
            settings,
            on_ready=lambda _: _ready(settings, demo, ready_file),
        )


def _check_host(host: str, *, allowed: bool) -> None:
    if not allowed and host != LOCALHOST and not is_loopback(host):
        raise ConfigurationError(
            [f"host: {host} is beyond loopback, where demo users protect nothing; --allow-any-host"]
        )


def _s3(
    wanted: str, port: int, data: Path, secrets: DemoSecrets, stack: ExitStack
) -> Mapping[str, object]:
    """Return the `[s3]` table, after starting the embedded S3 unless another one is named."""
    if wanted != EMBEDDED:
        return {"provider": "generic", "endpoint_url": wanted, "addressing": "path"}
    environment = environment_path(os.environ, data)
    ensure_environment(environment, lambda line: typer.echo(line, err=True))
    server = EmbeddedS3(environment, data, port, ACCESS_KEY_ID, secrets.s3)
    stack.enter_context(server)
    os.environ.update(server.environ)  # where boto3's own chain looks
    return server.settings


def _prepare(settings: Settings) -> None:
    """Make the bucket, and apply its CORS rules anew: a server may have lost them.

    Raises ConfigurationError.
    """
    s3 = settings.s3
    make_client = client_maker(
        region=s3.region, endpoint_url=s3.endpoint_url, addressing=s3.addressing
    )
    try:
        prepare_bucket(make_client(QUICK), BUCKET)
    except BotoCoreError as error:
        raise ConfigurationError([f"s3: {s3.endpoint_url} does not answer"]) from error
    except ClientError as error:
        raise ConfigurationError([f"s3: {s3.endpoint_url} refuses bucket {BUCKET}"]) from error

    try:
        asyncio.run(_apply_cors(settings))
    except NotSupported as error:  # the advice what to set instead; all else works
        typer.echo(error.detail, err=True)


async def _apply_cors(settings: Settings) -> None:
    async with cors_of(settings) as cors:
        await cors.apply(BUCKET, [origin_of(settings)], read_rules())


def _audit_file(data: Path, stack: ExitStack) -> TextIO:
    return stack.enter_context((data / "audit.jsonl").open("a", encoding="utf-8"))


def _ready(settings: Settings, demo: DemoConfiguration, ready_file: Path | None) -> None:
    """Tell the person, and whoever waits for the file, which appears whole."""
    users = [
        {"username": user.username, "password": user.password, "roles": list(user.roles)}
        for user in demo.users
    ]
    console = Console(file=sys.stderr, highlight=False)
    console.print(f"\n  [bold]{settings.public_url}[/bold]    S3: {settings.s3.endpoint_url}\n")
    for user in demo.users:
        console.print(f"  {user.username:8}{user.password}    {', '.join(user.roles)}")
    console.print("\n  Ctrl+C ends it; the data stay.\n")
    if ready_file is not None:
        content = {
            "url": settings.public_url,
            "s3_url": settings.s3.endpoint_url,
            "bucket": BUCKET,
            "users": users,
        }
        fresh = ready_file.with_name(f"{ready_file.name}.new")
        fresh.touch(mode=0o600)  # it holds passwords
        fresh.write_text(json.dumps(content))
        fresh.replace(ready_file)
