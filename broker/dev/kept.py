"""Secrets that are made once and kept in a file only its owner can read."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from broker.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

OWNER_ONLY = 0o600
_SECRETS = TypeAdapter(dict[str, str])


def kept_secrets(
    path: Path, lengths: Mapping[str, int], random_hex: Callable[[int], str]
) -> dict[str, str]:
    """Each named secret from `path`; those not there yet are made, of that many random bytes.

    `random_hex` is `secrets.token_hex`. Raises ConfigurationError when the file is damaged.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = _read(path)
    missing = {name: random_hex(length) for name, length in lengths.items() if name not in kept}
    if missing:
        _write(path, kept | missing)
    return kept | missing


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        return _SECRETS.validate_json(path.read_bytes())
    except ValidationError:
        problem = f"data: {path} is no JSON object of texts; remove it to have it made anew"
        raise ConfigurationError([problem]) from None


def _write(path: Path, secrets: Mapping[str, str]) -> None:
    """Replaces the file whole, so that a crash leaves the old one or the new one."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)  # of an earlier crash
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(secrets, file, indent=2)
    fresh.replace(path)
