"""CORS as code against a real S3: what is applied verifies, and each damage is named."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import httpx
import pytest

from broker.cors import Cors, read_rules
from broker.cors_probe import Probe
from broker.errors import ConfigurationError, InvalidRequest, NotSupported, S3Unavailable
from broker.policy.cors import METHODS, UPLOAD_HEADERS, CorsRule, expand
from broker.policy.ticket import Ticket
from broker.s3.breaker import Breaker
from broker.s3.buckets import get_cors, put_cors
from broker.s3.client import QUICK, S3Client
from broker.sign.presign import Addressing, Endpoint, Presigner
from broker.sign.sigv4 import Credentials
from broker.upload_targets import put_headers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from broker.dev.embedded import EmbeddedS3

pytestmark = pytest.mark.anyio

APP, OTHER = "https://app.example", "http://localhost:3000"
ORIGINS = (APP, OTHER)
FOREIGN = CorsRule("cdn", ("https://cdn.example",), ("GET", "DELETE"), ("x-cdn",), ("x-hit",))


def client_of(url: str, server: EmbeddedS3) -> S3Client:
    boto = boto3.client(
        "s3",
        endpoint_url=url,
        region_name=server.region,
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
    )
    breaker = Breaker(threshold=5, pause=timedelta(seconds=1), clock=lambda: 0.0)
    return S3Client(lambda _patience: boto, patience=QUICK, breaker=breaker)


@pytest.fixture
def client(s3_server: EmbeddedS3) -> Iterator[S3Client]:
    client = client_of(s3_server.url, s3_server)
    yield client
    client.close()


@pytest.fixture
async def bucket(client: S3Client) -> str:
    name = f"cors-{uuid4().hex}"
    await client.run(lambda s3: s3.create_bucket(Bucket=name))
    return name


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield http


def presigner(server: EmbeddedS3, url: str | None = None) -> Presigner:
    credentials = Credentials(server.access_key_id, server.secret_access_key)
    return Presigner(credentials, Endpoint.parse(url or server.url, server.region, Addressing.PATH))


@pytest.fixture
def make_cors(
    s3_server: EmbeddedS3, client: S3Client, http: httpx.AsyncClient
) -> Callable[..., Cors]:
    def make(provider: str = "ministack", url: str | None = None) -> Cors:
        return Cors(
            client,
            Probe(http),
            lambda: presigner(s3_server, url),
            lambda: datetime.now(UTC),
            provider=provider,
        )

    return make


@pytest.fixture
def cors(make_cors: Callable[..., Cors]) -> Cors:
    return make_cors()


@pytest.fixture
def ours() -> CorsRule:
    (rule,) = expand(read_rules(), ORIGINS)
    return rule


async def missing(cors: Cors, bucket: str) -> list[tuple[str, str]]:
    checks = await cors.verify(bucket, ORIGINS)
    assert all(check.ok == (check.missing == "") for check in checks)
    return [(check.origin, check.missing) for check in checks if not check.ok]


async def test_verify_is_green_after_apply(cors: Cors, bucket: str) -> None:
    await cors.apply(bucket, ORIGINS, read_rules())
    checks = await cors.verify(bucket, ORIGINS)
    assert [check for check in checks if not check.ok] == []
    names = {check.name for check in checks if check.origin == APP}
    assert {"origin", "method PUT", "max age", "GET request", "expose ETag"} <= names


async def test_verify_is_green_beside_foreign_rules(
    cors: Cors, bucket: str, client: S3Client
) -> None:
    wide = CorsRule("public", ("*",), ("GET", "HEAD"))
    await put_cors(client, bucket, [wide, FOREIGN])
    await cors.apply(bucket, ORIGINS, read_rules())
    assert await missing(cors, bucket) == []


async def test_a_bucket_without_rules_lacks_every_origin(cors: Cors, bucket: str) -> None:
    assert await missing(cors, bucket) == [
        (origin, f"AllowedOrigins lacks {origin}") for origin in ORIGINS
    ]


async def test_one_origin_lost_is_named(
    cors: Cors, bucket: str, client: S3Client, ours: CorsRule
) -> None:
    await put_cors(client, bucket, [replace(ours, origins=(APP,))])
    assert await missing(cors, bucket) == [(OTHER, f"AllowedOrigins lacks {OTHER}")]


@pytest.mark.parametrize("lost", METHODS)
async def test_each_method_lost_is_named(
    cors: Cors, bucket: str, client: S3Client, ours: CorsRule, lost: str
) -> None:
    methods = tuple(method for method in ours.methods if method != lost)
    await put_cors(client, bucket, [replace(ours, methods=methods)])
    assert await missing(cors, bucket) == [
        (origin, f"AllowedMethods lacks {lost}") for origin in ORIGINS
    ]


@pytest.mark.parametrize("lost", expand(read_rules(), ORIGINS)[0].headers)
async def test_each_allowed_header_lost_is_named(
    cors: Cors, bucket: str, client: S3Client, ours: CorsRule, lost: str
) -> None:
    headers = tuple(name for name in ours.headers if name != lost)
    await put_cors(client, bucket, [replace(ours, headers=headers)])
    assert await missing(cors, bucket) == [
        (origin, f"AllowedHeaders lacks {lost}") for origin in ORIGINS
    ]


@pytest.mark.parametrize("lost", expand(read_rules(), ORIGINS)[0].expose_headers)
async def test_each_exposed_header_lost_is_named(
    cors: Cors, bucket: str, client: S3Client, ours: CorsRule, lost: str
) -> None:
    exposed = tuple(name for name in ours.expose_headers if name != lost)
    await put_cors(client, bucket, [replace(ours, expose_headers=exposed)])
    assert await missing(cors, bucket) == [
        (origin, f"ExposeHeaders lacks {lost}") for origin in ORIGINS
    ]


async def test_a_lost_max_age_is_named(
    cors: Cors, bucket: str, client: S3Client, ours: CorsRule
) -> None:
    await put_cors(client, bucket, [replace(ours, max_age=None)])
    assert await missing(cors, bucket) == [
        (origin, "MaxAgeSeconds is absent") for origin in ORIGINS
    ]


async def test_several_faults_are_all_named(
    cors: Cors, bucket: str, client: S3Client, ours: CorsRule
) -> None:
    damaged = replace(ours, headers=("range",), expose_headers=(), methods=("GET", "PUT"))
    await put_cors(client, bucket, [damaged])
    lines = {line for _, line in await missing(cors, bucket)}
    assert "AllowedHeaders lacks content-type" in lines
    assert {"ExposeHeaders lacks ETag", "AllowedMethods lacks HEAD"} <= lines
    assert "AllowedHeaders lacks range" not in lines


async def test_headers_spread_over_rules_are_no_permission(
    cors: Cors, bucket: str, client: S3Client, ours: CorsRule
) -> None:
    half = len(ours.headers) // 2
    first = replace(ours, headers=(*ours.headers[:half], "range"))
    second = replace(ours, id="presign-broker-2", headers=ours.headers[half:])
    await put_cors(client, bucket, [first, second])
    assert await missing(cors, bucket) == [
        (origin, "AllowedHeaders allows the headers of PUT in no single rule") for origin in ORIGINS
    ]


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
async def test_a_wildcard_that_lets_any_site_write_is_named(
    cors: Cors, bucket: str, client: S3Client, ours: CorsRule, method: str
) -> None:
    wide = CorsRule("careless", ("*",), ("GET", method), ("*",))
    await put_cors(client, bucket, [ours, wide])
    assert await missing(cors, bucket) == [
        (
            "https://not-allowed.example",
            "AllowedOrigins is too wide: https://not-allowed.example, null may write",
        )
    ]


async def test_metadata_of_the_uploads_is_verified_when_named(cors: Cors, bucket: str) -> None:
    await cors.apply(bucket, ORIGINS, read_rules())
    checks = await cors.verify(bucket, [APP], metadata=["camera"])
    assert [check.missing for check in checks if not check.ok] == [
        "AllowedHeaders lacks x-amz-meta-camera"
    ]


async def test_any_origin_asked_for_verifies_for_any_site(cors: Cors, bucket: str) -> None:
    await cors.apply(bucket, ["*"], read_rules(), allow_any_origin=True)
    checks = await cors.verify(bucket, ["*"])
    assert [check for check in checks if not check.ok] == []


async def test_any_origin_is_refused_unless_asked_for(
    cors: Cors, bucket: str, client: S3Client
) -> None:
    with pytest.raises(InvalidRequest, match="--allow-any-origin"):
        await cors.apply(bucket, [APP, "*"], read_rules())
    assert await get_cors(client, bucket) == ()


@pytest.mark.parametrize("versioning", [False, True])
async def test_nothing_of_the_probe_object_stays(
    cors: Cors, bucket: str, client: S3Client, *, versioning: bool
) -> None:
    if versioning:
        await client.run(
            lambda s3: s3.put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
            )
        )
    await cors.apply(bucket, ORIGINS, read_rules())
    await cors.verify(bucket, ORIGINS)
    left = await client.run(lambda s3: s3.list_object_versions(Bucket=bucket))
    assert left.get("Versions", []) == left.get("DeleteMarkers", []) == []


async def test_the_probe_object_is_gone_when_the_verification_fails_midway(
    s3_server: EmbeddedS3, bucket: str, client: S3Client, http: httpx.AsyncClient
) -> None:
    async def cut_reads(request: httpx.Request) -> None:
        if request.method == "GET":
            listing = await client.run(lambda s3: s3.list_objects_v2(Bucket=bucket))
            stored.extend(entry["Key"] for entry in listing["Contents"])
            raise httpx.ReadError("cut", request=request)

    stored: list[str] = []
    http.event_hooks = {"request": [cut_reads], "response": []}
    cors = Cors(client, Probe(http), lambda: presigner(s3_server), lambda: datetime.now(UTC))
    await cors.apply(bucket, ORIGINS, read_rules())
    with pytest.raises(S3Unavailable):
        await cors.verify(bucket, [APP])
    assert [key.startswith(".broker/probes/") for key in stored] == [True]
    listing = await client.run(lambda s3: s3.list_objects_v2(Bucket=bucket))
    assert listing["KeyCount"] == 0


async def test_a_wrong_signing_key_is_told_from_a_cors_fault(
    s3_server: EmbeddedS3, bucket: str, client: S3Client, http: httpx.AsyncClient
) -> None:
    wrong = Presigner(
        Credentials(s3_server.access_key_id, "not-the-secret"),
        Endpoint.parse(s3_server.url, s3_server.region, Addressing.PATH),
    )
    cors = Cors(client, Probe(http), lambda: wrong, lambda: datetime.now(UTC))
    await cors.apply(bucket, ORIGINS, read_rules())
    lines = {line for _, line in await missing(cors, bucket)}
    assert lines == {
        f"{method} was answered 403 instead of {status}: not a CORS fault"
        for method, status in (("PUT", 200), ("GET", 206), ("HEAD", 200))
    }


async def test_rules_honoured_in_preflights_only_are_told_from_missing_ones(
    cors: Cors, bucket: str, http: httpx.AsyncClient
) -> None:
    async def hide(response: httpx.Response) -> None:
        if response.request.method == "PUT":
            del response.headers["access-control-allow-origin"]

    await cors.apply(bucket, ORIGINS, read_rules())
    http.event_hooks = {"request": [], "response": [hide]}
    assert await missing(cors, bucket) == [
        (origin, "the answer to PUT lacks Access-Control-Allow-Origin, unlike its preflight")
        for origin in ORIGINS
    ]


async def test_an_address_that_does_not_answer_is_said_so_without_the_url(
    make_cors: Callable[..., Cors], bucket: str
) -> None:
    cors = make_cors(url="http://127.0.0.1:1")
    with pytest.raises(S3Unavailable) as caught:
        await cors.verify(bucket, ORIGINS)
    assert "X-Amz" not in caught.value.detail
    assert "127.0.0.1" not in caught.value.detail


async def test_a_second_apply_changes_nothing(cors: Cors, bucket: str, client: S3Client) -> None:
    first = await cors.apply(bucket, ORIGINS, read_rules())
    before = await get_cors(client, bucket)
    second = await cors.apply(bucket, ORIGINS, read_rules())
    assert (first.changed, second.changed, second.diff) == (True, False, ())
    assert await get_cors(client, bucket) == before


async def test_apply_replaces_our_rule_and_keeps_theirs(
    cors: Cors, bucket: str, client: S3Client
) -> None:
    await put_cors(client, bucket, [FOREIGN])
    await cors.apply(bucket, [APP], read_rules())
    await cors.apply(bucket, [OTHER], read_rules())
    rules = await get_cors(client, bucket)
    assert [(rule.id, rule.origins) for rule in rules] == [
        ("presign-broker", (OTHER,)),
        ("cdn", FOREIGN.origins),
    ]
    assert rules[1] == FOREIGN


async def test_plan_shows_what_apply_would_do_and_changes_nothing(
    cors: Cors, bucket: str, client: S3Client
) -> None:
    await put_cors(client, bucket, [FOREIGN])
    plan = await cors.plan(bucket, [APP], read_rules())
    assert await get_cors(client, bucket) == (FOREIGN,)
    assert f'+      "{APP}"' in plan.diff
    await cors.apply(bucket, [APP], read_rules())
    assert await get_cors(client, bucket) == plan.after


async def test_remove_takes_ours_only(cors: Cors, bucket: str, client: S3Client) -> None:
    await put_cors(client, bucket, [FOREIGN])
    await cors.apply(bucket, ORIGINS, read_rules())
    assert (await cors.plan_removal(bucket)).after == (FOREIGN,)
    assert len(await get_cors(client, bucket)) == 2
    assert (await cors.remove(bucket)).changed
    assert await get_cors(client, bucket) == (FOREIGN,)
    assert not (await cors.remove(bucket)).changed


async def test_remove_of_the_last_rule_leaves_none(
    cors: Cors, bucket: str, client: S3Client
) -> None:
    await cors.apply(bucket, ORIGINS, read_rules())
    await cors.remove(bucket)
    assert await get_cors(client, bucket) == ()


async def test_remove_knows_a_rule_whose_id_the_server_dropped(
    cors: Cors, bucket: str, client: S3Client, ours: CorsRule
) -> None:
    await put_cors(client, bucket, [replace(ours, id=""), FOREIGN])
    await cors.remove(bucket, [ours])
    assert await get_cors(client, bucket) == (FOREIGN,)


@pytest.mark.parametrize(
    ("provider", "told"),
    [
        ("minio", f"MINIO_API_CORS_ALLOW_ORIGIN={APP},{OTHER}"),
        ("gcs", "gcloud storage buckets update gs://"),
    ],
)
async def test_a_provider_without_bucket_cors_is_told_what_to_set(
    make_cors: Callable[..., Cors], bucket: str, client: S3Client, provider: str, told: str
) -> None:
    cors = make_cors(provider=provider)
    with pytest.raises(NotSupported) as caught:
        await cors.apply(bucket, ORIGINS, read_rules())
    assert told in caught.value.detail
    assert await get_cors(client, bucket) == ()


class _TakesNoRules(BaseHTTPRequestHandler):
    """An S3 server without bucket CORS: it has none to show, and refuses to take any."""

    def do_GET(self) -> None:
        self._answer(404, "NoSuchCORSConfiguration")

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(501, "NotImplemented")

    def _answer(self, status: int, code: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>inner text</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Keep the test's output clean."""


