"""Batches of part URLs: the same URLs as one by one, whatever the parts share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.sign.presign import Addressing, Endpoint, Presigner
from broker.sign.sigv4 import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2026, 11, 5, 12, 0, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PRESIGNER = Presigner(
    Credentials("AKIA", "secret", "token/+="),
    Endpoint.parse("https://s3.example.com/base", "eu-central-1", Addressing.PATH),
)
HEADERS = st.sampled_from(
    [
        {},
        {"content-length": "8388608"},
        {"content-length": "17"},
        {"content-length": "17", "x-amz-checksum-sha256": "partNumber=1&uploadId=2"},
    ]
)
PARTS = st.lists(st.tuples(st.integers(1, 10_000), HEADERS))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def sign(*parts: tuple[int, dict[str, str]]) -> list[str]:
    return list(
        PRESIGNER.presign_parts("b", "k", upload_id="u", parts=parts, at=AT, expires_in=HOUR)
    )


@given(parts=PARTS, upload_id=TEXT, key=TEXT | st.just("partNumber=/partNumber=7"))
def test_a_batch_equals_its_parts_signed_one_by_one(
    parts: list[tuple[int, dict[str, str]]], upload_id: str, key: str
) -> None:
    batch = PRESIGNER.presign_parts(
        "b", key, upload_id=upload_id, parts=parts, at=AT, expires_in=HOUR
    )
    assert list(batch) == [
        PRESIGNER.presign(
            "PUT",
            "b",
            key,
            at=AT,
            expires_in=HOUR,
            headers=headers,
            query={"partNumber": str(number), "uploadId": upload_id},
        )
        for number, headers in parts
    ]


def test_a_mapping_filled_again_and_again_is_signed_as_it_was_each_time() -> None:
    def refilled() -> Iterator[tuple[int, dict[str, str]]]:
        headers: dict[str, str] = {}
        for number in (1, 2, 3):
            headers["content-length"] = str(number)
            yield number, headers

    urls = PRESIGNER.presign_parts(
        "b", "k", upload_id="u", parts=refilled(), at=AT, expires_in=HOUR
    )
    assert list(urls) == sign(*[(n, {"content-length": str(n)}) for n in (1, 2, 3)])


@pytest.mark.parametrize("number", [1, 10_000])
def test_a_part_number_within_s3s_bounds_is_signed(number: int) -> None:
    (url,) = sign((number, {}))
    assert f"&partNumber={number}&uploadId=u&X-Amz-Signature=" in url


@pytest.mark.parametrize("number", [-1, 0, 10_001])
def test_a_part_number_outside_s3s_bounds_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="must be from 1 to 10000"):
        sign((number, {}))


def test_a_header_is_checked_in_each_part() -> None:
    with pytest.raises(ValueError, match="not printable ASCII"):
        sign((1, {"content-length": "1"}), (2, {"content-length": "1\nx-amz-acl:public-read"}))


def test_times_are_checked_before_the_first_part_is_asked_for() -> None:
    with pytest.raises(ValueError, match="expires_in"):
        PRESIGNER.presign_parts("b", "k", upload_id="u", parts=[], at=AT, expires_in=timedelta(0))
