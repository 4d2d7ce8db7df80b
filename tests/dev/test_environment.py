"""The embedded S3's own virtual environment."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from broker.dev import environment
from broker.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_environment_variable_names_the_place(tmp_path: Path) -> None:
    environ = {"BROKER_DEV_S3_ENV": str(tmp_path / "named")}

    assert environment.environment_path(environ, tmp_path / "data") == tmp_path / "named"


def test_without_the_variable_it_lies_in_the_data_directory(tmp_path: Path) -> None:
    assert environment.environment_path({}, tmp_path) == tmp_path / "s3-env"


def test_what_is_installed_is_not_installed_again(s3_environment: Path) -> None:
    before = (s3_environment / "pyvenv.cfg").stat().st_mtime_ns
    reports: list[str] = []

    environment.ensure_environment(s3_environment, reports.append)

    assert reports == []
    assert (s3_environment / "pyvenv.cfg").stat().st_mtime_ns == before


def test_it_holds_exactly_the_locked_ministack(s3_environment: Path) -> None:
    python = environment.python_of(s3_environment)
    version = "import importlib.metadata as m; print(m.version('ministack'))"

    printed = subprocess.check_output([python, "-c", version], text=True)

    assert f"ministack=={printed.strip()} " in environment.LOCK_FILE.read_text()


@pytest.mark.parametrize("marker", [None, "0" * 64], ids=["half-built", "of another lock file"])
def test_one_that_is_not_whole_is_made_anew_and_says_what_it_lacks_offline(
    marker: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an index to install from, which stands for a machine without a network."""
    place = tmp_path / "env"
    place.mkdir()
    (place / "stale").touch()
    if marker:
        (place / environment.MARKER).write_text(marker)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    reports: list[str] = []

    with pytest.raises(ConfigurationError, match=r"BROKER_DEV_S3_ENV: .* needs .* a network"):
        environment.ensure_environment(place, reports.append)

    assert len(reports) == 1
    assert str(place) in reports[0]
    assert not (place / "stale").exists()
    assert not (place / environment.MARKER).exists()
