"""Keys that may be signed: each rule, and that an accepted key is read the same by every client."""

from __future__ import annotations

import json
import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from broker.errors import InvalidKey
from broker.policy.keys import (
    check_key,
    check_key_text,
    check_prefix,
    is_reserved,
    key_for_name,
    key_from_template,
    template_faults,
)
from broker.sign.presign import Addressing, Endpoint, Presigner
from broker.sign.sigv4 import Credentials

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 7, tzinfo=UTC)
PATH_STYLE = Endpoint.parse("https://s3.example", "us-east-1", Addressing.PATH)
VIRTUAL = Endpoint.parse("https://s3.example", "us-east-1", Addressing.VIRTUAL)
# Texts that some parser treats as more than themselves.
SHARP = [*"./\\%?#&+=:@;,~*'\"<>|`^{}[]$!", "..", "//", "%2e", "%2E", "%2f", "%5c", "${"]
SHARP += [*" \t\n\x7f\x85\xa0\u2028\u202e\ufeffé😀", "e\u0301"]
SHARP += ["a", "B", "9", ".broker", "-", "_", "\uff0e", "\uff0f"]
KEYS = st.lists(st.sampled_from(SHARP) | st.text(max_size=3), min_size=1, max_size=12).map("".join)
RESOLVE = """
const urls = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(urls.map((url) => new URL(url).href)));
"""


def signed(key: str, endpoint: Endpoint) -> str:
    presigner = Presigner(Credentials("AKIA", "secret"), endpoint)
    return presigner.presign("GET", "uploads", key, at=NOW, expires_in=timedelta(minutes=5))


def accepts(key: str) -> bool:
    try:
        check_key(key)
    except InvalidKey:
        return False
    return True


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/a",
        "//a",
        "a//b",
        "a//",
        ".",
        "..",
        "./a",
        "../a",
        "a/.",
        "a/..",
        "a/./b",
        "a/../b",
        "users/alice/../bob/x",
        "a/${filename}",
        "${",
        ".broker",
        ".broker/",
        ".broker/uploads/x",
    ],
)
def test_a_key_that_could_be_read_differently_is_refused(key: str) -> None:
    with pytest.raises(InvalidKey) as caught:
        check_key(key)
    assert (caught.value.code, caught.value.status) == ("invalid_key", 422)


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0)])
@pytest.mark.parametrize("around", ["{}", "{}a", "a{}", "a/{}/b"])
def test_every_control_character_is_refused_anywhere(code: int, around: str) -> None:
    with pytest.raises(InvalidKey, match="control character"):
        check_key(around.format(chr(code)))


@pytest.mark.parametrize("code", [0x20, 0x7E, 0xA0])
def test_neighbours_of_the_control_characters_are_accepted(code: int) -> None:
    assert accepts(f"a{chr(code)}b")


@pytest.mark.parametrize("surrogate", [0xD800, 0xDBFF, 0xDC00, 0xDFFF])
def test_a_lone_surrogate_is_refused(surrogate: int) -> None:
    with pytest.raises(InvalidKey, match="valid Unicode"):
        check_key(f"a{chr(surrogate)}b")


