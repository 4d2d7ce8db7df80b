"""The headers of every answer, answers across origins, and addresses that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from tests.api.conftest import Refused
    from tests.conftest import Broker, Bucket, People

pytestmark = pytest.mark.anyio

APP = "https://app.example"
ALWAYS = {"x-content-type-options": "nosniff"}
ON_PAGES = {
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
ADDRESSES = [
    ("GET", "/", 200),
    ("GET", "/static/main.js", 200),
    ("GET", "/static/missing.js", 404),
    ("GET", "/static/../broker/app.py", 404),
    ("GET", "/static/%2e%2e/pyproject.toml", 404),
    ("GET", "/v1/me", 200),
    ("GET", "/v1/config", 200),
    ("GET", "/v1/download?bucket=t-any&key=users/alice/a", 302),
    ("GET", "/v1/download?bucket=t-any&key=users/bob/a", 403),
    ("GET", "/healthz", 200),
    ("GET", "/metrics", 403),
    ("DELETE", "/v1/session", 204),
    ("PUT", "/v1/me", 405),
    ("GET", "/nowhere", 404),
    ("GET", "/v1/uploads/unknown", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), ADDRESSES)
async def test_every_answer_has_an_id_and_the_security_headers(
    broker: Broker, method: str, path: str, status: int
) -> None:
    async with broker.person("alice") as alice:
        answer = await alice.request(method, path)
    assert answer.status_code == status
    check_headers(answer)


def check_headers(answer: httpx.Response) -> None:
    for name, value in ALWAYS.items():
        assert answer.headers.get_list(name) == [value]
    (request_id,) = answer.headers.get_list("x-request-id")
    assert request_id
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers


async def test_no_two_requests_share_an_id(people: People) -> None:
    header = {"x-request-id": "mine"}
    ids = {
        (await people.stranger.get("/healthz", headers=header)).headers["x-request-id"]
        for _ in range(100)
    }
    assert len(ids) == 100
    assert "mine" not in ids


async def test_nothing_signed_is_stored(people: People, bucket: Bucket) -> None:
    files = [{"name": "users/alice/a", "size": 5}, {"name": "users/alice/b", "size": 17 * 2**20}]
    created = await people.alice.post("/v1/uploads", json={"bucket": bucket.name, "files": files})
    put, parted = (upload["id"] for upload in created.json()["uploads"])
    item = {"bucket": bucket.name, "key": "users/alice/a"}
    answers = [
        created,
        await people.alice.post(f"/v1/uploads/{put}/target"),
        await people.alice.post(f"/v1/uploads/{parted}/target"),
        await people.alice.post(
            f"/v1/uploads/{parted}/parts", json={"parts": [{"part_number": 1}]}
        ),
        await people.alice.post("/v1/downloads", json={"items": [item]}),
        await people.alice.get("/v1/download", params=item),
    ]
    for answer in answers:
        assert "X-Amz-Signature=" in answer.text + answer.headers.get("location", "")
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/static/index.html", "/static/main.js"])
async def test_the_page_runs_its_own_scripts_and_sends_bytes_to_s3_alone(
    people: People, bucket: Bucket, path: str
) -> None:
    headers = (await people.stranger.get(path)).headers
    assert {name: headers[name] for name in ON_PAGES} == ON_PAGES
    (policy,) = headers.get_list("content-security-policy")
    directives = dict(part.partition(" ")[::2] for part in policy.split("; "))
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": f"'self' {bucket.s3.meta.endpoint_url}",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "lit-html",
    }


async def test_without_configured_origins_no_page_elsewhere_may_read(people: People) -> None:
    headers = {"origin": APP, "access-control-request-method": "POST"}
    preflight = await people.stranger.options("/v1/uploads", headers=headers)
    assert preflight.status_code == 405
    for answer in (preflight, await people.alice.get("/v1/me", headers={"origin": APP})):
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.fixture
def shared(make_broker: Callable[..., Broker]) -> Broker:
    return make_broker(server={"cors_origins": [APP]})


async def test_a_configured_origin_is_echoed_exactly(shared: Broker) -> None:
    async with shared.person("alice") as alice:
        headers = {
            "origin": APP,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        }
        preflight = await alice.options("/v1/uploads", headers=headers)
        answers = [
            preflight,
            await alice.get("/v1/me", headers={"origin": APP}),
            await alice.get("/v1/uploads/unknown", headers={"origin": APP}),
        ]
    assert preflight.status_code == 200
    assert "POST" in preflight.headers["access-control-allow-methods"]
    for answer in answers:
        assert answer.headers.get_list("access-control-allow-origin") == [APP]
        assert "origin" in answer.headers["vary"].lower()
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://APP.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://evil.example",
        "https://app.example/",
    ],
)
async def test_no_other_origin_is_echoed(shared: Broker, origin: str) -> None:
    async with shared.person("alice") as alice:
        headers = {"origin": origin, "access-control-request-method": "POST"}
        preflight = await alice.options("/v1/uploads", headers=headers)
        answer = await alice.get("/v1/me", headers={"origin": origin})
    assert preflight.status_code == 400
    for refusal in (preflight, answer):
        assert "access-control-allow-origin" not in refusal.headers


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/v1/uploads", "GET, HEAD, POST"),
        ("PUT", "/v1/uploads/unknown", "DELETE, GET, HEAD"),
        ("GET", "/v1/session", "DELETE, POST"),
        ("GET", "/v1/downloads", "POST"),
    ],
)
async def test_a_method_that_an_address_does_not_take_is_told_those_it_does(
    people: People, refused: Refused, method: str, path: str, allowed: str
) -> None:
    answer = await people.alice.request(method, path)
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    "path", ["/nowhere", "/v1", "/v1/", "/v1/uploads/", "/v1//uploads", "/static", "//evil.example"]
)
async def test_an_unknown_address_is_a_problem_and_leads_nowhere(
    broker: Broker, refused: Refused, path: str
) -> None:
    async with broker.person("alice") as alice:
        for host in ("127.0.0.1:8000", "evil.example"):
            url = httpx.URL(str(alice.base_url)).copy_with(raw_path=path.encode())
            answer = await alice.get(url, headers={"host": host})
            refused(answer, 404, "not_found")
            assert "location" not in answer.headers
            assert "evil" not in answer.text


async def test_no_answer_is_built_from_the_host_that_was_named(people: People) -> None:
    for path in ("/", "/v1/config", "/v1/me"):
        answer = await people.alice.get(path, headers={"host": "evil.example"})
        assert "evil.example" not in answer.text + str(answer.headers)


async def test_a_fault_of_the_brokers_own_tells_nothing_and_has_all_headers(
    make_broker: Callable[..., Broker], refused: Refused
) -> None:
    broker = make_broker()

    async def broken(request: Request) -> Response:
        raise RuntimeError(f"secret of {request.url.path}")

    broker.app.routes.insert(0, Route("/broken", broken))
    transport = httpx.ASGITransport(broker.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        answer = await client.get("/broken")
        metrics = await client.get("/metrics")
    problem = refused(answer, 500, "internal")
    assert "secret" not in problem["detail"]
    check_headers(answer)
    assert 'broker_requests_total{method="GET",route="unknown",status="500"} 1.0' in metrics.text
