"""How long a URL lives: the shortest of what was asked, the policy, 7 days and the credentials."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import S3Unavailable
from broker.policy.limits import LifeLimits, LimitedBy

NOW = datetime(2026, 3, 7, 12, 0, 0, 250_000, tzinfo=UTC)
LIMITS = LifeLimits(default=timedelta(minutes=5), maximum=timedelta(hours=1))
WEEK = timedelta(days=7)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_nothing_said_means_the_default() -> None:
    life = LIMITS.life(NOW)
    assert (life.expires_in, life.limited_by) == (timedelta(minutes=5), LimitedBy.DEFAULT)


def test_a_default_of_the_callers_own_stands_for_the_configured_one() -> None:
    life = LIMITS.life(NOW, default=timedelta(minutes=9))
    assert (life.expires_in, life.limited_by) == (timedelta(minutes=9), LimitedBy.DEFAULT)


def test_a_default_does_not_outlive_the_policy() -> None:
    life = LIMITS.life(NOW, default=timedelta(hours=2))
    assert (life.expires_in, life.limited_by) == (timedelta(hours=1), LimitedBy.POLICY)


@pytest.mark.parametrize(
    ("asked", "lives", "limited_by"),
    [
        (1, 1, LimitedBy.REQUEST),
        (3599, 3599, LimitedBy.REQUEST),
        (3600, 3600, LimitedBy.REQUEST),
        (3601, 3600, LimitedBy.POLICY),
    ],
)
def test_a_wish_is_granted_up_to_the_maximum(asked: int, lives: int, limited_by: LimitedBy) -> None:
    life = LIMITS.life(NOW, requested=seconds(asked))
    assert (life.expires_in, life.limited_by) == (seconds(lives), limited_by)


@pytest.mark.parametrize(
    ("policy", "lives"), [(WEEK - seconds(1), WEEK - seconds(1)), (WEEK, WEEK), (2 * WEEK, WEEK)]
)
def test_a_grant_may_raise_the_maximum_though_never_past_7_days(
    policy: timedelta, lives: timedelta
) -> None:
    life = LIMITS.life(NOW, requested=10 * WEEK, policy_maximum=policy)
    assert (life.expires_in, life.limited_by) == (lives, LimitedBy.POLICY)


@pytest.mark.parametrize("days", [6.99999, 7, 7.00001, 100])
def test_a_configured_maximum_past_7_days_is_7_days(days: float) -> None:
    limits = LifeLimits(default=timedelta(minutes=5), maximum=timedelta(days=days))
    assert limits.life(NOW, requested=100 * WEEK).expires_in <= WEEK


@pytest.mark.parametrize(
    ("remaining", "lives", "limited_by"),
    [
        (359, 299, LimitedBy.CREDENTIALS),
        (360, 300, LimitedBy.DEFAULT),
        (361, 300, LimitedBy.DEFAULT),
        (200, 140, LimitedBy.CREDENTIALS),
        (61, 1, LimitedBy.CREDENTIALS),
    ],
)
def test_a_url_ends_60_seconds_before_the_credentials(
    remaining: int, lives: int, limited_by: LimitedBy
) -> None:
    life = LIMITS.life(NOW, credentials_end=NOW + seconds(remaining))
    assert (life.expires_in, life.limited_by) == (seconds(lives), limited_by)


@pytest.mark.parametrize("remaining", [60.999, 60, 59, 0, -3600])
def test_credentials_about_to_end_sign_nothing(remaining: float) -> None:
    with pytest.raises(S3Unavailable) as caught:
        LIMITS.life(NOW, credentials_end=NOW + seconds(remaining))
    assert caught.value.status == 503
    assert caught.value.retry_after > timedelta(0)


@given(
    requested=st.none() | st.timedeltas(seconds(1), 3 * WEEK),
    policy=st.none() | st.timedeltas(seconds(1), 3 * WEEK),
    remaining=st.none() | st.timedeltas(seconds(61), 3 * WEEK),
    microsecond=st.integers(0, 999_999),
)
def test_expires_at_is_true_and_whole_seconds(
    requested: timedelta | None,
    policy: timedelta | None,
    remaining: timedelta | None,
    microsecond: int,
) -> None:
    now = NOW.replace(microsecond=microsecond)
    end = None if remaining is None else now + remaining
    life = LIMITS.life(now, requested=requested, policy_maximum=policy, credentials_end=end)
    assert life.signed_at.microsecond == life.expires_in.microseconds == 0
    assert seconds(1) <= life.expires_in <= min(WEEK, policy or LIMITS.maximum)
    assert life.expires_in <= (requested or LIMITS.default)
    assert life.expires_at == life.signed_at + life.expires_in
    assert now - seconds(1) < life.signed_at <= now
    if end is not None:
        assert life.expires_at <= end - seconds(60)


@pytest.mark.parametrize(
    ("size", "extra"), [(0, 0), (2**20 - 1, 0), (2**20, 1), (2**20 + 1, 1), (2**30, 1024)]
)
def test_an_upload_gets_a_second_more_for_each_mebibyte(size: int, extra: int) -> None:
    assert LIMITS.upload_wish(size) == timedelta(minutes=5) + seconds(extra)