@pytest.mark.parametrize(
    ("letter", "width"), [("a", 1), ("é", 2), ("€", 3), ("😀", 4)], ids=["1", "2", "3", "4"]
)
def test_a_key_has_at_most_1024_utf8_bytes(letter: str, width: int) -> None:
    fits = letter * (1024 // width) + "a" * (1024 % width)
    assert len(fits.encode()) == 1024
    assert check_key(fits) == fits
    assert check_key(fits[:-1]) == fits[:-1]
    for over in (f"{fits}a", f"a{fits}"):
        with pytest.raises(InvalidKey, match="at most 1024 UTF-8 bytes"):
            check_key(over)


@pytest.mark.parametrize(
    "key",
    [
        "a",
        "...",
        ".a",
        "a.",
        "a..b",
        "a/.../b",
        "..a/b..",
        "a/",
        "%2e%2e/a",
        "a\\..\\b",
        "$a{b}",
        "brokers/x",
        "a/.broker/x",
        ".Broker/x",
        ".brokers",
        "~",
        "é😀/ü",
    ],
)
def test_a_harmless_key_is_accepted_as_it_is(key: str) -> None:
    assert check_key(key) == key


def test_a_prefix_may_be_empty_and_else_obeys_the_rules_of_keys() -> None:
    assert check_prefix("") == ""
    assert check_prefix("a/b/") == "a/b/"
    for bad in ("/", "a//", "../", "a/./", ".broker/", "a\n/", "${a}/"):
        with pytest.raises(InvalidKey):
            check_prefix(bad)


@pytest.mark.parametrize("key", ["", "/a", "a/../b", "a//b", "a\n", "${x}", ".broker/x"])
def test_odd_keys_made_by_others_can_still_be_named(key: str) -> None:
    assert check_key_text(key) == key


@pytest.mark.parametrize(
    ("key", "reserved"),
    [
        (".broker", True),
        (".broker/", True),
        (".broker/a", True),
        (".brokers/a", False),
        ("a/.broker/", False),
        ("broker/", False),
    ],
)
def test_only_the_reserved_prefix_is_reserved(key: str, *, reserved: bool) -> None:
    assert is_reserved(key) is reserved


@pytest.mark.parametrize("endpoint", [PATH_STYLE, VIRTUAL], ids=["path", "virtual"])
@given(key=KEYS)
def test_an_accepted_key_survives_url_resolution_unchanged(endpoint: Endpoint, key: str) -> None:
    assume(accepts(key))
    url = signed(key, endpoint)
    parts = urlsplit(url)
    assert urljoin("https://s3.example/else/where", url) == url
    assert urljoin(f"https://{parts.netloc}/", f"{parts.path}?{parts.query}") == url
    assert str(httpx.URL(url)) == url
    assert unquote(parts.path).removeprefix("/uploads") == f"/{key}"


def test_a_browsers_url_parser_leaves_every_accepted_key_as_signed() -> None:
    chance = random.Random(20_260_307)
    drawn = ("".join(chance.choices(SHARP, k=chance.randint(1, 9))) for _ in range(6000))
    urls = [signed(key, PATH_STYLE) for key in filter(accepts, drawn)]
    assert len(urls) > 1000
    answer = subprocess.run(
        [ROOT / "scripts" / "node", "node", "-e", RESOLVE],
        input=json.dumps(urls),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(answer.stdout) == urls


class TestKeyForName:
    @pytest.mark.parametrize(
        ("prefix", "name", "key"),
        [
            ("users/alice/", "a.txt", "users/alice/a.txt"),
            ("users/alice/", "trip/day 1/a.txt", "users/alice/trip/day 1/a.txt"),
            ("", "a", "a"),
        ],
    )
    def test_the_key_is_prefix_and_name(self, prefix: str, name: str, key: str) -> None:
        assert key_for_name(prefix, name) == key

    @pytest.mark.parametrize(
        ("prefix", "name"),
        [
            ("users/alice", "a"),  # would be users/alicea
            ("users/alice/", ""),
            ("users/alice/", "/a"),
            ("users/alice/", ".."),
            ("users/alice/", "../bob/a"),
            ("users/alice/", "a/../../bob/a"),
            ("users/alice/", "a//b"),
            ("users/alice/", "a\x00"),
            ("users/alice/", "${filename}"),
            ("users/alice/", "a" * 1013),
            ("/", "a"),
            ("../", "a"),
            (".broker/", "a"),
            ("", ".broker/a"),
        ],
    )
    def test_a_hostile_name_or_prefix_is_refused(self, prefix: str, name: str) -> None:
        with pytest.raises(InvalidKey):
            key_for_name(prefix, name)

    def test_the_longest_name_is_what_the_prefix_leaves(self) -> None:
        assert len(key_for_name("users/alice/", "a" * 1012)) == 1024

    @given(name=KEYS)
    def test_no_name_leaves_its_prefix(self, name: str) -> None:
        try:
            key = key_for_name("users/alice/", name)
        except InvalidKey:
            return
        assert key == f"users/alice/{name}"
        path = urlsplit(urljoin("https://s3.example/", signed(key, PATH_STYLE))).path
        assert unquote(path).startswith("/uploads/users/alice/")


class TestKeyFromTemplate:
    @staticmethod
    def fill(template: str, name: str) -> str:
        return key_from_template(template, sub="alice", uuid="0f1e", name=name, now=NOW)

    @pytest.mark.parametrize(
        ("template", "name", "key"),
        [
            ("u/{sub}/{name}", "a.txt", "u/alice/a.txt"),
            ("{uuid}", "a.txt", "0f1e"),
            ("{yyyy}/{mm}/{dd}/{uuid}{ext}", "Photo.JPG", "2026/03/07/0f1e.jpg"),
            ("{uuid}{ext}", "archive.tar.gz", "0f1e.gz"),
            ("{uuid}{ext}", "README", "0f1e"),
            ("{uuid}{ext}", "a.", "0f1e"),
            ("{uuid}{ext}", "a.seventeencharslng", "0f1e"),
            ("{uuid}{ext}", "a.sixteencharslong", "0f1e.sixteencharslong"),
            ("{uuid}{ext}", "a.p/../../..\\x.p g", "0f1e"),
            ("x/{name}", "../../etc/passwd", "x/passwd"),
            ("x/{name}", "{sub}{uuid}", "x/{sub}{uuid}"),  # filled in once, not again
        ],
    )
    def test_placeholders_are_filled_in(self, template: str, name: str, key: str) -> None:
        assert self.fill(template, name) == key

    @pytest.mark.parametrize(
        "name", ["..", ".", "a/..", "x\x00", "x\r\ny", "\ud800", "${filename}", "a" * 1025]
    )
    def test_a_hostile_name_is_refused(self, name: str) -> None:
        with pytest.raises(InvalidKey):
            self.fill("x/{name}", name)

    @given(name=KEYS)
    def test_no_name_leaves_the_templates_folder(self, name: str) -> None:
        try:
            key = self.fill("x/{sub}/{name}", name)
        except InvalidKey:
            return
        assert key.startswith("x/alice/")
        assert key.count("/") == 2

    @pytest.mark.parametrize(
        ("template", "faults"),
        [
            ("{sub}/{uuid}", 0),
            ("{name}", 0),
            ("{sub}/fixed", 1),
            ("{uuid}/{user}", 1),
            ("{user}/{id}", 3),
            ("", 1),
        ],
    )
    def test_a_templates_faults_are_named_one_by_one(self, template: str, faults: int) -> None:
        assert len(template_faults(template)) == faults
