"""Where things are, as clients see them: from the settings alone."""

from __future__ import annotations

import pytest

from broker.addresses import cookie_name, is_https, origin_of, public_endpoint, s3_sources
from broker.errors import ConfigurationError
from broker.settings import Settings, load_settings
from broker.sign.presign import Addressing


def settings(*, public_url: str | None = None, **s3: str) -> Settings:
    server = {} if public_url is None else {"public_url": public_url}
    return load_settings({"BROKER_SECRETS": "s" * 32}, {"server": server, "s3": s3})


@pytest.mark.parametrize(
    ("s3", "host", "addressing"),
    [
        ({}, "s3.us-east-1.amazonaws.com", Addressing.VIRTUAL),
        ({"region": "eu-west-1"}, "s3.eu-west-1.amazonaws.com", Addressing.VIRTUAL),
        ({"addressing": "path"}, "s3.us-east-1.amazonaws.com", Addressing.PATH),
        ({"endpoint_url": "http://127.0.0.1:9000"}, "127.0.0.1:9000", Addressing.PATH),
        (
            {"endpoint_url": "http://ceph:8080", "public_endpoint_url": "https://s3.example"},
            "s3.example",
            Addressing.PATH,
        ),
        (
            {"endpoint_url": "https://s3.example", "addressing": "virtual"},
            "s3.example",
            Addressing.VIRTUAL,
        ),
    ],
)
def test_urls_are_signed_for_the_address_that_clients_use(
    s3: dict[str, str], host: str, addressing: Addressing
) -> None:
    endpoint = public_endpoint(settings(**s3))
    assert (endpoint.host, endpoint.addressing) == (host, addressing)


def test_an_address_that_no_url_can_be_made_of_is_a_problem_of_the_settings() -> None:
    with pytest.raises(ConfigurationError, match=r"s3\.endpoint_url: is not the address"):
        public_endpoint(settings(endpoint_url="http://[.]:9000"))


@pytest.mark.parametrize(
    ("public_url", "origin", "https"),
    [
        (None, "http://127.0.0.1:8000", False),
        ("https://files.example", "https://files.example", True),
        ("https://app.example:8443/files/", "https://app.example:8443", True),
        # Browsers leave out the scheme's own port, and know no capitals.
        ("https://App.Example:443", "https://app.example", True),
        ("http://app.example:80", "http://app.example", False),
        ("http://app.example:8080", "http://app.example:8080", False),
    ],
)
def test_the_origin_is_the_configured_one(
    public_url: str | None, origin: str, *, https: bool
) -> None:
    chosen = settings(public_url=public_url)
    assert origin_of(chosen) == origin
    assert is_https(chosen) is https
    assert cookie_name(chosen).startswith("__Host-") is https


@pytest.mark.parametrize(
    ("host", "port", "origin"),
    [
        (None, None, "http://127.0.0.1:8000"),
        (None, 9017, "http://127.0.0.1:9017"),
        ("::1", None, "http://[::1]:8000"),
    ],
)
def test_the_page_can_sign_in_where_a_command_was_told_to_listen(
    host: str | None, port: int | None, origin: str
) -> None:
    assert origin_of(settings().listening_on(host, port)) == origin


def test_the_pages_policy_names_s3_and_its_buckets_hosts_only() -> None:
    path = public_endpoint(settings(endpoint_url="http://localhost:9000"))
    assert s3_sources(path) == ["http://localhost:9000"]
    assert s3_sources(public_endpoint(settings())) == [
        "https://s3.us-east-1.amazonaws.com",
        "https://*.s3.us-east-1.amazonaws.com",
    ]
