"""Signed GETs: they work on S3, for as long as they say, under the name the broker chose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.conftest import GRANTS, Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.api.conftest import Refused
    from tests.conftest import Broker, Bucket, Json, People

pytestmark = pytest.mark.anyio

KEY = "users/alice/folder/a b.txt"
HOUR = 3600


@pytest.fixture
def stored(bucket: Bucket) -> Json:
    bucket.store(KEY, b"hers")
    return {"bucket": bucket.name, "key": KEY}


async def signed(client: httpx.AsyncClient, item: Json, **wish: object) -> Json:
    answer = await client.post("/v1/downloads", json={"items": [item], **wish})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    (download,) = answer.json()["downloads"]
    return dict(download)


async def test_a_signed_url_brings_the_bytes_as_an_attachment(
    people: People, bucket: Bucket, stored: Json
) -> None:
    answer = bucket.get((await signed(people.alice, stored))["url"])
    assert answer.content == b"hers"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt"
    )


async def test_it_is_shown_inline_only_when_asked_for(
    people: People, bucket: Bucket, stored: Json
) -> None:
    url = (await signed(people.alice, stored, disposition="inline"))["url"]
    assert bucket.get(url).headers["content-disposition"].startswith("inline; ")


HOSTILE_NAMES = [
    'a".exe',
    "a\r\nset-cookie: x=y",
    "a;b=c",
    "../../etc/passwd",
    "a\\b",
    "x%22%0d%0a.txt",
    "naïve ☃.txt",
    "\u202etxt.exe",
    "a\u2028b",
    "''",
    "*",
    "a" * 255,
    "😀" * 255,
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
async def test_a_hostile_name_stays_one_disposition(
    people: People, bucket: Bucket, stored: Json, name: str
) -> None:
    answer = bucket.get((await signed(people.alice, stored, filename=name))["url"])
    assert answer.status_code == 200
    (disposition,) = answer.headers.get_list("content-disposition")
    assert "set-cookie" not in answer.headers
    kind, plain, extended = disposition.split("; ")
    assert kind == "attachment"
    assert plain.startswith('filename="')
    assert plain.count('"') == 2
    assert extended.startswith("filename*=UTF-8''")
    shown = unquote(extended.removeprefix("filename*=UTF-8''"))
    assert shown == "".join("_" if char in "\r\n/\\" else char for char in name)


@pytest.mark.parametrize(
    ("asked", "given", "limited_by"),
    [
        (None, 300, "default"),
        (1, 1, "request"),
        (HOUR - 1, HOUR - 1, "request"),
        (HOUR, HOUR, "request"),
        (HOUR + 1, HOUR, "policy"),
        (604_800, HOUR, "policy"),
    ],
)
async def test_a_life_ends_at_the_policys_maximum(
    people: People, stored: Json, asked: int | None, given: int, limited_by: str
) -> None:
    download = await signed(people.alice, stored, expires_in=asked)
    assert life_in(download["url"]) == given
    assert download["limited_by"] == limited_by


@pytest.mark.parametrize("longest", ["10m", "2h", "7d"])
async def test_a_grant_sets_its_own_maximum(
    make_broker: Callable[..., Broker], stored: Json, longest: str
) -> None:
    seconds = {"10m": 600, "2h": 7200, "7d": 604_800}[longest]
    async with make_broker(grants=[{**GRANTS[0], "max_expiry": longest}]).person("alice") as alice:
        for asked, limited_by in ((seconds - 1, "request"), (604_800, "policy")):
            download = await signed(alice, stored, expires_in=asked)
            assert life_in(download["url"]) == min(asked, seconds)
            assert download["limited_by"] == (limited_by if asked > seconds else "request")


def life_in(url: str) -> int:
    return int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0])


def end_in(url: str) -> datetime:
    """When S3 stops taking it, from what is signed alone."""
    query = parse_qs(urlsplit(url).query)
    signed_at = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return signed_at + timedelta(seconds=life_in(url))


async def test_every_target_says_when_s3_stops_taking_it(
    people: People, bucket: Bucket, stored: Json
) -> None:
    files = [
        {"name": "users/alice/put", "size": 1},
        {"name": "users/alice/parts", "size": 17 * 1024 * 1024},
    ]
    wish = {"bucket": bucket.name, "files": files}
    put, parts = (await people.alice.post("/v1/uploads", json=wish)).json()["uploads"]
    download = await signed(people.alice, stored, expires_in=77)
    for target in (download, put["target"], *parts["target"]["parts"]):
        assert datetime.fromisoformat(target["expires_at"]) == end_in(target["url"])


async def test_a_url_works_until_its_end_and_not_after(
    make_broker: Callable[..., Broker], bucket: Bucket, stored: Json
) -> None:
    """The broker's clock is set back, so that 300 seconds are nearly or just over at once."""
    clock = Clock()
    broker = make_broker(clock=clock)
    for age, status in ((200, 200), (302, 403)):
        clock.ahead = timedelta(seconds=-age)
        async with broker.person("alice") as alice:
            download = await signed(alice, stored)
        assert bucket.get(download["url"]).status_code == status


