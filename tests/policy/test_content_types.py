"""Content types: what is signed is a plain essence, whatever was sent."""

from __future__ import annotations

from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import InvalidType
from broker.policy.content_types import (
    DEFAULT_TYPE,
    allows_type,
    canonical_type,
    is_type_pattern,
    type_matches,
)


@pytest.mark.parametrize(
    ("text", "essence"),
    [
        ("image/png", "image/png"),
        ("Image/PNG", "image/png"),
        (" image/png ", "image/png"),
        ("image/png\r\n", "image/png"),  # what is stripped is gone from what is signed
        ("text/html; charset=utf-8", "text/html"),
        ("text/plain;", "text/plain"),
        ("image/svg+xml", "image/svg+xml"),
        ("application/vnd.ms-excel", "application/vnd.ms-excel"),
        ("", DEFAULT_TYPE),
        ("  ", DEFAULT_TYPE),
        ("; charset=utf-8", DEFAULT_TYPE),
    ],
)
def test_the_essence_is_signed_without_parameters(text: str, essence: str) -> None:
    assert canonical_type(text) == essence


@pytest.mark.parametrize(
    "text",
    [
        "image",
        "image/",
        "/png",
        "image/png/x",
        "image/*",
        "*/*",
        "image /png",
        "image/png, text/html",
        "image/png\r\nx-amz-acl: public-read",
        "image/p\x00ng",
        "image/pñg",
        'image/"png"',
        "image/.png",
        "image/\ud800",
    ],
)
def test_an_odd_type_is_refused(text: str) -> None:
    with pytest.raises(InvalidType) as caught:
        canonical_type(text)
    assert (caught.value.code, caught.value.status) == ("invalid_type", 422)


@pytest.mark.parametrize(("length", "taken"), [(126, True), (127, True), (128, False)])
def test_a_type_has_at_most_127_characters(length: int, *, taken: bool) -> None:
    text = "image/" + "a" * (length - 6)
    if taken:
        assert canonical_type(text) == text
        return
    with pytest.raises(InvalidType):
        canonical_type(text)


@given(st.text(max_size=40))
def test_whatever_is_accepted_is_read_as_itself_by_a_mail_parser(text: str) -> None:
    try:
        essence = canonical_type(text)
    except InvalidType:
        return
    message = Message()
    message["content-type"] = essence
    assert message.get_content_type() == essence


@pytest.mark.parametrize(
    ("pattern", "valid"),
    [
        ("image/png", True),
        ("image/*", True),
        ("*/*", True),
        ("*", False),
        ("*/png", False),
        ("image", False),
        ("image/p*", False),
        ("Image/png", False),
        ("image/png;q=1", False),
        ("", False),
    ],
)
def test_patterns_are_a_type_a_family_or_all(pattern: str, *, valid: bool) -> None:
    assert is_type_pattern(pattern) is valid


@pytest.mark.parametrize(
    ("pattern", "content_type", "matches"),
    [
        ("image/png", "image/png", True),
        ("image/png", "image/pngx", False),
        ("image/*", "image/png", True),
        ("image/*", "imagex/png", False),
        ("image/*", "video/mp4", False),
        ("*/*", "video/mp4", True),
    ],
)
def test_a_pattern_matches_only_its_own(pattern: str, content_type: str, *, matches: bool) -> None:
    assert type_matches(pattern, content_type) is matches


def test_no_patterns_allow_every_type_and_some_only_theirs() -> None:
    assert allows_type((), "text/html")
    assert allows_type(("image/*", "text/html"), "text/html")
    assert not allows_type(("image/*", "text/plain"), "text/html")
