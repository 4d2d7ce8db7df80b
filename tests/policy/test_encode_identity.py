"""The name that stands for a person in keys: path-safe, and nobody else's."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.policy.identity import LOCAL_ISSUER, Principal, encode_identity

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ISSUERS = st.sampled_from([LOCAL_ISSUER, "https://a.example", "https://b.example"]) | NAMES
SEGMENT = re.compile(r"[A-Za-z0-9._=@-]+")
# What each would do as a path segment, a pattern, a template or a header, if it stayed as it is.
HOSTILE = [
    "",
    ".",
    "..",
    "*",
    "?",
    "a/b",
    "/",
    "../alice",
    "alice/",
    "alice\\",
    "{sub}",
    "${aws:username}",
    "alice\n",
    "alice\x00",
    "%2e%2e",
    "Alice",
    "\uff41\uff4c\uff49\uff43\uff45",
    "alíce",
    "\u202eecila",
    "a@b",
    "a" * 65,
    "a" * 255,
    "alice.",
    "-alice",
]


def name_of(issuer: str, subject: str) -> str:
    return encode_identity(Principal(issuer, subject, frozenset()))


@pytest.mark.parametrize("subject", ["a", "alice", "bob-2", "a.b_c-d", "0", "a" * 64])
def test_a_plain_local_name_stands_for_itself(subject: str) -> None:
    assert name_of(LOCAL_ISSUER, subject) == subject


@given(st.lists(st.tuples(ISSUERS, NAMES), unique=True, max_size=30))
def test_no_two_identities_share_a_name(identities: list[tuple[str, str]]) -> None:
    names = {name_of(issuer, subject) for issuer, subject in identities}
    assert len(names) == len(identities)


@given(ISSUERS, NAMES)
def test_any_name_is_one_segment_of_safe_characters(issuer: str, subject: str) -> None:
    name = name_of(issuer, subject)
    assert SEGMENT.fullmatch(name)
    assert name not in {".", ".."}


@pytest.mark.parametrize("issuer", [LOCAL_ISSUER, "https://login.example"])
@pytest.mark.parametrize("subject", HOSTILE)
def test_a_hostile_subject_becomes_one_safe_segment_and_no_plain_name(
    issuer: str, subject: str
) -> None:
    name = name_of(issuer, subject)
    assert SEGMENT.fullmatch(name)
    assert "@" in name  # which no plain local name holds


def test_two_issuers_with_one_subject_get_two_names() -> None:
    names = {name_of(issuer, "alice") for issuer in (LOCAL_ISSUER, "https://a.ex", "https://b.ex")}
    assert len(names) == 3


def test_roles_do_not_change_the_name() -> None:
    with_roles = Principal("https://a.example", "x", frozenset({"admin"}))
    assert encode_identity(with_roles) == name_of("https://a.example", "x")
