"""`broker cors` from a shell: what it prints where, and how it exits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest
from typer.testing import CliRunner

from broker.cli_cors import cors_app

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CORSRuleTypeDef
    from typer.testing import Result

    from broker.dev.embedded import EmbeddedS3

APP = "https://app.example"
FOREIGN: CORSRuleTypeDef = {
    "ID": "cdn",
    "AllowedOrigins": ["https://cdn.example"],
    "AllowedMethods": ["GET"],
}


@pytest.fixture
def s3(s3_server: EmbeddedS3) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=s3_server.url,
        region_name=s3_server.region,
        aws_access_key_id=s3_server.access_key_id,
        aws_secret_access_key=s3_server.secret_access_key,
    )


@pytest.fixture
def bucket(s3: S3Client) -> str:
    name = f"cors-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def configured(
    s3_server: EmbeddedS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    config = tmp_path / "broker.toml"
    config.write_text('[server]\npublic_url = "https://page.example/files"\n')
    environ = {
        **s3_server.environ,
        "BROKER_CONFIG": str(config),
        "BROKER_SECRETS": "s" * 32,
        "BROKER_S3__PROVIDER": "ministack",
        "BROKER_S3__ENDPOINT_URL": s3_server.url,
        "BROKER_S3__ADDRESSING": "path",
        "BROKER_SERVER__CORS_ORIGINS": APP,
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cors_app, arguments)


def ids(s3: S3Client, bucket: str) -> list[str]:
    return [rule["ID"] for rule in s3.get_bucket_cors(Bucket=bucket)["CORSRules"]]


@pytest.mark.usefixtures("configured")
class TestCors:
    def test_plan_prints_the_diff_to_stdout_and_changes_nothing(
        self, s3: S3Client, bucket: str
    ) -> None:
        result = run("plan", "--bucket", bucket, "--origin", APP)
        assert result.exit_code == 0
        assert f'+      "{APP}"' in result.stdout.splitlines()
        assert result.stderr == ""
        with pytest.raises(s3.exceptions.ClientError, match="NoSuchCORSConfiguration"):
            s3.get_bucket_cors(Bucket=bucket)

    def test_apply_then_verify_is_green(self, bucket: str) -> None:
        assert run("apply", "--bucket", bucket, "--origin", APP).exit_code == 0
        result = run("verify", "--bucket", bucket, "--origin", APP)
        assert result.exit_code == 0
        assert "FAIL" not in result.stdout
        assert f"ok   {APP}  expose ETag" in result.stdout.splitlines()

    def test_a_second_apply_says_that_nothing_changes(self, bucket: str) -> None:
        run("apply", "--bucket", bucket, "--origin", APP)
        result = run("apply", "--bucket", bucket, "--origin", APP)
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "Nothing to change.\n")

    def test_verify_without_rules_fails_and_names_the_line(self, bucket: str) -> None:
        result = run("verify", "--bucket", bucket, "--origin", APP)
        assert result.exit_code == 1
        assert f"FAIL {APP}  AllowedOrigins lacks {APP}" in result.stdout.splitlines()
        assert result.stderr == "1 of 2 checks failed.\n"

    def test_verify_as_json_is_json_alone(self, bucket: str) -> None:
        result = run("verify", "--bucket", bucket, "--origin", APP, "--json")
        answer = json.loads(result.stdout)
        assert result.exit_code == 1
        assert answer["ok"] is False
        assert answer["checks"][0] == {
            "origin": APP,
            "name": "origin",
            "ok": False,
            "missing": f"AllowedOrigins lacks {APP}",
        }

    def test_plan_as_json_holds_the_rules_before_and_after(self, bucket: str) -> None:
        answer = json.loads(run("plan", "--bucket", bucket, "--origin", APP, "--json").stdout)
        assert (answer["changed"], answer["before"]) == (True, [])
        assert answer["after"][0]["AllowedOrigins"] == [APP]

    def test_origins_come_from_the_configuration(self, bucket: str) -> None:
        answer = json.loads(run("plan", "--bucket", bucket, "--json").stdout)
        assert answer["after"][0]["AllowedOrigins"] == [APP, "https://page.example"]

    @pytest.mark.parametrize("command", ["apply", "remove"])
    def test_a_dry_run_changes_nothing(self, s3: S3Client, bucket: str, command: str) -> None:
        s3.put_bucket_cors(
            Bucket=bucket,
            CORSConfiguration={"CORSRules": [{**FOREIGN, "ID": "presign-broker"}, FOREIGN]},
        )
        result = run(command, "--bucket", bucket, "--origin", APP, "--dry-run")
        assert result.exit_code == 0
        assert result.stdout.startswith("--- bucket\n+++ wanted\n")
        assert ids(s3, bucket) == ["presign-broker", "cdn"]

    def test_rules_of_others_survive_apply_and_remove(self, s3: S3Client, bucket: str) -> None:
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [FOREIGN]})
        run("apply", "--bucket", bucket, "--origin", APP)
        assert ids(s3, bucket) == ["presign-broker", "cdn"]
        assert run("remove", "--bucket", bucket).exit_code == 0
        assert ids(s3, bucket) == ["cdn"]

    def test_a_wildcard_origin_exits_2_unless_allowed_by_name(self, bucket: str) -> None:
        refused = run("apply", "--bucket", bucket, "--origin", "*")
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "--allow-any-origin" in refused.stderr
        allowed = run("apply", "--bucket", bucket, "--origin", "*", "--allow-any-origin")
        assert allowed.exit_code == 0

    def test_metadata_is_allowed_and_verified(self, bucket: str) -> None:
        options = ("--bucket", bucket, "--origin", APP, "--metadata", "camera")
        assert run("apply", *options).exit_code == 0
        assert run("verify", *options).exit_code == 0

    def test_a_bad_rules_file_names_every_problem(self, bucket: str, tmp_path: Path) -> None:
        rules = tmp_path / "cors.json"
        rules.write_text(json.dumps({"CORSRules": [{**FOREIGN, "MaxAgeSeconds": -1}]}))
        result = run("plan", "--bucket", bucket, "--rules", str(rules))
        assert result.exit_code == 2
        assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
            "CORSRules[0].ID",
            "CORSRules[0].MaxAgeSeconds",
        ]

    def test_a_missing_bucket_exits_1(self) -> None:
        result = run("plan", "--bucket", f"cors-{uuid4().hex}", "--origin", APP)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr != ""

    def test_no_bucket_is_a_question_badly_asked(self) -> None:
        assert run("plan").exit_code == 2

    @pytest.mark.parametrize("command", ["plan", "apply", "verify", "remove"])
    def test_every_command_has_help(self, command: str) -> None:
        result = run(command, "--help")
        assert result.exit_code == 0
        assert "--bucket" in result.stdout


def test_a_provider_without_bucket_cors_exits_2_with_what_to_set(
    configured: pytest.MonkeyPatch, bucket: str
) -> None:
    configured.setenv("BROKER_S3__PROVIDER", "minio")
    result = run("apply", "--bucket", bucket, "--origin", APP)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"MINIO_API_CORS_ALLOW_ORIGIN={APP}" in result.stderr


def test_bad_settings_exit_2_with_every_problem(configured: pytest.MonkeyPatch) -> None:
    configured.setenv("BROKER_SECRETS", "short")
    result = run("plan", "--bucket", "some-bucket")
    assert result.exit_code == 2
    assert "secrets" in result.stderr
    assert "short" not in result.stderr
