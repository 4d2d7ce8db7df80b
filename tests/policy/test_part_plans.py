"""How uploads are cut: at every limit, one byte below and one above it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import InvalidSize
from broker.policy.parts import (
    GIB,
    MIB,
    MULTIPART_THRESHOLD,
    PartLimits,
    PartPlan,
    check_size,
    plan_parts,
)

AWS = PartLimits()
TIB = 1024 * GIB
LARGEST = 5 * GIB * 10_000  # 48.8 TiB


def around(*limits: int) -> list[int]:
    return sorted({size for limit in limits for size in (limit - 1, limit, limit + 1) if size >= 0})


SIZES = [
    size
    for size in around(
        0,
        5 * MIB,
        8 * MIB,
        MULTIPART_THRESHOLD,
        8 * MIB * 100,
        64 * MIB * 100,
        64 * MIB * 10_000,
        5 * TIB,
        LARGEST,
    )
    if size <= LARGEST
]


def assert_sound(size: int, limits: PartLimits) -> None:
    plan = plan_parts(size, limits)
    lengths_but_last = plan.part_size * (plan.part_count - 1)
    last = plan.length(plan.part_count)
    assert lengths_but_last + last == size
    assert 1 <= plan.part_count <= limits.max_parts
    assert limits.min_part <= plan.part_size <= limits.max_part
    assert plan.part_size % MIB == 0
    assert plan.length(1) == (plan.part_size if plan.part_count > 1 else size)
    assert last <= plan.part_size
    assert last > 0 or size == 0


@pytest.mark.parametrize("size", SIZES)
def test_a_plan_is_sound_at_every_limit(size: int) -> None:
    assert_sound(size, AWS)


@given(st.integers(0, LARGEST))
def test_a_plan_is_sound_for_every_size(size: int) -> None:
    assert_sound(size, AWS)


@given(size=st.integers(0, 2000 * MIB), max_parts=st.integers(50, 200), min_mib=st.integers(1, 16))
def test_a_plan_is_sound_under_other_limits(size: int, max_parts: int, min_mib: int) -> None:
    limits = PartLimits(min_part=min_mib * MIB, max_part=40 * MIB, max_parts=max_parts)
    assert_sound(size, limits)


@given(st.integers(0, 5000 * MIB))
def test_lengths_added_one_by_one_are_the_size(size: int) -> None:
    plan = plan_parts(size, AWS)
    assert sum(plan.length(number) for number in range(1, plan.part_count + 1)) == size


@pytest.mark.parametrize(
    ("size", "part_size", "part_count"),
    [
        (0, 8 * MIB, 1),
        (1, 8 * MIB, 1),
        (8 * MIB, 8 * MIB, 1),
        (8 * MIB + 1, 8 * MIB, 2),
        (MULTIPART_THRESHOLD, 8 * MIB, 2),
        (800 * MIB, 8 * MIB, 100),
        (801 * MIB, 9 * MIB, 89),
        (6400 * MIB, 64 * MIB, 100),
        (6401 * MIB, 64 * MIB, 101),
        (64 * MIB * 10_000, 64 * MIB, 10_000),
        (64 * MIB * 10_000 + 1, 65 * MIB, 9847),
        (5 * TIB, 525 * MIB, 9987),
        (LARGEST, 5 * GIB, 10_000),
    ],
)
def test_parts_are_about_a_hundred_and_grow_when_needed(
    size: int, part_size: int, part_count: int
) -> None:
    plan = plan_parts(size, AWS)
    assert (plan.part_size, plan.part_count) == (part_size, part_count)


def test_the_largest_object_is_the_largest_part_ten_thousand_times() -> None:
    assert AWS.max_object == LARGEST
    with pytest.raises(InvalidSize, match=f"at most {LARGEST} bytes"):
        plan_parts(LARGEST + 1, AWS)


@pytest.mark.parametrize("size", [0, 1, LARGEST - 1, LARGEST])
def test_a_size_that_some_upload_could_have_is_accepted(size: int) -> None:
    assert check_size(size, AWS) == size


@pytest.mark.parametrize("size", [-1, LARGEST + 1])
def test_a_size_that_no_upload_could_have_is_refused(size: int) -> None:
    with pytest.raises(InvalidSize) as caught:
        check_size(size, AWS)
    assert (caught.value.code, caught.value.status) == ("invalid_size", 422)


@pytest.mark.parametrize(
    ("size", "lengths"), [(0, [0]), (1, [1]), (9, [9]), (10, [10]), (11, [10, 1]), (20, [10, 10])]
)
def test_the_last_part_holds_the_rest(size: int, lengths: list[int]) -> None:
    plan = PartPlan(size, 10)
    assert [plan.length(number) for number in range(1, plan.part_count + 1)] == lengths
