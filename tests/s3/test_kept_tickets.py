"""Tickets kept in the bucket: found by their owner, from any device, and by nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from moto.s3.models import s3_backends

from broker.policy.identity import LOCAL_ISSUER, Principal
from broker.policy.keys import is_reserved
from broker.s3.kept_tickets import MAX_FOUND, KeptTickets
from broker.s3.objects import Objects
from tests.s3.conftest import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client as Boto3Client

    from broker.s3.client import S3Client

pytestmark = pytest.mark.anyio
ALICE = Principal(LOCAL_ISSUER, "alice", frozenset())
BOB = Principal(LOCAL_ISSUER, "bob", frozenset())
FOREIGN_ALICE = Principal("https://login.example", "alice", frozenset())


@pytest.fixture
def kept(to_moto: S3Client) -> KeptTickets:
    return KeptTickets(Objects(to_moto))


def age(key: str, days: int) -> None:
    """Let a kept ticket be so old."""
    stored = s3_backends["123456789012"]["aws"].buckets[BUCKET].keys[key]
    stored.last_modified = datetime.now(UTC) - timedelta(days=days)


async def test_an_owner_finds_what_was_kept_and_nobody_else_does(kept: KeptTickets) -> None:
    await kept.keep(BUCKET, ALICE, "mark-1", "sealed-1")
    assert await kept.find(BUCKET, ALICE) == (["sealed-1"], True)
    assert await kept.find(BUCKET, BOB) == ([], True)
    assert await kept.find(BUCKET, FOREIGN_ALICE) == ([], True)


async def test_roles_do_not_change_what_is_ones_own(kept: KeptTickets) -> None:
    await kept.keep(BUCKET, ALICE, "mark-1", "sealed-1")
    promoted = Principal(LOCAL_ISSUER, "alice", frozenset({"admin"}))
    assert await kept.find(BUCKET, promoted) == (["sealed-1"], True)


async def test_what_was_dropped_is_found_no_more(kept: KeptTickets) -> None:
    for mark in ("mark-1", "mark-2"):
        await kept.keep(BUCKET, ALICE, mark, f"sealed-{mark}")
    await kept.drop(BUCKET, ALICE, "mark-1")
    await kept.drop(BUCKET, ALICE, "mark-1")
    assert await kept.find(BUCKET, ALICE) == (["sealed-mark-2"], True)


async def test_one_that_goes_while_they_are_read_is_left_out(to_moto: S3Client) -> None:
    class Finishing(Objects):
        """An S3 in which the first upload is finished just after it was listed."""

        async def get_small(self, bucket: str, key: str) -> bytes:
            if key.endswith("mark-1"):
                await self.delete(bucket, key)
            return await super().get_small(bucket, key)

    kept = KeptTickets(Finishing(to_moto))
    for mark in ("mark-1", "mark-2"):
        await kept.keep(BUCKET, ALICE, mark, f"sealed-{mark}")
    assert await kept.find(BUCKET, ALICE) == (["sealed-mark-2"], True)


async def test_every_ticket_lies_under_the_reserved_prefix_and_tells_no_name(
    kept: KeptTickets, moto_s3: Boto3Client
) -> None:
    await kept.keep(BUCKET, ALICE, "mark-1", "sealed-1")
    keys = [row["Key"] for row in moto_s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert len(keys) == 1
    assert is_reserved(keys[0])
    assert "alice" not in keys[0]


async def test_the_newest_come_first_and_the_rest_is_owned_up_to(
    kept: KeptTickets, moto_s3: Boto3Client
) -> None:
    await kept.keep(BUCKET, ALICE, "m-000", "sealed-0")
    (first,) = [row["Key"] for row in moto_s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    for number in range(1, MAX_FOUND + 1):
        await kept.keep(BUCKET, ALICE, f"m-{number:03}", f"sealed-{number}")
    # The alphabet is not the age: the higher the number, the older.
    for number in range(MAX_FOUND + 1):
        age(f"{first.removesuffix('m-000')}m-{number:03}", days=number)
    tickets, complete = await kept.find(BUCKET, ALICE)
    assert tickets == [f"sealed-{number}" for number in range(MAX_FOUND)]
    assert not complete
