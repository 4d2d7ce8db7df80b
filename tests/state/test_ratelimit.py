"""So many requests a minute, on a clock that the test turns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import RateLimited
from broker.state.ratelimit import RateLimit

A_MOMENT = 0.001


class Clock:
    """Seconds that stand still until told."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def passes(limit: RateLimit, name: str = "alice") -> bool:
    try:
        limit.hit(name)
    except RateLimited:
        return False
    return True


def wait_of(limit: RateLimit, name: str = "alice") -> float:
    with pytest.raises(RateLimited) as caught:
        limit.hit(name)
    return caught.value.retry_after.total_seconds()


@pytest.mark.parametrize("per_minute", [1, 2, 60, 1000])
@pytest.mark.parametrize("start", [0.0, 30.0, 59.9, 1_000_000.7])
def test_n_pass_and_the_next_is_refused(per_minute: int, start: float) -> None:
    limit = RateLimit(per_minute, Clock(start))
    assert [passes(limit) for _ in range(per_minute + 2)] == [True] * per_minute + [False] * 2


def test_the_refusal_says_how_many_and_when() -> None:
    clock = Clock(45.0)
    limit = RateLimit(1, clock)
    limit.hit("alice")
    with pytest.raises(RateLimited, match="At most 1 requests a minute") as caught:
        limit.hit("alice")
    assert (caught.value.status, caught.value.code) == (429, "rate_limited")
    assert caught.value.retry_after == timedelta(seconds=15)


def test_one_persons_requests_are_not_anothers() -> None:
    limit = RateLimit(1, Clock())
    assert passes(limit, "alice")
    assert passes(limit, "bob")
    assert not passes(limit, "alice")


def test_a_refused_request_is_not_counted() -> None:
    clock = Clock()
    limit = RateLimit(1, clock)
    assert passes(limit)
    for second in range(1, 60):
        clock.now = second
        assert not passes(limit)
    clock.now = 60 + A_MOMENT
    assert passes(limit)


def test_two_full_minutes_are_not_had_around_the_turn_of_a_minute() -> None:
    clock = Clock(59.9)
    limit = RateLimit(60, clock)
    assert all(passes(limit) for _ in range(60))
    clock.now = 60.1
    assert sum(passes(limit) for _ in range(60)) <= 1


def test_after_two_quiet_minutes_all_is_forgotten() -> None:
    clock = Clock()
    limit = RateLimit(60, clock)
    assert all(passes(limit) for _ in range(60))
    clock.now = 120.0
    assert all(passes(limit) for _ in range(60))


@given(
    per_minute=st.integers(1, 40),
    pauses=st.lists(st.floats(0, 40), max_size=60),
)
def test_one_more_passes_after_the_wait_that_was_told_and_not_before(
    per_minute: int, pauses: list[float]
) -> None:
    clock = Clock()
    limit = RateLimit(per_minute, clock)
    for pause in pauses:
        clock.now += pause
        passes(limit)
    while passes(limit):
        pass
    refused_at = clock.now
    wait = wait_of(limit)
    assert wait >= 1
    if wait > 1:
        clock.now = refused_at + wait - A_MOMENT
        assert not passes(limit)
    clock.now = refused_at + wait + A_MOMENT
    assert passes(limit)


def test_the_name_seen_longest_ago_is_forgotten_when_there_are_too_many() -> None:
    limit = RateLimit(1, Clock(), max_names=2)
    assert [passes(limit, name) for name in ("a", "b", "c")] == [True, True, True]
    assert not passes(limit, "c")
    assert not passes(limit, "b")
    assert passes(limit, "a")
