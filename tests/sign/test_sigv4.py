"""The algorithm, compared with AWS's own published examples at each stage."""

from __future__ import annotations

import pytest

from broker.sign import sigv4
from broker.sign.sigv4 import CanonicalHeaders, Credentials

# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SCOPE = "20130524/us-east-1/s3/aws4_request"
QUERY = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
)
CANONICAL_REQUEST = f"""\
GET
/test.txt
{QUERY}
host:examplebucket.s3.amazonaws.com

host
UNSIGNED-PAYLOAD"""
STRING_TO_SIGN = f"""\
AWS4-HMAC-SHA256
20130524T000000Z
{SCOPE}
3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04"""
SIGNATURE = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"


def test_the_canonical_request_is_the_published_one() -> None:
    headers = sigv4.canonical_headers("examplebucket.s3.amazonaws.com", {})
    assert sigv4.canonical_request("GET", "/test.txt", QUERY, headers) == CANONICAL_REQUEST


def test_the_string_to_sign_is_the_published_one() -> None:
    scope = sigv4.credential_scope("20130524", "us-east-1")
    hashed = sigv4.hashed(CANONICAL_REQUEST)
    assert sigv4.string_to_sign("20130524T000000Z", scope, hashed) == STRING_TO_SIGN


def test_the_signature_is_the_published_one() -> None:
    key = sigv4.signing_key(SECRET, "20130524", "us-east-1")
    assert sigv4.signature(key, STRING_TO_SIGN) == SIGNATURE


def test_the_signing_key_is_the_published_one() -> None:
    # https://docs.aws.amazon.com/general/latest/gr/signature-v4-examples.html
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    key = sigv4.signing_key(secret, "20120215", "us-east-1", "iam")
    assert key.hex() == "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"


@pytest.mark.parametrize("code", range(128))
def test_each_ascii_byte_but_the_unreserved_is_encoded_in_upper_case(code: int) -> None:
    character = chr(code)
    unreserved = character.isalnum() or character in "-._~"
    expected = character if unreserved else f"%{code:02X}"
    assert sigv4.uri_encode(character) == expected


def test_every_byte_of_other_characters_is_encoded() -> None:
    assert sigv4.uri_encode("é€🦊") == "%C3%A9%E2%82%AC%F0%9F%A6%8A"


def test_a_percent_sign_is_literal() -> None:
    assert sigv4.uri_encode("%2e%2E") == "%252e%252E"


def test_slashes_stay_in_a_path_only() -> None:
    assert sigv4.uri_encode_path("a/b c/+") == "a/b%20c/%2B"
    assert sigv4.uri_encode("a/b c/+") == "a%2Fb%20c%2F%2B"


def test_a_lone_surrogate_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        sigv4.uri_encode_path("a\ud800")


def test_headers_are_lowered_trimmed_collapsed_and_sorted() -> None:
    headers = {"X-Amz-Meta-B": "  a   b ", "Content-Type": "text/plain", "if-none-match": "*"}
    assert sigv4.canonical_headers("h", headers) == CanonicalHeaders(
        lines="content-type:text/plain\nhost:h\nif-none-match:*\nx-amz-meta-b:a b\n",
        names="content-type;host;if-none-match;x-amz-meta-b",
    )


@pytest.mark.parametrize(
    "value",
    ["a\nx-amz-acl:public-read", "a\r\nb", "a\rb", "a\tb", "a\x00", "\n", "\x7f", "\u2028", "é"],
)
def test_a_header_value_cannot_carry_another_header(value: str) -> None:
    with pytest.raises(ValueError, match="'x-amz-meta-a': the value is not printable ASCII"):
        sigv4.canonical_headers("h", {"x-amz-meta-a": value})


@pytest.mark.parametrize("name", ["", "a\nb", "a:b", "a b", "a;host", "a%0a", "é", "\u212a"])
def test_a_header_name_cannot_carry_anything_else(name: str) -> None:
    with pytest.raises(ValueError, match="the name has a character that is not allowed"):
        sigv4.canonical_headers("h", {name: "v"})


@pytest.mark.parametrize("headers", [{"Host": "evil"}, {"host": "evil"}, {"A": "1", "a": "2"}])
def test_no_header_is_signed_twice(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="given twice"):
        sigv4.canonical_headers("h", headers)


def test_credentials_show_no_secret() -> None:
    shown = repr(Credentials("AKIA", "the-secret", "the-token"))
    assert "AKIA" in shown
    assert "the-secret" not in shown
    assert "the-token" not in shown
