"""The disposition of a download: one header line that says the true name, whatever it is."""

from __future__ import annotations

from email.headerregistry import ContentDispositionHeader
from email.message import EmailMessage
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.policy.disposition import content_disposition

HOSTILE = [
    'a"b.txt',
    'a"; filename="b.exe',
    "a; filename=b.exe",
    "a\r\nx-evil: 1",
    "a\nb",
    "a\x00b",
    "a\x85b",
    "a\\b",
    "../../etc/passwd",
    "100%.txt",
    "a%22b",
    "=?utf-8?q?x?=",
    "naïve.txt",
    "発表.pdf",
    "😀.png",
    "exe.gpj\u202e",
    "a\u2028b",
    "a" * 300 + ".txt",
    "é" * 300,
    "",
    " ",
    ".",
    "''",
    "UTF-8''x",
]


def parsed(value: str) -> ContentDispositionHeader:
    message = EmailMessage(policy=HTTP)
    message["Content-Disposition"] = value
    header = message["Content-Disposition"]
    assert isinstance(header, ContentDispositionHeader)
    return header


def expected(name: str) -> str:
    """What a file system could not hold is replaced; the end of a long name is kept."""
    harmless = "".join(
        "_" if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "/\\" else c for c in name
    )
    return harmless[-255:] or "download"


@pytest.mark.parametrize("kind", ["attachment", "inline"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_one_disposition_and_reads_back(kind: str, name: str) -> None:
    value = content_disposition(kind, name)
    header = parsed(value)
    assert header.content_disposition == kind
    assert set(header.params) == {"filename"}
    assert len(value.splitlines()) == 1
    assert value.isascii()
    assert value.isprintable()


# Python's mail parser prefers neither form reliably, so the extended one is asked for alone.
def true_name(value: str) -> str:
    kind, _, extended = value.partition("; filename*=")
    return str(parsed(f"{kind.partition(';')[0]}; filename*={extended}").params["filename"])


@pytest.mark.parametrize("name", HOSTILE)
def test_the_extended_form_is_the_true_name(name: str) -> None:
    assert true_name(content_disposition("attachment", name)) == expected(name)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_every_name_reads_back(name: str) -> None:
    value = content_disposition("attachment", name)
    assert parsed(value).content_disposition == "attachment"
    assert len(value.splitlines()) == 1
    assert value.isascii()
    assert true_name(value) == expected(name)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("a.txt", "a.txt"), ("naïve.txt", "na_ve.txt"), ('a"b;c%d', "a_b_c_d"), ("a b", "a b")],
)
def test_old_clients_get_plain_ascii(name: str, plain: str) -> None:
    assert f'filename="{plain}";' in content_disposition("attachment", name)


@pytest.mark.parametrize(("length", "kept"), [(254, 254), (255, 255), (256, 255)])
def test_a_name_has_at_most_255_characters_and_keeps_its_end(length: int, kept: int) -> None:
    name = "a" * (length - 4) + ".txt"
    back = true_name(content_disposition("attachment", name))
    assert (len(back), back[-4:]) == (kept, ".txt")
