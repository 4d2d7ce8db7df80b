"""Settings: one object from a file and the environment, or every problem by its name."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel, ValidationError

from broker.errors import ConfigurationError
from broker.policy.grants import Action, Grant
from broker.policy.profiles import Profile, Strategy
from broker.settings import (
    GrantSettings,
    ProfileSettings,
    Settings,
    load_settings,
    read_secrets,
    read_toml,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
SECRET = "s3cret" * 6  # 36 bytes
ENVIRON = {"BROKER_SECRETS": SECRET}
GRANT = {"who": "*", "bucket": "uploads", "actions": ["read"]}
PROFILE = {"bucket": "uploads", "key": "{sub}/{uuid}"}


def load(toml: Mapping[str, object] | None = None, **environ: str) -> Settings:
    return load_settings({**ENVIRON, **environ}, toml or {})


def problems(toml: Mapping[str, object] | None = None, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(toml, **environ)
    return caught.value.problems


def names(found: tuple[str, ...]) -> list[str]:
    return sorted(problem.partition(": ")[0] for problem in found)


class TestSources:
    def test_a_secret_is_all_that_must_be_set(self) -> None:
        settings = load()
        assert settings.public_url == "http://127.0.0.1:8000"
        assert settings.server.workers == 1
        assert settings.s3.provider == "aws"
        assert settings.s3.endpoint_url is None
        assert settings.grants == ()
        assert settings.limits.default_expiry == timedelta(minutes=5)
        assert settings.limits.max_expiry == timedelta(hours=1)
        assert settings.limits.upload_ttl == timedelta(days=7)

    def test_the_environment_overrides_the_file_value_by_value(self) -> None:
        toml = {"s3": {"region": "eu-west-1", "addressing": "path"}, "server": {"port": 1}}
        settings = load(toml, BROKER_S3__REGION="eu-central-1", BROKER_SERVER__HOST="::1")
        assert (settings.s3.region, settings.s3.addressing) == ("eu-central-1", "path")
        assert (settings.server.host, settings.server.port) == ("::1", 1)

    @pytest.mark.parametrize("text", ["uploads,logs", " uploads , logs ", "uploads,,logs,"])
    def test_a_list_in_the_environment_is_split_at_commas(self, text: str) -> None:
        assert load(BROKER_S3__BUCKETS=text).s3.buckets == ("uploads", "logs")

    def test_an_empty_list_in_the_environment_is_none_at_all(self) -> None:
        assert load({"s3": {"buckets": ["uploads"]}}, BROKER_S3__BUCKETS="").s3.buckets == ()

    def test_tables_can_be_json_in_the_environment(self) -> None:
        settings = load(BROKER_GRANTS='[{"who":"*","bucket":"b","actions":["read","list"]}]')
        assert settings.grants[0].actions == {Action.READ, Action.LIST}
        assert load(BROKER_S3='{"region":"eu-west-1"}').s3.region == "eu-west-1"

    def test_a_profile_can_come_from_the_environment(self) -> None:
        settings = load(
            BROKER_PROFILES__AVATAR__BUCKET="uploads",
            BROKER_PROFILES__AVATAR__KEY="{sub}/{uuid}",
            BROKER_PROFILES__AVATAR__TYPES="image/png, image/jpeg",
        )
        assert settings.profiles["avatar"].types == ("image/png", "image/jpeg")

    def test_variables_that_are_not_the_brokers_are_none_of_its_business(self) -> None:
        load(PATH="/bin", AWS_REGION="x", XBROKER_Y="1", BROKERX="1")
        load(BROKER_CONFIG="x.toml", BROKER_DEV_S3_ENV="/x")

    def test_the_settings_never_read_the_environment_themselves(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BROKER_S3__REGION", "eu-west-1")
        assert load().s3.region == "us-east-1"

    def test_the_settings_cannot_be_changed(self) -> None:
        settings = load({"grants": [GRANT]})
        for part, name in (
            (settings.s3, "region"),
            (settings, "grants"),
            (settings.grants[0], "who"),
        ):
            with pytest.raises(ValidationError, match="frozen"):
                setattr(part, name, getattr(part, name))


class TestProblems:
    def test_every_problem_of_file_and_environment_is_reported_at_once_by_name(
        self, tmp_path: Path
    ) -> None:
        toml = {
            "server": {"port": 65536, "hots": "x"},
            "s3": {"provider": "azure", "buckets": ["Uploads"]},
            "grants": [
                GRANT,
                {"who": "bob", "bucket": "A", "prefix": "x", "actions": ["fly"], "types": ["x"]},
            ],
            "profiles": {"a": {"bucket": "uploads", "key": "fixed"}},
            "limits": {"default_expiry": 5, "max_expiry": "8d"},
            "colour": "blue",
        }
        found = problems(
            toml,
            BROKER_S3__REGIO="x",
            BROKER_NONSENSE="1",
            BROKER_SERVER__WORKERS="many",
            BROKER_SECRETS_FILE=str(tmp_path / "none"),
        )
        assert names(found) == [
            "BROKER_NONSENSE",
            "BROKER_SECRETS_FILE",
            "colour",
            "grants.1.actions.0",
            "grants.1.bucket",
            "grants.1.prefix",
            "grants.1.types.0",
            "grants.1.who",
            "limits.default_expiry",
            "limits.max_expiry",
            "profiles.a.key",
            "s3.buckets.0",
            "s3.provider",
            "s3.regio",
            "server.hots",
            "server.port",
            "server.workers",
        ]

    @pytest.mark.parametrize(
        "name", ["BROKER_SECRET", "BROKER_S3_REGION", "BROKER_", "BROKER_X__Y"]
    )
    def test_a_variable_that_only_looks_like_the_brokers_is_told(self, name: str) -> None:
        assert problems(None, **{name: "x"}) == (f"{name}: is not known",)

    @pytest.mark.parametrize("section", ["server", "s3", "auth", "cache", "limits"])
    def test_an_unknown_key_of_a_table_is_told(self, section: str) -> None:
        assert problems({section: {"nonsense": 1}}) == (f"{section}.nonsense: is not known",)

    @pytest.mark.parametrize("text", ["{nope", "nope", '"text"'])
    def test_an_environment_text_that_is_not_the_table_meant_is_told_by_name_and_not_repeated(
        self, text: str
    ) -> None:
        assert problems(BROKER_GRANTS=text, BROKER_S3=text) == (
            "s3: must be an object",
            "grants: must be a list",
        )

    def test_a_missing_table_key_is_told(self) -> None:
        assert names(problems({"grants": [{}], "profiles": {"p": {}}})) == [
            "grants.0.actions",
            "grants.0.bucket",
            "grants.0.who",
            "profiles.p.bucket",
            "profiles.p.key",
        ]

    def test_another_s3_than_aws_needs_its_address(self) -> None:
        (problem,) = problems({"s3": {"provider": "ceph"}})
        assert problem == "s3: endpoint_url is missing; provider ceph needs one"
        load({"s3": {"provider": "ceph", "endpoint_url": "http://ceph:8080"}})

    @pytest.mark.parametrize(("workers", "fault"), [(0, "at least 1"), (65, "at most 64")])
    def test_workers_are_1_to_64(self, workers: int, fault: str) -> None:
        assert fault in problems({"server": {"workers": workers}})[0]

    @pytest.mark.parametrize("workers", [2, 64])
    def test_more_workers_than_one_need_a_cache_that_they_share(self, workers: int) -> None:
        (problem,) = problems({"server": {"workers": workers}})
        assert problem.startswith("server.workers: ")

    def test_no_problem_repeats_what_was_set(self) -> None:
        value = "hunter2hunter2"
        toml: dict[str, object] = {
            name: dict.fromkeys(section.model_fields, value)
            for name, section in tables().items()
            if name != "grants"
        }
        toml["grants"] = [dict.fromkeys(GrantSettings.model_fields, value)]
        toml["profiles"] = {"p": dict.fromkeys(ProfileSettings.model_fields, value)}
        with pytest.raises(ConfigurationError) as caught:
            load_settings({"BROKER_SECRETS": value, "BROKER_METRICS_TOKEN": ""}, toml)
        assert len(caught.value.problems) > 20
        assert value not in str(caught.value)


def tables() -> dict[str, type[BaseModel]]:
    """Return the tables of the file with the model of each."""
    found: dict[str, type[BaseModel]] = {
        name: field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }
    return found | {"grants": GrantSettings}


class TestSecrets:
    @pytest.mark.parametrize(
        ("text", "valid"),
        [
            ("x" * 31, False),
            ("x" * 32, True),
            ("x" * 33, True),
            ("é" * 16, True),
            ("é" * 15 + "x", False),
            ("x" * 32 + "," + "y" * 31, False),
            ("", False),
            (",", False),
        ],
    )
    def test_each_has_at_least_32_bytes(self, text: str, *, valid: bool) -> None:
        if valid:
            assert load(BROKER_SECRETS=text).secret_bytes == (text.encode(),)
            return
        assert names(problems(BROKER_SECRETS=text)) == ["secrets"]

    def test_none_is_a_problem_that_says_what_to_set(self) -> None:
        with pytest.raises(ConfigurationError, match="secrets: is missing; set BROKER_SECRETS"):
            load_settings({}, {})

    def test_their_order_is_kept_newest_first(self) -> None:
        new, old = "n" * 32, "o" * 32
        assert load(BROKER_SECRETS=f"{new}, {old}").secret_bytes == (new.encode(), old.encode())

    def test_a_file_holds_one_a_line_and_goes_before_the_variable(self, tmp_path: Path) -> None:
        path = tmp_path / "secrets"
        path.write_text(f"{'n' * 32}\n{'o' * 32}\n\n")
        settings = load(BROKER_SECRETS_FILE=str(path))
        assert settings.secret_bytes == (b"n" * 32, b"o" * 32)

    @pytest.mark.parametrize("content", [None, b"\xff\xfe"])
    def test_a_file_that_cannot_be_read_is_told_by_the_variables_name(
        self, tmp_path: Path, content: bytes | None
    ) -> None:
        path = tmp_path / "secrets"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ConfigurationError, match=r"BROKER_SECRETS_FILE: .* cannot be read"):
            read_secrets(path)

    def test_a_file_with_a_short_one_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "secrets"
        path.write_text("short\n")
        assert names(problems(BROKER_SECRETS_FILE=str(path))) == ["secrets"]

    @pytest.mark.parametrize("name", ["secrets", "metrics_token"])
    def test_a_secret_in_the_file_of_settings_is_refused(self, name: str) -> None:
        value: object = [SECRET] if name == "secrets" else SECRET
        (problem,) = problems({name: value})
        assert problem == f"{name}: is a secret; set BROKER_{name.upper()}"

    def test_an_empty_metrics_token_is_refused_as_anyone_could_send_it(self) -> None:
        assert names(problems(BROKER_METRICS_TOKEN="")) == ["metrics_token"]
        token = load(BROKER_METRICS_TOKEN="t").metrics_token
        assert token is not None
        assert token.get_secret_value() == "t"

    def test_they_show_in_no_text_of_the_settings(self) -> None:
        settings = load(BROKER_METRICS_TOKEN="m3trics")
        texts = (repr(settings), str(settings), settings.model_dump_json(), f"{settings.secrets}")
        for text in texts:
            assert SECRET not in text
            assert "m3trics" not in text


class TestPolicy:
    def test_every_member_of_a_grant_and_a_profile_can_be_configured(self) -> None:
        assert set(GrantSettings.model_fields) == {field.name for field in fields(Grant)}
        assert set(ProfileSettings.model_fields) == {field.name for field in fields(Profile)} - {
            "name"
        }

    def test_the_policy_is_what_was_configured_in_its_order(self) -> None:
        policy = load(
            {
                "grants": [
                    {
                        **GRANT,
                        "prefix": "a/",
                        "max_size": "1KiB",
                        "types": ["image/*"],
                        "max_expiry": "2h",
                        "overwrite": False,
                    },
                    {**GRANT, "who": "role:nobody"},
                ],
                "profiles": {
                    "p": {**PROFILE, "types": ["image/png"], "expiry": "1m", "strategy": "put"}
                },
            }
        ).policy()
        assert policy._grants == (
            Grant(
                "*",
                "uploads",
                "a/",
                frozenset({Action.READ}),
                1024,
                ("image/*",),
                timedelta(hours=2),
                overwrite=False,
            ),
            Grant("role:nobody", "uploads", "", frozenset({Action.READ})),
        )
        assert policy.profiles == {
            "p": Profile(
                "p",
                "uploads",
                "{sub}/{uuid}",
                ("image/png",),
                expiry=timedelta(minutes=1),
                strategy=Strategy.PUT,
            )
        }


class TestFile:
    def test_a_file_is_read_as_toml(self, tmp_path: Path) -> None:
        path = tmp_path / "broker.toml"
        path.write_text('[s3]\nregion = "eu-west-1"\n')
        assert read_toml(path) == {"s3": {"region": "eu-west-1"}}

    @pytest.mark.parametrize(
        ("content", "fault"),
        [
            (None, "cannot be read"),
            (b"[s3\n", "is not TOML"),
            (b"a = 1\na = 2\n", "is not TOML"),
            (b"a = '\xff'", "is not TOML"),
        ],
    )
    def test_one_that_cannot_be_read_is_told_by_its_name(
        self, tmp_path: Path, content: bytes | None, fault: str
    ) -> None:
        path = tmp_path / "broker.toml"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ConfigurationError) as caught:
            read_toml(path)
        (problem,) = caught.value.problems
        assert problem.startswith(f"{path}: {fault}")
