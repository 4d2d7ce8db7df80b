"""What the documentation says is compared with what there is."""

from __future__ import annotations

import io
import json
import re
import tomllib
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel, ByteSize
from starlette.routing import Mount, Route

from broker import create_app
from broker.cli import app as command_line
from broker.errors import BrokerError, RequestError, Retryable
from broker.policy.cors_advice import ADVICE
from broker.policy.identity import Principal
from broker.policy.keys import PLACEHOLDERS
from broker.s3.providers import PROVIDERS
from broker.settings import (
    PREFIX,
    GrantSettings,
    ProfileSettings,
    Settings,
    load_settings,
    read_toml,
)
from broker.telemetry.audit import AuditLog, Decided
from broker.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    import typer
    from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
NO_DEFAULT = "\N{EN DASH}"

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced code of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def rows(page: Path) -> Iterator[list[str]]:
    """The cells of every table's row, without the marks of code."""
    for line in page.read_text().splitlines():
        if line.startswith("| "):
            yield [cell.strip().replace("`", "") for cell in line.strip("| ").split(" | ")]


def anchors(page: Path) -> set[str]:
    """The headings, as a code host turns them into fragments."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}


def tables() -> dict[str, type[BaseModel]]:
    """Each table of broker.toml, as configuration.md names it."""
    named = {name: field.annotation for name, field in Settings.model_fields.items()}
    found = {
        name: kind
        for name, kind in named.items()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }
    return {**found, "grants": GrantSettings, "profiles.NAME": ProfileSettings}


def shown_default(field: FieldInfo) -> str:
    default = field.default
    if field.is_required() or field.validate_default:
        return "required"
    if isinstance(default, timedelta):
        units = {"d": 86_400, "h": 3_600, "m": 60}
        seconds = int(default.total_seconds())
        return next(f"{seconds // size}{unit}" for unit, size in units.items() if seconds >= size)
    if isinstance(default, ByteSize):
        return f"{default // 1024}KiB"
    if isinstance(default, bool):
        return str(default).lower()
    return str(default) if default else NO_DEFAULT


def test_every_setting_is_documented_with_its_default() -> None:
    expected = {
        f"{table}.{name}": shown_default(field)
        for table, model in tables().items()
        for name, field in model.model_fields.items()
    }
    expected |= {
        name: shown_default(Settings.model_fields[name]) for name in ("secrets", "metrics_token")
    }
    documented = {
        cells[0]: cells[-2] for cells in rows(DOCS / "configuration.md") if len(cells) >= 4
    }
    documented.pop("setting")
    assert documented == expected


def test_every_variable_is_documented_and_in_the_example() -> None:
    sections = {name: model for name, model in tables().items() if name in Settings.model_fields}
    del sections["grants"]
    variables = {f"{PREFIX}{name}".upper() for name in Settings.model_fields.keys() - sections}
    variables |= {
        f"{PREFIX}{section}__{name}".upper()
        for section, model in sections.items()
        for name in model.model_fields
    }
    for text in ((DOCS / "configuration.md").read_text(), (ROOT / ".env.example").read_text()):
        assert variables <= set(re.findall(r"BROKER_[A-Z0-9_]+", text))


def test_every_error_code_is_documented_with_its_status() -> None:
    def below(kind: type[BrokerError]) -> Iterator[type[BrokerError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from below(child)

    bases = {RequestError, Retryable}  # never raised themselves
    ours = [kind for kind in below(BrokerError) if kind.__module__ == "broker.errors"]
    expected = {(kind.code, str(kind.status), kind.title) for kind in ours if kind not in bases}
    documented = {tuple(cells[:3]) for cells in rows(DOCS / "errors.md") if cells[0] != "code"}
    assert documented == expected


def test_every_route_is_documented_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    users = tmp_path / "users.json"
    users.write_text('{"users": {}}')
    environ = {"BROKER_SECRETS": "s" * 32, "BROKER_AUTH__LOCAL_USERS_FILE": str(users)}
    routes = create_app(load_settings(environ, read_toml(ROOT / "broker.example.toml"))).routes
    served = {
        f"{method} {route.path}"
        for route in routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    served |= {f"GET {route.path}/{{path}}" for route in routes if isinstance(route, Mount)}
    page = (DOCS / "http.md").read_text()
    documented = re.findall(r"^### ((?:GET|POST|PUT|PATCH|DELETE) .*)$", page, re.MULTILINE)
    assert sorted(documented) == sorted(served)


def test_every_dependency_has_a_reason_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    node = json.loads((ROOT / "package.json").read_text())
    pinned = ["requirements/build.in", "requirements/node.in", "broker/dev/ministack.in"]
    wanted = [
        *project["project"]["dependencies"],
        *chain(*project["project"]["optional-dependencies"].values()),
        *chain(*project["dependency-groups"].values()),
        *node["dependencies"],
        *node["devDependencies"],
        *" ".join((ROOT / name).read_text() for name in pinned).split(),
    ]
    names = {re.split(r"[<>=; ]", line)[0] for line in wanted}
    reasoned = [cells[0] for cells in rows(DOCS / "dependencies.md") if cells[0] != "package"]
    assert sorted(reasoned) == sorted(names)


def test_every_room_and_module_is_in_the_architecture() -> None:
    page = (DOCS / "architecture.md").read_text()
    rooms = {f"`broker/{init.parent.name}/`" for init in ROOT.glob("broker/*/__init__.py")}
    modules = {f"`{file.name}`" for file in ROOT.glob("broker/[a-z]*.py")}
    assert {name for name in rooms | modules if name not in page} == set()


def test_every_provider_is_documented_with_what_it_holds() -> None:
    def yes(*, can: bool) -> str:
        return "yes" if can else "no"

    expected = {
        (
            str(provider.name),
            yes(can=provider.write_once_put),
            yes(can=provider.write_once_complete),
            yes(can=str(provider.name) not in ADVICE),
        )
        for provider in PROVIDERS.values()
    }
    names = {str(name) for name in PROVIDERS}
    assert {tuple(cells) for cells in rows(DOCS / "policy.md") if cells[0] in names} == expected


def test_every_placeholder_of_a_key_is_documented() -> None:
    named = {
        name for cells in rows(DOCS / "policy.md") for name in re.findall(r"{(\w+)}", cells[0])
    }
    assert named == PLACEHOLDERS


def test_an_audit_line_has_the_documented_members() -> None:
    stream = io.StringIO()
    AuditLog(stream, lambda: datetime(2026, 11, 22, tzinfo=UTC), lambda call: call()).record(
        Decided(
            "upload.create",
            principal=Principal("local", "alice", frozenset()),
            action="write",
            bucket="uploads",
            key="users/alice/a.txt",
            allowed=True,
            reason="grant",
            request_id="1",
        )
    )
    (example,) = blocks(DOCS / "operate.md", "json")
    assert json.loads(stream.getvalue()).keys() == json.loads(example).keys()


def test_every_metric_is_documented() -> None:
    kinds = re.findall(
        r"^# TYPE (\w+) (?:counter|histogram)$", Metrics().render().decode(), re.MULTILINE
    )
    assert kinds
    assert {cells[0] for cells in rows(DOCS / "operate.md")} >= set(kinds)


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)", page.read_text())
    broken = [
        (path, fragment)
        for path, fragment in links
        if not (target := (page.parent / path if path else page)).exists()
        or (fragment and fragment not in anchors(target))
    ]
    assert broken == []


def test_every_page_is_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    links = {(ROOT / path).resolve() for path in re.findall(r"\]\((?!http)([^)#]*)", readme)}
    assert set(PAGES) - links == {ROOT / "README.md"}


def names_of(commands: typer.Typer) -> set[str]:
    """The commands as they are typed, groups and what is in them alike."""
    names = {
        command.name or command.callback.__name__
        for command in commands.registered_commands
        if command.callback
    }
    for entry in commands.registered_groups:
        assert entry.typer_instance is not None
        group = str(entry.typer_instance.info.name)
        names |= {group, *(f"{group} {name}" for name in names_of(entry.typer_instance))}
    return names


@each_page
def test_commands_and_targets_that_are_named_exist(page: Path) -> None:
    text = page.read_text()
    named = re.findall(r"(?:^|`|bin/|--rm )broker ([a-z]+(?: [a-z]+)?)", text, re.MULTILINE)
    assert set(named) <= names_of(command_line)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= targets


def test_every_test_named_in_the_security_page_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (DOCS / "security.md").read_text()))
    sources = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    assert named - set(re.findall(r"def (test_\w+)", sources)) == set()


def test_the_iam_policy_is_what_the_calls_to_s3_need() -> None:
    statements = json.loads((ROOT / "infra" / "iam-policy.json").read_text())["Statement"]
    granted = {
        action
        for statement in statements
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
    }
    code = "\n".join(file.read_text() for file in (ROOT / "broker" / "s3").glob("*.py"))
    needed = set(re.findall(r"s3:[A-Z]\w+", code))
    # Signed for clients, and needed for a grant with a wildcard only.
    assert granted == needed - {"s3:ListAllMyBuckets"} | {"s3:GetObjectVersion"}
    documented = {name for cells in rows(DOCS / "deploy.md") for name in cells[0].split(", ")}
    assert granted <= documented