class _KnowsNoRules(_TakesNoRules):
    """Another one: it does not even know the question."""

    def do_GET(self) -> None:
        self._answer(405, "MethodNotAllowed")


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("handler", [_TakesNoRules, _KnowsNoRules])
async def test_any_server_that_refuses_rules_gets_the_same_help_in_our_words(
    s3_server: EmbeddedS3, http: httpx.AsyncClient, handler: type[BaseHTTPRequestHandler]
) -> None:
    with serving(handler) as url:
        client = client_of(url, s3_server)
        cors = Cors(
            client, Probe(http), lambda: presigner(s3_server, url), lambda: datetime.now(UTC)
        )
        with pytest.raises(NotSupported) as caught:
            await cors.apply("some-bucket", [APP], read_rules())
        client.close()
    assert f"allow the origins {APP}, the methods GET,HEAD,PUT" in caught.value.detail
    assert "inner text" not in caught.value.detail


async def test_verify_works_where_cors_is_set_by_hand(
    make_cors: Callable[..., Cors], bucket: str, client: S3Client, ours: CorsRule
) -> None:
    await put_cors(client, bucket, [ours])
    assert await missing(make_cors(provider="minio"), bucket) == []


async def test_the_rules_allow_every_header_that_an_upload_is_signed_with() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    ticket = Ticket(
        issuer="i",
        subject="s",
        bucket="b",
        key="k",
        size=1,
        content_type="text/plain",
        mark="m",
        created_at=now,
        expires_at=now,
        may_overwrite=False,
    )
    assert put_headers(ticket).keys() <= set(UPLOAD_HEADERS)


async def test_a_rules_file_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_rules(tmp_path / "absent.json")
