"""Bucket CORS as values: which rules the broker needs, merged with those a bucket already has.

S3 answers by the first rule that matches origin, method and every requested header:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from broker.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

RULE_ID = "presign-broker"  # ours are this one and those that begin with it and a hyphen
ORIGIN_PLACEHOLDER = "${ORIGIN}"
ANY_ORIGIN = "*"
MAX_RULES = 100  # S3's limit for a bucket
MAX_ORIGIN_LENGTH = 512
META_PREFIX = "x-amz-meta-"

# What the broker hands out to browsers. DELETE is not among it: deletes go through the broker.
METHODS = ("GET", "HEAD", "PUT")
WRITE_METHODS = frozenset({"DELETE", "POST", "PUT"})
CHECKSUM_HEADERS = tuple(
    f"x-amz-checksum-{name}" for name in ("crc32", "crc32c", "crc64nvme", "sha1", "sha256")
)
UPLOAD_HEADERS = ("content-type", "if-none-match", "x-amz-meta-broker-upload")
DOWNLOAD_HEADERS = ("range",)
EXPOSED_HEADERS = ("Content-Range", "ETag", "Location", *CHECKSUM_HEADERS, "x-amz-version-id")

_ORIGIN = re.compile(
    r"([a-z][a-z0-9+.-]*)://(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?"
)
_DEFAULT_PORTS = {("http", "80"), ("https", "443")}
_MAX_PORT = 65_535
_METADATA_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,127}")


@dataclass(frozen=True, slots=True)
class CorsRule:
    """One rule; `id` is "" where there is none, `max_age` None where the browser decides."""

    id: str
    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: timedelta | None = None

    @property
    def lets_any_site_write(self) -> bool:
        any_site = any(ANY_ORIGIN in origin for origin in self.origins)
        return any_site and not WRITE_METHODS.isdisjoint(self.methods)


Content = tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str], "timedelta | None"]


def content(rule: CorsRule) -> Content:
    """What a rule does, whatever its id and the order of its lists; some servers sort them."""
    return (
        frozenset(rule.origins),
        frozenset(rule.methods),
        frozenset(name.lower() for name in rule.headers),
        frozenset(name.lower() for name in rule.expose_headers),
        rule.max_age,
    )


def check_origins(origins: Sequence[str]) -> tuple[str, ...]:
    """Return the origins without repetition. Raises InvalidRequest, naming each bad one."""
    if not origins:
        raise InvalidRequest(problems=[("origin", "at least one is needed.")])
    faults = [(origin, origin_fault(origin)) for origin in origins]
    problems = [("origin", f"{origin[:80]!r} {fault}") for origin, fault in faults if fault]
    if problems:
        raise InvalidRequest(problems=problems)
    return tuple(dict.fromkeys(origins))


def origin_fault(origin: str) -> str:
    """What keeps a text from being `*` or an origin as browsers send it; empty when nothing."""
    if origin == ANY_ORIGIN:
        return ""
    match = _ORIGIN.fullmatch(origin) if len(origin) <= MAX_ORIGIN_LENGTH else None
    if match is None:
        return "must be scheme://host[:port] in lower case, without path or trailing slash."
    scheme, port = match.groups()
    if port is not None and not 0 < int(port) <= _MAX_PORT:
        return f"must have a port of 1 to {_MAX_PORT}."
    if (scheme, port) in _DEFAULT_PORTS:
        return "must not name its scheme's default port: browsers leave it out."
    return ""


def metadata_headers(names: Iterable[str]) -> tuple[str, ...]:
    """Return the headers of user metadata named without `x-amz-meta-`. Raises InvalidRequest."""
    unique = tuple(dict.fromkeys(names))
    fault = "must be lower-case letters, digits, `-` and `_`."
    bad = [name for name in unique if not _METADATA_NAME.fullmatch(name)]
    if bad:
        raise InvalidRequest(problems=[("metadata", f"{name[:80]!r} {fault}") for name in bad])
    return tuple(META_PREFIX + name for name in unique)


def with_metadata(rules: Iterable[CorsRule], names: Iterable[str]) -> tuple[CorsRule, ...]:
    """Return the rules with user metadata allowed where uploads are. Raises InvalidRequest."""
    added = metadata_headers(names)
    return tuple(
        replace(rule, headers=tuple(dict.fromkeys((*rule.headers, *added))))
        if "PUT" in rule.methods
        else rule
        for rule in rules
    )


def expand(
    rules: Iterable[CorsRule], origins: Sequence[str], *, allow_any_origin: bool = False
) -> tuple[CorsRule, ...]:
    """Return the rules with `${ORIGIN}` replaced by the origins.

    Raises InvalidRequest for a bad origin, and where any site could write unless that is allowed.
    """
    exact = check_origins(origins)
    expanded = tuple(replace(rule, origins=_fill(rule.origins, exact)) for rule in rules)
    if not allow_any_origin and any(rule.lets_any_site_write for rule in expanded):
        fault = "`*` would let any site write; ask for it with --allow-any-origin."
        raise InvalidRequest(problems=[("origin", fault)])
    return expanded


def _fill(places: Iterable[str], origins: tuple[str, ...]) -> tuple[str, ...]:
    filled = (
        origin
        for place in places
        for origin in (origins if place == ORIGIN_PLACEHOLDER else (place,))
    )
    return tuple(dict.fromkeys(filled))


def merge(existing: Iterable[CorsRule], wanted: Sequence[CorsRule]) -> tuple[CorsRule, ...]:
    """Return the wanted rules, then every foreign one in its order.

    Ours go first, so that a wider rule of someone else cannot hide what ours exposes.
    Raises InvalidRequest above S3's limit.
    """
    merged = (*wanted, *foreign(existing, wanted))
    if len(merged) > MAX_RULES:
        raise InvalidRequest(f"The bucket would have {len(merged)} CORS rules; S3 takes 100.")
    return merged


def foreign(existing: Iterable[CorsRule], wanted: Sequence[CorsRule] = ()) -> tuple[CorsRule, ...]:
    """Return the rules that are not ours.

    Ours are known by their id; on a server that drops ids, by the same content as a wanted one.
    """
    known = {content(rule) for rule in wanted}
    return tuple(
        rule
        for rule in existing
        if not (is_our_id(rule.id) or (not rule.id and content(rule) in known))
    )


def is_our_id(rule_id: str) -> bool:
    return rule_id == RULE_ID or rule_id.startswith(RULE_ID + "-")


def differs(before: Sequence[CorsRule], after: Sequence[CorsRule]) -> bool:
    return [content(rule) for rule in before] != [content(rule) for rule in after]


def diff(before: Sequence[CorsRule], after: Sequence[CorsRule]) -> tuple[str, ...]:
    """Return a unified diff of the two as JSON, empty when they do the same."""
    if not differs(before, after):
        return ()
    old, new = _sorted_lines(before), _sorted_lines(after)
    return tuple(difflib.unified_diff(old, new, "bucket", "wanted", lineterm=""))


def _sorted_lines(rules: Iterable[CorsRule]) -> list[str]:
    return json.dumps([document(rule) for rule in rules], indent=2).splitlines()


def document(rule: CorsRule) -> dict[str, str | list[str] | int | None]:
    """Return the rule as in a rules file, its lists sorted."""
    return {
        "ID": rule.id,
        "AllowedOrigins": sorted(rule.origins),
        "AllowedMethods": sorted(rule.methods),
        "AllowedHeaders": sorted(rule.headers, key=str.lower),
        "ExposeHeaders": sorted(rule.expose_headers, key=str.lower),
        "MaxAgeSeconds": None if rule.max_age is None else int(rule.max_age.total_seconds()),
    }
