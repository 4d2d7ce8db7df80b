"""The two example files: they load, and name every setting there is."""

from __future__ import annotations

import re
import tomllib
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import BaseModel

from broker.settings import (
    NO_SETTINGS,
    GrantSettings,
    ProfileSettings,
    Settings,
    load_settings,
)

ROOT = Path(__file__).resolve().parent.parent
SECRETS = {"BROKER_SECRETS": "s" * 32}
TABLES: dict[str, type[BaseModel]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}


def toml(*, all_on: bool) -> dict[str, Any]:
    """`#name = value` is a setting that is off; `# text` explains."""
    text = (ROOT / "broker.example.toml").read_text()
    return tomllib.loads(re.sub(r"^#(?=\w+ = )", "", text, flags=re.MULTILINE) if all_on else text)


def environ(*, all_on: bool) -> dict[str, str]:
    text = (ROOT / ".env.example").read_text()
    text = re.sub(r"^#(?=\w+=)", "", text, flags=re.MULTILINE) if all_on else text
    return {name: value or "" for name, value in dotenv_values(stream=StringIO(text)).items()}


def test_the_files_load_as_they_are() -> None:
    load_settings(environ(all_on=False) | SECRETS, toml(all_on=False))


def test_the_file_loads_with_every_setting_on() -> None:
    load_settings(SECRETS, toml(all_on=True))


def test_the_environment_loads_with_every_variable_on() -> None:
    all_on = environ(all_on=True) | SECRETS
    del all_on["BROKER_SECRETS_FILE"]  # which is nowhere here
    load_settings(all_on, {})


def test_the_file_names_every_setting_and_no_other() -> None:
    shown = toml(all_on=True)
    for name, section in TABLES.items():
        assert set(shown[name]) == set(section.model_fields), name
    assert {key for grant in shown["grants"] for key in grant} == set(GrantSettings.model_fields)
    (profile,) = shown["profiles"].values()
    assert set(profile) == set(ProfileSettings.model_fields)


def test_the_environment_names_every_setting_and_no_other() -> None:
    below = {
        f"BROKER_{name}__{key}".upper()
        for name, table in TABLES.items()
        for key in table.model_fields
    }
    whole = {f"BROKER_{name}".upper() for name in Settings.model_fields if name not in TABLES}
    shown = {name for name in environ(all_on=True) if name.startswith("BROKER_")}
    assert shown == below | whole | NO_SETTINGS


def test_the_secret_of_the_example_is_refused_until_it_is_replaced() -> None:
    assert len(environ(all_on=False)["BROKER_SECRETS"]) < 32
