"""Secrets that are made once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from broker.dev.kept import kept_secrets
from broker.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def test_secrets_are_the_same_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secrets.json"

    first = kept_secrets(path, {"a": 8, "b": 32}, secrets.token_hex)
    second = kept_secrets(path, {"a": 8, "b": 32}, secrets.token_hex)

    assert first == second
    assert {name: len(value) for name, value in first.items()} == {"a": 16, "b": 64}


def test_a_secret_added_later_leaves_the_others_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = kept_secrets(path, {"a": 8}, secrets.token_hex)

    assert kept_secrets(path, {"a": 8, "b": 8}, secrets.token_hex)["a"] == first["a"]


def test_only_its_owner_can_read_the_file_and_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secrets.json"

    kept_secrets(path, {"a": 8}, secrets.token_hex)
    kept_secrets(path, {"a": 8, "b": 8}, secrets.token_hex)  # written a second time

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_a_crash_left_behind_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.with_suffix(".new").write_text('{"a": "hal')

    assert kept_secrets(path, {"a": 8}, secrets.token_hex)["a"]


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "{"])
def test_a_damaged_file_is_named_and_its_text_is_not(text: str, tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(text)

    with pytest.raises(ConfigurationError) as caught:
        kept_secrets(path, {"a": 8}, secrets.token_hex)

    assert str(path) in caught.value.detail
    assert caught.value.detail.endswith("remove it to have it made anew")
    assert path.read_text() == text
