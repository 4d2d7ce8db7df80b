"""Guessing passwords is slow, and nobody is locked out for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.auth.throttle import LoginThrottle
from broker.errors import RateLimited


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def throttle(seconds: Seconds) -> LoginThrottle:
    return LoginThrottle(seconds)


def wait(throttle: LoginThrottle, username: str = "alice", peer: str = "192.0.2.1") -> timedelta:
    with pytest.raises(RateLimited) as limited:
        throttle.check(username, peer)
    return limited.value.retry_after


def guess(throttle: LoginThrottle, times: int, username: str = "alice") -> None:
    for _ in range(times):
        throttle.check(username, "192.0.2.1")


def test_five_guesses_are_free_and_the_sixth_waits(throttle: LoginThrottle) -> None:
    guess(throttle, 5)
    assert wait(throttle) == timedelta(seconds=1)


def test_the_wait_doubles_with_each_guess_up_to_ten_a_minute(
    throttle: LoginThrottle, seconds: Seconds
) -> None:
    guess(throttle, 5)
    for pause in (1, 2, 4, 8, 16):
        assert wait(throttle) == timedelta(seconds=pause)
        seconds.now += pause - 0.001
        wait(throttle)
        seconds.now += 0.001
        guess(throttle, 1)
    assert wait(throttle) == timedelta(seconds=29)  # the first of ten is 31 seconds old
    seconds.now += 28.999
    wait(throttle)
    seconds.now += 0.001
    guess(throttle, 1)


def test_asking_while_refused_does_not_prolong_the_wait(
    throttle: LoginThrottle, seconds: Seconds
) -> None:
    guess(throttle, 5)
    for _ in range(1000):
        wait(throttle)
    seconds.now += 1
    guess(throttle, 1)


def test_a_minute_later_the_owner_gets_in(throttle: LoginThrottle, seconds: Seconds) -> None:
    guess(throttle, 5)
    wait(throttle)
    seconds.now += 60
    guess(throttle, 5)


def test_an_account_is_guarded_from_many_peers(throttle: LoginThrottle) -> None:
    for number in range(5):
        throttle.check("alice", f"192.0.2.{number}")
    wait(throttle, peer="192.0.2.99")
    throttle.check("bob", "192.0.2.99")


def test_a_peer_is_guarded_over_many_accounts(throttle: LoginThrottle) -> None:
    for number in range(5):
        throttle.check(f"user{number}", "192.0.2.1")
    wait(throttle, username="alice")
    throttle.check("alice", "192.0.2.2")


def test_an_ipv6_network_counts_as_one_peer(throttle: LoginThrottle) -> None:
    for number in range(5):
        throttle.check(f"user{number}", f"2001:db8::{number:x}")
    wait(throttle, username="alice", peer="2001:db8::ffff:1")
    throttle.check("alice", "2001:db8:0:1::1")


def test_ipv4_peers_of_a_dual_stack_socket_are_told_apart(throttle: LoginThrottle) -> None:
    for number in range(5):
        throttle.check(f"user{number}", "::ffff:192.0.2.1")
    wait(throttle, username="alice", peer="192.0.2.1")
    throttle.check("alice", "::ffff:192.0.2.2")


def test_successes_do_not_count(throttle: LoginThrottle) -> None:
    for _ in range(100):
        throttle.check("alice", "192.0.2.1")
        throttle.succeeded("alice", "192.0.2.1")
    guess(throttle, 5)
    wait(throttle)


def test_a_success_of_ones_own_wipes_no_other_guess(throttle: LoginThrottle) -> None:
    """An account of one's own must not buy more guesses at another's."""
    for number in range(4):
        throttle.check(f"user{number}", "192.0.2.1")
        throttle.check("mallory", "192.0.2.1")
        throttle.succeeded("mallory", "192.0.2.1")
    guess(throttle, 1)
    wait(throttle)


def test_guesses_in_parallel_are_counted_before_they_are_evaluated(
    throttle: LoginThrottle,
) -> None:
    admitted = 0
    for _ in range(200):
        try:
            throttle.check("alice", "192.0.2.1")
        except RateLimited:
            continue
        admitted += 1
    assert admitted == 5


def test_a_success_after_everything_was_forgotten_is_harmless(throttle: LoginThrottle) -> None:
    throttle.succeeded("alice", "192.0.2.1")
    guess(throttle, 5)


def test_memory_is_bounded_in_keys_and_in_their_length(seconds: Seconds) -> None:
    throttle = LoginThrottle(seconds, max_keys=100)
    for number in range(1000):
        throttle.check(f"{number}" + "x" * 10_000, f"peer{number}")
    assert len(throttle._guesses) == 100
    assert max(map(len, throttle._guesses)) < 100


@given(st.lists(st.floats(0, 30), max_size=60))
def test_no_minute_ever_holds_more_than_ten_guesses(pauses: list[float]) -> None:
    seconds = Seconds()
    throttle = LoginThrottle(seconds)
    admitted, waits = [], []
    for pause in pauses:
        seconds.now += pause
        try:
            throttle.check("alice", "192.0.2.1")
        except RateLimited as limited:
            waits.append(limited.retry_after)
        else:
            admitted.append(seconds.now)
    assert all(timedelta(0) < wait <= timedelta(seconds=60) for wait in waits)
    for first in admitted:
        assert sum(first <= at < first + 59.999 for at in admitted) <= 10


def test_refused_guesses_do_not_push_out_the_counts_of_others(seconds: Seconds) -> None:
    """One address with many made-up names could else make its guesses at one account forgotten."""
    throttle = LoginThrottle(seconds, max_keys=10)
    guess(throttle, 5)
    for number in range(100):
        with pytest.raises(RateLimited):
            throttle.check(f"made-up-{number}", "192.0.2.1")
    wait(throttle)
