"""docker-compose.yml and the Dockerfile, as far as they can be judged without a Docker engine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from broker.settings import load_settings, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"
SECRET = "s" * 32


class Service(BaseModel):
    model_config = ConfigDict(extra="allow")

    image: str
    environment: dict[str, str] = {}
    ports: list[str] = []
    volumes: list[str] = []


class Compose(BaseModel):
    model_config = ConfigDict(extra="allow")

    services: dict[str, Service]


@pytest.fixture(scope="module")
def services() -> Mapping[str, Service]:
    content = YAML(typ="safe").load(COMPOSE_FILE)
    return Compose.model_validate(content).services


def interpolated(environment: Mapping[str, str]) -> dict[str, str]:
    """What the container sees when BROKER_SECRETS is set: compose's `${NAME…}` replaced."""
    return {
        name: re.sub(r"\$\{BROKER_SECRETS:\?[^}]*\}", SECRET, value)
        for name, value in environment.items()
    }


def test_the_compose_file_keeps_to_the_compose_specification() -> None:
    command = ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE_FILE)]
    run_tool(command)


def test_the_dockerfile_keeps_to_the_rules_of_its_linter() -> None:
    run_tool(["hadolint", str(ROOT / "Dockerfile")])


def run_tool(command: list[str]) -> None:
    tool = Path(sys.executable).with_name(command[0])
    done = subprocess.run([tool, *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_image_that_is_fetched_has_a_pinned_version(
    services: Mapping[str, Service],
) -> None:
    fetched = {service.image for service in services.values()} - {"presign-broker"}

    assert fetched == {"localstack/localstack:4.14.0", "ministackorg/ministack:1.5.33"}


def test_every_port_is_on_loopback(services: Mapping[str, Service]) -> None:
    ports = [port for service in services.values() for port in service.ports]

    assert len(ports) == 4
    assert len({port.split(":")[1] for port in ports}) == 4, "two services share a port"
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_both_s3_servers_verify_signatures(services: Mapping[str, Service]) -> None:
    assert services["localstack"].environment["S3_SKIP_SIGNATURE_VALIDATION"] == "0"
    assert services["ministack"].environment["AUTH"] == "true"


def test_no_secret_of_the_broker_has_a_default(services: Mapping[str, Service]) -> None:
    for name in ("broker", "broker-ministack", "init", "init-ministack"):
        assert services[name].environment["BROKER_SECRETS"].startswith("${BROKER_SECRETS:?")


@pytest.mark.parametrize(
    ("name", "s3"), [("broker", "localstack"), ("broker-ministack", "ministack")]
)
def test_the_broker_takes_its_settings(name: str, s3: str, services: Mapping[str, Service]) -> None:
    """And signs for the host and port at which the browser reaches that very S3."""
    settings = load_settings(
        interpolated(services[name].environment), read_toml(ROOT / "infra" / "compose.toml")
    )

    s3_port = services[s3].ports[0].split(":")[1]
    page_port = services[name].ports[0].split(":")[1]
    assert settings.s3.provider == s3
    assert settings.s3.endpoint_url == f"http://{s3}:4566"
    assert settings.s3.public_endpoint_url == f"http://localhost:{s3_port}"
    assert settings.public_url == f"http://127.0.0.1:{page_port}"


def test_the_mounted_policy_is_there_and_where_the_broker_looks(
    services: Mapping[str, Service],
) -> None:
    mount = next(volume for volume in services["broker"].volumes if volume.startswith("./"))
    source, target, mode = mount.split(":")

    assert (ROOT / source).is_file()
    assert target == services["broker"].environment["BROKER_CONFIG"]
    assert mode == "ro"


def test_the_users_file_lies_in_the_images_data_directory() -> None:
    settings = load_settings(
        {"BROKER_SECRETS": SECRET, "BROKER_S3__PROVIDER": "aws"},
        read_toml(ROOT / "infra" / "compose.toml"),
    )

    assert settings.auth.local_users_file
    users_file = Path(settings.auth.local_users_file)
    assert (
        f"WORKDIR {users_file.parent}\nVOLUME {users_file.parent}\n"
        in (ROOT / "Dockerfile").read_text()
    )


def test_the_image_copies_only_what_its_context_lets_in() -> None:
    allowed = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    lines = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    sources = [source.rstrip("/") for line in lines for source in line.split()]

    assert sources
    assert {source.split("/")[0] for source in sources} == set(allowed)
    assert all((ROOT / source).exists() for source in sources)
