"""What every command of `broker` begins and ends with: the configuration, and the exit code."""

from __future__ import annotations

import os
import time
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import typer
from dotenv import dotenv_values

from broker.addresses import public_endpoint
from broker.app import utc_now
from broker.cors import Cors
from broker.cors_probe import Probe
from broker.errors import BrokerError, ConfigurationError, InvalidRequest, RequestError
from broker.s3.credentials import CredentialSource
from broker.s3.storage import open_storage
from broker.settings import load_settings, read_toml
from broker.sign.presign import Presigner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from broker.settings import Settings

FAILED = 1
WRONG = 2  # asked wrongly, configured wrongly, or not possible on this provider
DEFAULT_CONFIG = Path("broker.toml")
PROBE_TIMEOUT = 10  # seconds


def environment() -> dict[str, str]:
    """Return the environment, with `.env` of the working directory below it."""
    below = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**below, **os.environ}


def config_file(environ: Mapping[str, str]) -> Path | None:
    """Return the file of settings; only the default one may be absent."""
    named = environ.get("BROKER_CONFIG")
    if named:
        return Path(named)
    return DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None


def configured() -> Settings:
    """Return the settings in force here. Raises ConfigurationError."""
    environ = environment()
    hand_to_boto3(environ)
    return settings_from(environ, config_file(environ))


def settings_from(environ: Mapping[str, str], path: Path | None) -> Settings:
    """Raises ConfigurationError."""
    return load_settings(environ, read_toml(path) if path else {})


def hand_to_boto3(environ: Mapping[str, str]) -> None:
    """Let boto3's own chain see what `.env` says of AWS."""
    for name, value in environ.items():
        if name.startswith("AWS_"):
            os.environ.setdefault(name, value)


@asynccontextmanager
async def cors_of(settings: Settings) -> AsyncIterator[Cors]:
    """Yield the CORS use case alone, without an app around it."""
    storage = open_storage(settings.s3, time.monotonic)
    presigner = Presigner(CredentialSource.from_chain().current(), public_endpoint(settings))
    async with httpx.AsyncClient(timeout=PROBE_TIMEOUT, trust_env=False) as http:
        yield Cors(
            storage.client,
            Probe(http),
            lambda: presigner,
            utc_now,
            provider=settings.s3.provider,
        )
    storage.close()


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn the broker's errors into lines on standard error and an exit code."""
    try:
        yield
    except ConfigurationError as error:
        complain(error.problems)
        raise typer.Exit(WRONG) from error
    except InvalidRequest as error:
        complain([f"{field}: {fault}" for field, fault in error.problems] or [error.detail])
        raise typer.Exit(WRONG) from error
    except RequestError as error:
        complain([error.detail])
        raise typer.Exit(WRONG) from error
    except BrokerError as error:
        complain([error.detail])
        raise typer.Exit(FAILED) from error
    except OSError as error:
        complain([f"{error.filename}: {error.strerror}" if error.filename else str(error)])
        raise typer.Exit(WRONG) from error


def complain(lines: Sequence[str]) -> None:
    for line in lines:
        typer.echo(line, err=True)
