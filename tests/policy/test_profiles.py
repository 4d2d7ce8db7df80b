"""Profiles narrow what an upload may be."""

from __future__ import annotations

import pytest

from broker.errors import SizeNotAllowed, TypeNotAllowed
from broker.policy.profiles import Profile

AVATAR = Profile("avatar", "uploads", "a/{uuid}", types=("image/png", "image/jpeg"), max_size=100)


@pytest.mark.parametrize("size", [0, 99, 100])
def test_a_file_within_the_profile_passes(size: int) -> None:
    AVATAR.check(size=size, content_type="image/png")


def test_a_byte_too_many_is_refused() -> None:
    with pytest.raises(SizeNotAllowed, match="101 is above the limit of 100 bytes"):
        AVATAR.check(size=101, content_type="image/png")


def test_another_type_is_refused_and_the_allowed_ones_are_named() -> None:
    with pytest.raises(TypeNotAllowed, match="image/png, image/jpeg"):
        AVATAR.check(size=1, content_type="image/svg+xml")


def test_a_profile_that_says_nothing_takes_anything() -> None:
    Profile("any", "uploads", "{uuid}").check(size=10**15, content_type="text/html")
