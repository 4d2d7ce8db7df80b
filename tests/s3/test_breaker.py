"""The circuit breaker, on a clock that the test turns."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broker.s3.breaker import Breaker


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock, threshold=3, pause=timedelta(seconds=10))


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.failed()


@pytest.mark.parametrize(("failures", "is_open"), [(0, False), (2, False), (3, True), (4, True)])
def test_it_opens_after_so_many_failures_in_a_row(
    breaker: Breaker, failures: int, *, is_open: bool
) -> None:
    fail(breaker, failures)
    assert breaker.is_open is is_open
    assert breaker.admits() is not is_open


def test_a_success_between_failures_starts_the_row_anew(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert not breaker.is_open


@pytest.mark.parametrize(("seconds", "admitted"), [(9.999, False), (10, True), (10.001, True)])
def test_after_the_pause_one_call_may_try(
    breaker: Breaker, clock: Clock, seconds: float, *, admitted: bool
) -> None:
    fail(breaker, 3)
    clock.now += seconds
    assert breaker.admits() is admitted
    assert not breaker.admits()


def test_while_open_one_call_a_pause_may_try(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    tried = 0
    for _ in range(300):
        clock.now += 0.125
        tried += breaker.admits()
    assert tried == 3  # in 37.5 seconds


def test_a_try_that_fails_keeps_it_open_for_another_pause(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    assert breaker.admits()
    breaker.failed()
    clock.now += 9.999
    assert not breaker.admits()
    clock.now += 0.001
    assert breaker.admits()


def test_a_try_that_succeeds_closes_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    assert breaker.admits()
    breaker.succeeded()
    assert not breaker.is_open
    assert all(breaker.admits() for _ in range(10))
