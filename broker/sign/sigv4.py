"""AWS Signature Version 4 for S3, in the specification's own steps and names.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

# Only unreserved characters, so that names need no encoding inside X-Amz-SignedHeaders.
_HEADER_NAME = re.compile(r"[A-Za-z0-9._~-]+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key pair; `session_token` and `expires_at` are there when it is temporary."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None


class CanonicalHeaders(NamedTuple):
    lines: str
    """CanonicalHeaders: `name:value`, sorted, each line ended."""
    names: str
    """SignedHeaders: the names, joined by semicolons."""


@lru_cache(maxsize=256)  # the names of parameters and the upload id in use come again and again
def uri_encode(text: str) -> str:
    """UriEncode: every UTF-8 byte but the unreserved `A-Z a-z 0-9 - . _ ~` as `%XX`.

    Raises UnicodeEncodeError, a ValueError, for a lone surrogate.
    """
    return quote(text, safe="")


def uri_encode_path(key: str) -> str:
    """UriEncode of an object key, whose slashes stay."""
    return quote(key, safe="/")


def canonical_headers(host: str, headers: Mapping[str, str]) -> CanonicalHeaders:
    """Lower-case, trim, collapse runs of spaces, sort.

    Raises ValueError for a header that a client could send in another form than the signed one.
    """
    if not headers:
        return CanonicalHeaders(f"host:{host}\n", "host")
    values = {"host": host}
    for name, value in headers.items():
        lowered = _header_name(name)
        if lowered in values:
            raise ValueError(f"header {lowered!r}: given twice, or set by the client itself")
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"header {lowered!r}: the value is not printable ASCII")
        values[lowered] = " ".join(value.split())
    names = sorted(values)
    return CanonicalHeaders("".join([f"{n}:{values[n]}\n" for n in names]), ";".join(names))


@lru_cache(maxsize=256)  # the same few names come again in every request
def _header_name(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"header {name!r}: the name has a character that is not allowed")
    return name.lower()


def canonical_request(
    method: str, canonical_uri: str, canonical_query_string: str, headers: CanonicalHeaders
) -> str:
    """The request as S3 will see it; a presigned URL never binds the body's hash."""
    return (
        f"{method}\n{canonical_uri}\n{canonical_query_string}\n"
        f"{headers.lines}\n{headers.names}\n{UNSIGNED_PAYLOAD}"
    )


def hashed(canonical_request: str) -> str:
    """HashedCanonicalRequest: hex of its SHA-256."""
    return hashlib.sha256(canonical_request.encode()).hexdigest()


def credential_scope(date_stamp: str, region: str, service: str = "s3") -> str:
    return f"{date_stamp}/{region}/{service}/aws4_request"


def string_to_sign(timestamp: str, scope: str, hashed_canonical_request: str) -> str:
    """The hash stands last: with an empty one this is the head that a batch shares."""
    return f"{ALGORITHM}\n{timestamp}\n{scope}\n{hashed_canonical_request}"


def signing_key(secret_access_key: str, date_stamp: str, region: str, service: str = "s3") -> bytes:
    """The key of one day, region and service; whoever has it can sign for that long."""
    key = f"AWS4{secret_access_key}".encode()
    for step in (date_stamp, region, service, "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return key


def signature(key: bytes, string_to_sign: str) -> str:
    return hmac.digest(key, string_to_sign.encode(), "sha256").hex()
