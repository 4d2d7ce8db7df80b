"""The examples of the documentation, loaded and run."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import boto3
import pytest
from dotenv import dotenv_values
from pydantic import BaseModel

from broker.dev.demo import ACCESS_KEY_ID
from broker.dev.embedded import EmbeddedS3
from broker.errors import ConfigurationError
from broker.settings import GrantSettings, ProfileSettings, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
SECRET = "s" * 32
START_SECONDS = 60

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced code of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def loaded(toml: str) -> Settings:
    return load_settings({"BROKER_SECRETS": SECRET}, tomllib.loads(toml))


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the example's settings and the users file that it names."""
    (tmp_path / "broker.toml").write_text((ROOT / "broker.example.toml").read_text())
    (tmp_path / "users.json").write_text('{"users": {}}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BROKER_SECRETS", SECRET)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    return tmp_path


def turned_on(example: Path) -> str:
    """The example with the settings that are off; `#name` is one, `# text` is not."""
    return re.sub(r"^#(?=\S)", "", example.read_text(), flags=re.MULTILINE)


def variables(text: str) -> dict[str, str]:
    return {
        name: value
        for name, value in dotenv_values(stream=io.StringIO(text)).items()
        if value is not None
    }


def test_the_examples_load_together_once_there_is_a_secret() -> None:
    environ = {**variables((ROOT / ".env.example").read_text()), "BROKER_SECRETS": SECRET}
    settings = load_settings(environ, tomllib.loads((ROOT / "broker.example.toml").read_text()))
    assert [grant.who for grant in settings.grants] == ["role:member", "*"]


def test_an_example_copied_unread_does_not_start() -> None:
    with pytest.raises(ConfigurationError, match="secrets: each must have at least 32 bytes"):
        load_settings(variables((ROOT / ".env.example").read_text()), {})


def test_what_the_toml_example_turns_off_loads_and_no_setting_is_left_out() -> None:
    text = turned_on(ROOT / "broker.example.toml")
    settings, content = loaded(text), tomllib.loads(text)
    sections = {name: value for name, value in settings if isinstance(value, BaseModel)}
    for name, section in sections.items():
        assert content[name].keys() == type(section).model_fields.keys()
    assert content["grants"][0].keys() == GrantSettings.model_fields.keys()
    assert content["profiles"]["avatar"].keys() == ProfileSettings.model_fields.keys()


def test_what_the_env_example_turns_off_loads(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.write_text(SECRET)
    environ = variables(turned_on(ROOT / ".env.example"))
    settings = load_settings({**environ, "BROKER_SECRETS_FILE": str(secrets)}, {})
    assert settings.server.cors_origins == ("https://app.example", "https://admin.example")
    assert settings.secret_bytes == (SECRET.encode(),)


@each_page
def test_code_parses(page: Path) -> None:
    for text in blocks(page, "json"):
        json.loads(text)
    for text in blocks(page, "python"):
        ast.parse(text)
    for text in blocks(page, "toml"):
        loaded(text)


def client_of(url: str, access_key_id: str, secret_access_key: str) -> S3Client:
    return boto3.client(
        "s3",
        region_name=EmbeddedS3.region,
        endpoint_url=url,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
    )


def test_s3_takes_the_lifecycle_rules(s3_server: EmbeddedS3) -> None:
    """Oracle: what the server gives back."""
    rules = json.loads((ROOT / "infra" / "lifecycle.json").read_text())
    client = client_of(s3_server.url, s3_server.access_key_id, s3_server.secret_access_key)
    bucket = "lifecycle-of-the-docs"
    client.create_bucket(Bucket=bucket)
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules)
    kept = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert {rule.get("ID") for rule in kept} == {rule["ID"] for rule in rules["Rules"]}


@pytest.mark.usefixtures("configured")
def test_the_example_of_an_app_of_your_own_runs() -> None:
    (example,) = blocks(DOCS / "deploy.md", "python")
    subprocess.run([sys.executable, "-c", example], check=True)


@pytest.fixture
def demo(s3_environment: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """`broker dev` in a process of its own, and what it wrote once ready."""
    ready = tmp_path / "ready.json"
    command = [
        str(Path(sys.executable).with_name("broker")), "dev", "--port", "0", "--s3-port", "0",
        "--data", str(tmp_path / "data"), "--ready-file", str(ready),
    ]  # fmt: skip
    environ = {**os.environ, "BROKER_DEV_S3_ENV": str(s3_environment)}
    with subprocess.Popen(command, env=environ) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not ready.exists():
                assert process.poll() is None, "broker dev ended"
                assert time.monotonic() < deadline, "broker dev is not ready"
                time.sleep(0.05)
            content = json.loads(ready.read_text())
            secrets = json.loads((tmp_path / "data" / "secrets.json").read_text())
            passwords = {user["username"]: user["password"] for user in content["users"]}
            yield {
                "url": content["url"],
                "s3_url": content["s3_url"],
                "s3_secret": secrets["s3"],
                "password": passwords["alice"],
            }
        finally:
            process.terminate()


@pytest.mark.e2e
@pytest.mark.skipif(not (which("curl") and which("jq")), reason="needs curl and jq")
def test_the_readmes_example_puts_the_file_into_s3(demo: dict[str, str], tmp_path: Path) -> None:
    (example,) = blocks(ROOT / "README.md", "bash")
    environ = {**os.environ, "URL": demo["url"], "PASSWORD": demo["password"]}
    shell = ["bash", "-euo", "pipefail", "-c", example]
    run = subprocess.run(
        shell, cwd=tmp_path, env=environ, check=True, timeout=60, capture_output=True
    )
    client = client_of(demo["s3_url"], ACCESS_KEY_ID, demo["s3_secret"])
    stored = client.get_object(Bucket="uploads", Key="users/alice/hello.txt")["Body"].read()
    assert (stored, json.loads(run.stdout)["state"]) == (b"hello\n", "complete")
