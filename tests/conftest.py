"""What every test may ask for: the real embedded S3, started once."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from broker.dev.embedded import EmbeddedS3
from broker.dev.environment import ensure_environment, environment_path

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def s3_environment() -> Path:
    """The S3's own virtual environment: `make setup` has made it, else it is made now."""
    environment = environment_path(os.environ, ROOT / ".broker")
    ensure_environment(environment, partial(print, file=sys.stderr))
    return environment


@pytest.fixture(scope="session")
def s3_server(
    s3_environment: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedS3]:
    """One embedded S3 for the whole run; each test makes a bucket of its own."""
    data = tmp_path_factory.mktemp("s3")
    with EmbeddedS3(s3_environment, data, 0, "test-key", "test-secret-access-key") as server:
        yield server
