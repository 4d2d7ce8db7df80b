"""The embedded S3's own virtual environment.

ministack pins botocore exactly, which must not leak into the broker's environment. So it gets one
of its own, made once from the lock file that ships beside this module; later starts need no
network. `python -m broker.dev.environment` makes it beforehand.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from broker.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LOCK_FILE = Path(__file__).with_name("ministack.txt")
LOCATION_VARIABLE = "BROKER_DEV_S3_ENV"
MARKER = "installed.sha256"  # written last: without it, or with another digest, nothing counts


def environment_path(environ: Mapping[str, str], data: Path) -> Path:
    """Where the environment lies: named by the environment variable, else under `data`."""
    return Path(environ.get(LOCATION_VARIABLE) or data / "s3-env").absolute()


def python_of(environment: Path) -> Path:
    return environment / "bin" / "python"


def ensure_environment(environment: Path, report: Callable[[str], None]) -> None:
    """Makes the environment unless it is there already, from this very lock file.

    A virtual environment holds absolute paths, so it is built in place; the marker file makes it
    whole. `report` is told, in one line, before the long work begins.

    Raises ConfigurationError when it cannot be made, above all without a network.
    """
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()
    environment.parent.mkdir(parents=True, exist_ok=True)
    with _alone(environment):
        if not _is_whole(environment, digest):
            report(f"Installing the embedded S3 into {environment} (once, about 90 MB) …")
            _build(environment)
            (environment / MARKER).write_text(digest, encoding="ascii")


def _is_whole(environment: Path, digest: str) -> bool:
    marker = environment / MARKER
    return (
        marker.is_file()
        and marker.read_text(encoding="ascii") == digest
        and python_of(environment).exists()  # its target may be gone: Python was upgraded
    )


@contextmanager
def _alone(environment: Path) -> Iterator[None]:
    """Holds off every other process that would build the same environment."""
    with environment.with_name(f"{environment.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(environment: Path) -> None:
    shutil.rmtree(environment, ignore_errors=True)
    python = str(python_of(environment))
    _run(environment, [sys.executable, "-m", "venv", str(environment)])
    _run(environment, [python, "-m", "pip", "install", "--disable-pip-version-check", "--quiet",
                       "--require-hashes", "--requirement", str(LOCK_FILE)])  # fmt: skip


def _run(environment: Path, command: list[str]) -> None:
    """Runs one step; what it prints goes to standard error, for standard output holds results."""
    try:
        subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603 - no shell, own words
    except (OSError, subprocess.CalledProcessError) as error:
        problem = (
            f"{LOCATION_VARIABLE}: the embedded S3 could not be installed into {environment}; "
            "its first start needs Python's venv module and a network"
        )
        raise ConfigurationError([problem]) from error


def main() -> None:
    """Makes the environment where the environment variable says, else under `.broker`."""
    try:
        report = partial(print, file=sys.stderr)
        ensure_environment(environment_path(os.environ, Path(".broker")), report)
    except ConfigurationError as error:
        sys.exit(error.detail)


if __name__ == "__main__":
    main()
