"""Where a bucket and its objects lie."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config

from broker.sign.endpoint import Addressing, Endpoint, Location

PATH, VIRTUAL = Addressing.PATH, Addressing.VIRTUAL
REGIONS = [
    "us-east-1",
    "eu-central-1",
    "us-gov-west-1",
    "cn-north-1",
    "eusc-de-east-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "us-isof-south-1",
    "eu-isoe-west-1",
]


@pytest.mark.parametrize("region", REGIONS)
def test_regional_hosts_are_those_of_botocore(region: str) -> None:
    config = Config(s3={"addressing_style": "path", "us_east_1_regional_endpoint": "regional"})
    client = boto3.client("s3", region_name=region, config=config)
    endpoint = Endpoint.aws(region, PATH)
    assert f"{endpoint.scheme}://{endpoint.host}" == client.meta.endpoint_url


@pytest.mark.parametrize(
    ("url", "scheme", "host", "path"),
    [
        ("https://s3.example.com", "https", "s3.example.com", ""),
        ("https://S3.Example.com/", "https", "s3.example.com", ""),
        ("https://s3.example.com:443", "https", "s3.example.com", ""),
        ("http://s3.example.com:80", "http", "s3.example.com", ""),
        ("http://s3.example.com:443", "http", "s3.example.com:443", ""),
        ("http://localhost:4571", "http", "localhost:4571", ""),
        ("http://my_store:9000", "http", "my_store:9000", ""),
        ("http://[::1]:9000", "http", "[::1]:9000", ""),
        ("https://example.com/storage/v1/s3/", "https", "example.com", "/storage/v1/s3"),
        ("https://example.com/a b=%20", "https", "example.com", "/a%20b%3D%20"),
    ],
)
def test_an_endpoint_url_is_taken_apart(url: str, scheme: str, host: str, path: str) -> None:
    assert Endpoint.parse(url, "us-east-1", PATH) == Endpoint(
        scheme=scheme, host=host, path=path, region="us-east-1", addressing=PATH
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3.example.com",
        "ftp://s3.example.com",
        "https://",
        "https:///bucket",
        "https://a b",
        "https://a\\b",
        "https://a:port",
        "https://é.example.com",
    ],
)
def test_an_endpoint_that_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="endpoint URL: not of the form"):
        Endpoint.parse(url, "us-east-1", PATH)


@pytest.mark.parametrize(
    "url", ["https://me:hidden@a", "https://a?hidden", "https://a#hidden", "https://a?"]
)
def test_an_endpoint_with_more_than_host_and_path_is_refused_unshown(url: str) -> None:
    with pytest.raises(ValueError, match="must not hold credentials") as refused:
        Endpoint.parse(url, "us-east-1", PATH)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "addressing", "bucket", "key", "host", "path"),
    [
        ("https://s3", PATH, "b", "k/ä", "s3", "/b/k/%C3%A4"),
        ("https://s3", PATH, "b", "", "s3", "/b"),
        ("https://s3", VIRTUAL, "b", "k", "b.s3", "/k"),
        ("https://s3", VIRTUAL, "b", "", "b.s3", "/"),
        ("https://s3", VIRTUAL, "a.b", "k", "s3", "/a.b/k"),
        ("http://s3", VIRTUAL, "a.b", "k", "a.b.s3", "/k"),
        ("https://s3", VIRTUAL, "Old_Name", "k", "s3", "/Old_Name/k"),
        ("http://s3", VIRTUAL, "a..b", "k", "s3", "/a..b/k"),
        ("https://s3/base", PATH, "b", "k", "s3", "/base/b/k"),
        ("https://s3/base", VIRTUAL, "b", "", "b.s3", "/base"),
    ],
)
def test_an_object_lies_where_the_addressing_says(
    *, url: str, addressing: Addressing, bucket: str, key: str, host: str, path: str
) -> None:
    endpoint = Endpoint.parse(url, "us-east-1", addressing)
    assert endpoint.locate(bucket, key) == Location(endpoint.scheme, host, path)


@pytest.mark.parametrize("addressing", Addressing)
@pytest.mark.parametrize(
    "bucket", ["", ".", "..", "../b", "a/b", "a?b", "a#b", "evil.com/", "u@evil", "a\nb", "é", "-a"]
)
def test_a_bucket_cannot_move_the_url_elsewhere(bucket: str, addressing: Addressing) -> None:
    with pytest.raises(ValueError, match="bucket: "):
        Endpoint.parse("https://s3", "us-east-1", addressing).locate(bucket, "k")
