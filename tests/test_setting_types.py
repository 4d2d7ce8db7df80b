"""The kinds of values that settings have: at each limit, one below and one above."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from broker.errors import ConfigurationError
from broker.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

GRANT = {"who": "*", "bucket": "uploads", "actions": ["read"]}
PROFILE = {"bucket": "uploads", "key": "{sub}/{uuid}"}


def load(toml: Mapping[str, object]) -> Settings:
    return load_settings({"BROKER_SECRETS": "s" * 32}, toml)


def problems(toml: Mapping[str, object]) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(toml)
    return caught.value.problems


def names(found: tuple[str, ...]) -> list[str]:
    return sorted(problem.partition(": ")[0] for problem in found)


@pytest.mark.parametrize(
    ("text", "life"),
    [
        ("1s", timedelta(seconds=1)),
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("1h", timedelta(hours=1)),
        ("7d", timedelta(days=7)),
        ("604800s", timedelta(days=7)),
    ],
)
def test_a_life_is_a_number_with_its_unit(text: str, life: timedelta) -> None:
    assert load({"limits": {"max_expiry": text}}).limits.max_expiry == life


@pytest.mark.parametrize(
    "value",
    [
        "0s",
        "604801s",
        "8d",
        "-1s",
        "5",
        "5 m",
        "1.5h",
        "m",
        "",
        "5M",
        "1w",
        "٣m",
        300,
        True,
        [],
    ],
)
@pytest.mark.parametrize("name", ["default_expiry", "max_expiry"])
def test_a_signed_life_is_1_second_to_7_days(name: str, value: object) -> None:
    assert names(problems({"limits": {name: value}})) == [f"limits.{name}"]


@pytest.mark.parametrize(
    ("text", "valid"),
    [("0s", False), ("1s", True), ("365d", True), ("366d", False), ("999999999d", False)],
)
def test_an_upload_may_take_1_second_to_a_year(text: str, *, valid: bool) -> None:
    toml = {"limits": {"upload_ttl": text}}
    if valid:
        load(toml)
        return
    assert names(problems(toml)) == ["limits.upload_ttl"]


@pytest.mark.parametrize(
    ("value", "size"),
    [(0, 0), (7, 7), ("7", 7), ("1KB", 1000), ("1KiB", 1024), ("5 MiB", 5 * 1024**2)],
)
def test_a_size_is_bytes_or_a_number_with_its_unit(value: object, size: int) -> None:
    assert load({"grants": [{**GRANT, "max_size": value}]}).grants[0].max_size == size


@pytest.mark.parametrize("value", [-1, "-1", "10 XB", "lots", 1.5, []])
def test_what_is_no_size_is_told_with_an_example(value: object) -> None:
    (problem,) = problems({"grants": [{**GRANT, "max_size": value}]})
    assert problem == "grants.0.max_size: must be a size such as 64KiB or 10MiB"


@pytest.mark.parametrize(
    ("limit", "valid"),
    [(1023, False), (1024, True), ("16MiB", True), (16 * 1024**2 + 1, False)],
)
def test_the_limit_of_bodies_is_1_kib_to_16_mib(limit: object, *, valid: bool) -> None:
    toml = {"server": {"body_limit": limit}}
    if valid:
        load(toml)
        return
    assert names(problems(toml)) == ["server.body_limit"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000",
        "https://s3.example",
        "https://s3.example/base/path",
        "http://[::1]:9000",
        "https://S3.Example:65535",
    ],
)
def test_an_address_is_host_port_and_path(url: str) -> None:
    assert load({"s3": {"endpoint_url": f"{url}/"}}).s3.endpoint_url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3.example",
        "ftp://s3.example",
        "http://",
        "http:///path",
        "https://user:password@s3.example",
        "https://s3.example?x=1",
        "https://s3.example/#x",
        "https://s3 .example",
        "https://s3.example:65536",
        "https://ba!d",
        "https://s3.example\n",
        "javascript:alert(1)",
    ],
)
@pytest.mark.parametrize("name", ["endpoint_url", "public_endpoint_url"])
def test_what_is_no_address_is_refused_before_anything_is_signed_for_it(
    name: str, url: str
) -> None:
    assert names(problems({"s3": {name: url}})) == [f"s3.{name}"]


@pytest.mark.parametrize("prefix", ["users/{user}/", "{}/", "users/{sub/", "{SUB}/"])
def test_a_mistyped_placeholder_never_becomes_a_folder_that_all_share(prefix: str) -> None:
    grant = {"who": "*", "bucket": "uploads", "prefix": prefix, "actions": ["read"]}
    assert names(problems({"grants": [grant]})) == ["grants.0.prefix"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_wildcard_to_listen_on_needs_an_address_for_people(host: str) -> None:
    assert problems({"server": {"host": host}})
    load({"server": {"host": host, "public_url": "https://broker.example"}})


@pytest.mark.parametrize(
    ("origin", "valid"),
    [
        ("https://app.example", True),
        ("http://localhost:3000", True),
        ("http://[::1]:3000", True),
        ("*", False),
        ("null", False),
        ("https://*.example", False),
        ("https://app.example/", False),
        ("https://app.example/x", False),
        ("HTTPS://app.example", False),
        ("app.example", False),
    ],
)
def test_an_origin_is_exact(origin: str, *, valid: bool) -> None:
    toml = {"server": {"cors_origins": [origin]}}
    if valid:
        load(toml)
        return
    assert names(problems(toml)) == ["server.cors_origins.0"]


@pytest.mark.parametrize(
    ("field", "value", "valid"),
    [
        ("who", "*", True),
        ("who", "role:member", True),
        ("who", "sub:alice", True),
        ("who", "member", False),
        ("who", "role:", False),
        ("who", "role:a b", False),
        ("who", "**", False),
        ("bucket", "team-*", True),
        ("bucket", "*", True),
        ("bucket", "Team", False),
        ("bucket", "a[b]c", False),
        ("bucket", "a?c", False),
        ("bucket", "", False),
        ("prefix", "", True),
        ("prefix", "users/{sub}/", True),
        ("prefix", "users/{sub}", False),
        ("prefix", "/", False),
        ("prefix", "a//", False),
        ("prefix", "../", False),
        ("prefix", ".broker/", False),
        ("prefix", "${aws:username}/", False),
        ("actions", ["bucket:list"], True),
        ("actions", "read, write", True),
        ("actions", [], False),
        ("actions", ["*"], False),
        ("types", ["image/*", "text/plain", "*/*"], True),
        ("types", ["image"], False),
        ("max_expiry", "7d", True),
        ("max_expiry", "604801s", False),
        ("overwrite", False, True),
        ("overwrite", "perhaps", False),
    ],
)
def test_each_member_of_a_grant_has_its_form(field: str, value: object, *, valid: bool) -> None:
    toml = {"grants": [{**GRANT, field: value}]}
    if valid:
        load(toml)
        return
    (name,) = names(problems(toml))
    assert name.startswith(f"grants.0.{field}")


@pytest.mark.parametrize(
    ("field", "value", "valid"),
    [
        ("bucket", "team-*", False),
        ("key", "{sub}/{yyyy}/{mm}/{dd}/{uuid}{ext}", True),
        ("key", "{sub}/{name}", True),
        ("key", "{sub}/fixed", False),
        ("key", "{user}/{uuid}", False),
        ("key", "/{uuid}", False),
        ("key", "a/../{uuid}", False),
        ("key", ".broker/{uuid}", False),
        ("key", "${uuid}", False),
        ("strategy", "put", True),
        ("strategy", "post", False),
    ],
)
def test_each_member_of_a_profile_has_its_form(field: str, value: object, *, valid: bool) -> None:
    toml = {"profiles": {"p": {**PROFILE, field: value}}}
    if valid:
        load(toml)
        return
    assert names(problems(toml)) == [f"profiles.p.{field}"]