async def test_a_large_upload_is_given_the_time_it_takes(people: People, bucket: Bucket) -> None:
    """300 s and one for each MiB."""
    files = [{"name": "users/alice/put", "size": 100 * 1024 * 1024}]
    wish = {"bucket": bucket.name, "files": files, "strategy": "put"}
    (put,) = (await people.alice.post("/v1/uploads", json=wish)).json()["uploads"]
    assert life_in(put["target"]["url"]) == 400
    assert put["limited_by"] == "default"


async def test_an_older_version_is_reached_by_its_id(people: People, bucket: Bucket) -> None:
    bucket.s3.put_bucket_versioning(
        Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"}
    )
    old = bucket.s3.put_object(Bucket=bucket.name, Key=KEY, Body=b"old")["VersionId"]
    bucket.store(KEY, b"new")
    item = {"bucket": bucket.name, "key": KEY}
    assert bucket.get((await signed(people.alice, item))["url"]).content == b"new"
    item["version_id"] = old
    assert bucket.get((await signed(people.alice, item))["url"]).content == b"old"


async def test_a_link_leads_to_a_fresh_url(people: People, bucket: Bucket, stored: Json) -> None:
    answer = await people.alice.get("/v1/download", params=stored)
    assert answer.status_code == 302
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.content == b""
    assert bucket.get(answer.headers["location"]).content == b"hers"


async def test_a_refused_link_leads_nowhere(people: People, stored: Json, refused: Refused) -> None:
    for client, status, code in (
        (people.bob, 403, "forbidden"),
        (people.stranger, 401, "unauthenticated"),
    ):
        answer = await client.get("/v1/download", params=stored)
        refused(answer, status, code)
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("name", "shown_as"),
    [
        ("photo.png", "image/png"),
        ("notes.txt", "text/plain"),
        ("page.html", None),
        ("drawing.svg", None),
        ("feed.xml", None),
        ("script.js", None),
        ("unknown", None),
    ],
)
async def test_inline_is_for_what_only_shows_and_the_type_follows_the_name(
    people: People, bucket: Bucket, name: str, shown_as: str | None
) -> None:
    """THREATS 8: whatever was stored, nothing that a browser would run is shown."""
    key = f"users/alice/{name}"
    bucket.s3.put_object(Bucket=bucket.name, Key=key, Body=b"<script>", ContentType="text/html")
    wish = {"items": [{"bucket": bucket.name, "key": key}], "disposition": "inline"}
    (found,) = (await people.alice.post("/v1/downloads", json=wish)).json()["downloads"]
    answer = bucket.get(found["url"])
    kind = answer.headers["content-disposition"].partition(";")[0]
    if shown_as is None:
        assert kind == "attachment"
    else:
        assert (kind, answer.headers["content-type"]) == ("inline", shown_as)


async def test_a_get_url_does_nothing_else(people: People, bucket: Bucket, stored: Json) -> None:
    url = (await signed(people.alice, stored))["url"]
    for method in ("PUT", "DELETE", "POST"):
        assert bucket.http.request(method, url).status_code == 403
    assert bucket.get(url.replace("attachment", "inline")).status_code == 403
    assert bucket.read(KEY) == b"hers"
