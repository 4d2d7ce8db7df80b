"""The public names: taking one away breaks somebody's import."""

from __future__ import annotations

import subprocess
import sys

import pytest

import broker
from broker.app import create_app
from broker.errors import BrokerError
from broker.settings import Settings


def test_the_public_names_are_these() -> None:
    assert broker.__all__ == ["BrokerError", "Settings", "__version__", "create_app"]


def test_each_public_name_is_the_thing_itself() -> None:
    assert broker.BrokerError is BrokerError
    assert broker.Settings is Settings
    assert broker.create_app is create_app
    assert broker.__version__.count(".") == 2


def test_any_other_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(broker, "nonsense")  # noqa: B009 - mypy would refuse the plain form


def test_signing_alone_costs_neither_starlette_nor_boto3() -> None:
    script = "import broker.sign.presign, sys; print({'starlette', 'boto3'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
