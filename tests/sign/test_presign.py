"""Single URLs: what they hold, what they refuse, and whose day's key signs them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.sign.presign import Addressing, Endpoint, Presigner
from broker.sign.sigv4 import Credentials

CREDENTIALS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
TEMPORARY = Credentials("ASIA", "the-secret", "the/token+==")
AT = datetime(2013, 5, 24, tzinfo=UTC)
HOUR = timedelta(hours=1)
ENDPOINT = Endpoint.parse("https://s3.amazonaws.com", "us-east-1", Addressing.VIRTUAL)
# What policy lets through: no empty, `.` or `..` segment.
SEGMENTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"))
KEYS = st.lists(SEGMENTS.filter(lambda s: s not in {"", ".", ".."}), min_size=1).map("/".join)


@pytest.fixture
def presigner() -> Presigner:
    return Presigner(CREDENTIALS, ENDPOINT)


def get(presigner: Presigner, at: datetime = AT, expires_in: timedelta = HOUR) -> str:
    return presigner.presign("GET", "b", "k", at=at, expires_in=expires_in)


def test_the_published_example_comes_out_whole(presigner: Presigner) -> None:
    assert presigner.presign(
        "GET", "examplebucket", "test.txt", at=AT, expires_in=timedelta(days=1)
    ) == (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


@given(KEYS)
def test_a_client_sends_the_path_that_was_signed(key: str) -> None:
    url = Presigner(CREDENTIALS, ENDPOINT).presign("GET", "b", key, at=AT, expires_in=HOUR)
    signed = ENDPOINT.locate("b", key).path
    assert urlsplit(url).path == signed
    assert httpx.URL(url).raw_path.partition(b"?")[0] == signed.encode()


@pytest.mark.parametrize("seconds", [1, 604_800])
def test_an_expiry_within_s3s_bounds_is_signed(presigner: Presigner, seconds: int) -> None:
    url = get(presigner, expires_in=timedelta(seconds=seconds))
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == [str(seconds)]


@pytest.mark.parametrize("seconds", [-1, 0, 0.999999, 1.5, 604_799.5, 604_800.000001, 604_801])
def test_an_expiry_outside_s3s_bounds_is_refused(presigner: Presigner, seconds: float) -> None:
    with pytest.raises(ValueError, match="expires_in: must be whole seconds from 1 to 604800"):
        get(presigner, expires_in=timedelta(seconds=seconds))


@pytest.mark.parametrize("zone", [None, timezone(HOUR)])
def test_a_time_that_is_not_utc_is_refused(presigner: Presigner, zone: timezone | None) -> None:
    with pytest.raises(ValueError, match="at: must be an aware time in UTC"):
        get(presigner, at=AT.replace(tzinfo=zone))


def test_a_fraction_of_a_second_is_left_out(presigner: Presigner) -> None:
    assert get(presigner, at=AT.replace(microsecond=999_999)) == get(presigner)


@pytest.mark.parametrize("name", ["X-Amz-Expires", "x-amz-acl", "X-AMZ-SIGNATURE"])
def test_no_parameter_of_the_signature_can_be_added(presigner: Presigner, name: str) -> None:
    with pytest.raises(ValueError, match="is set by the signature"):
        presigner.presign("GET", "b", "k", at=AT, expires_in=HOUR, query={name: "1"})


def test_a_query_value_cannot_add_a_parameter(presigner: Presigner) -> None:
    disposition = 'attachment; filename="a&X-Amz-Expires=1#é.txt"'
    query = {"response-content-disposition": disposition}
    url = presigner.presign("GET", "b", "k", at=AT, expires_in=HOUR, query=query)
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["3600"]
    assert parse_qs(urlsplit(url).query)["response-content-disposition"] == [disposition]


def test_a_session_token_is_signed_into_the_query() -> None:
    url = get(Presigner(TEMPORARY, ENDPOINT))
    other = get(Presigner(Credentials("ASIA", "the-secret", "another"), ENDPOINT))
    assert parse_qs(urlsplit(url).query)["X-Amz-Security-Token"] == ["the/token+=="]
    assert url.rpartition("=")[2] != other.rpartition("=")[2]


def test_neither_a_url_nor_a_presigner_shows_the_secret() -> None:
    presigner = Presigner(TEMPORARY, ENDPOINT)
    assert "the-secret" not in get(presigner)
    assert "the-secret" not in repr(presigner) + repr(vars(presigner))
    assert "the/token" not in repr(presigner)


@given(st.lists(st.datetimes(datetime(2026, 2, 27), datetime(2026, 3, 2)), min_size=2))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_a_presigner_that_lives_long_signs_like_a_new_one(times: list[datetime]) -> None:
    living = Presigner(CREDENTIALS, ENDPOINT)
    for at in (time.replace(tzinfo=UTC) for time in times):
        assert get(living, at) == get(Presigner(CREDENTIALS, ENDPOINT), at)


@pytest.mark.parametrize("days", [1, -1])
def test_another_day_has_another_key(presigner: Presigner, days: int) -> None:
    url = get(presigner, at=AT)
    other = get(presigner, at=AT + timedelta(days=days))
    scope = f"{AT + timedelta(days=days):%Y%m%d}%2Fus-east-1"
    assert scope in other
    assert url.rpartition("=")[2] != other.rpartition("=")[2]


def test_the_key_is_derived_once_a_day_and_two_are_kept(presigner: Presigner) -> None:
    for minutes in range(5 * 24 * 60):
        get(presigner, at=AT + timedelta(minutes=minutes))
    days = presigner._day.cache_info()
    assert (days.misses, days.currsize) == (5, 2)
