"""The rules file, in the form of `aws s3api put-bucket-cors`: `{"CORSRules": [{...}]}`.

Fields: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CORSRule.html
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from broker.errors import ConfigurationError
from broker.policy.cors import (
    MAX_RULES,
    METHODS,
    ORIGIN_PLACEHOLDER,
    RULE_ID,
    WRITE_METHODS,
    CorsRule,
    is_our_id,
    origin_fault,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_FILE_BYTES = 64 * 1024  # S3's limit for a bucket's rules
MAX_ID_LENGTH = 255
MAX_AGE_LIMIT = timedelta(days=1)  # no browser keeps a preflight longer
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'+.^_`|~-]{1,128}")
_ALL_METHODS = WRITE_METHODS.union(METHODS)
_FIELDS = {
    "ID",
    "AllowedOrigins",
    "AllowedMethods",
    "AllowedHeaders",
    "ExposeHeaders",
    "MaxAgeSeconds",
}

Entry = dict[str, object]


def parse_rules(text: bytes) -> tuple[CorsRule, ...]:
    """Return the rules of a file. Raises ConfigurationError with every problem in it."""
    entries = _entries(text)
    problems = [
        f"CORSRules[{place}].{fault}"
        for place, entry in enumerate(entries)
        for fault in _faults(entry)
    ]
    ids = [entry.get("ID") for entry in entries]
    if len(ids) != len(set(map(str, ids))):
        problems.append("CORSRules: each ID may occur once.")
    if problems:
        raise ConfigurationError(problems)
    return tuple(_rule(entry) for entry in entries)


def _entries(text: bytes) -> list[Entry]:
    if len(text) > MAX_FILE_BYTES:
        raise ConfigurationError([f"rules file: is larger than {MAX_FILE_BYTES} bytes."])
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigurationError(["rules file: is not JSON."]) from None
    if not isinstance(document, dict) or set(document) != {"CORSRules"}:
        raise ConfigurationError(['rules file: must be {"CORSRules": [...]} and no more.'])
    entries: object = document["CORSRules"]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigurationError(["CORSRules: must be a list of objects."])
    if not 0 < len(entries) <= MAX_RULES:
        raise ConfigurationError([f"CORSRules: must hold 1 to {MAX_RULES} rules."])
    return entries


def _faults(entry: Entry) -> Iterator[str]:
    yield from (f"{name}: is not a field of a rule." for name in sorted(entry.keys() - _FIELDS))
    rule_id = entry.get("ID")
    if not isinstance(rule_id, str) or not is_our_id(rule_id) or len(rule_id) > MAX_ID_LENGTH:
        yield f"ID: must be `{RULE_ID}` or begin with `{RULE_ID}-`, so that it is found again."
    yield from _list_faults(entry, "AllowedOrigins", _origin_or_placeholder, required=True)
    yield from _list_faults(entry, "AllowedMethods", _ALL_METHODS.__contains__, required=True)
    yield from _list_faults(entry, "AllowedHeaders", _is_allowed_header)
    yield from _list_faults(entry, "ExposeHeaders", _is_header_name)
    seconds = entry.get("MaxAgeSeconds", 0)
    limit = int(MAX_AGE_LIMIT.total_seconds())
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= limit:
        yield f"MaxAgeSeconds: must be an integer of 0 to {limit}."


def _list_faults(
    entry: Entry, name: str, accepts: Callable[[str], bool], *, required: bool = False
) -> Iterator[str]:
    values = entry.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        yield f"{name}: must be a list of texts."
        return
    if required and not values:
        yield f"{name}: must not be empty."
    yield from (
        f"{name}: {value[:80]!r} is not allowed here." for value in values if not accepts(value)
    )


def _origin_or_placeholder(origin: str) -> bool:
    return origin == ORIGIN_PLACEHOLDER or not origin_fault(origin)


def _is_header_name(name: str) -> bool:
    return _HEADER_NAME.fullmatch(name) is not None


def _is_allowed_header(name: str) -> bool:
    """S3 takes one `*` in a name; LocalStack takes it alone only."""
    return name == "*" or _is_header_name(name.replace("*", "", 1))


def _rule(entry: Entry) -> CorsRule:
    seconds = entry.get("MaxAgeSeconds")
    return CorsRule(
        id=str(entry["ID"]),
        origins=_texts(entry, "AllowedOrigins"),
        methods=_texts(entry, "AllowedMethods"),
        headers=_texts(entry, "AllowedHeaders"),
        expose_headers=_texts(entry, "ExposeHeaders"),
        max_age=timedelta(seconds=seconds) if isinstance(seconds, int) else None,
    )


def _texts(entry: Entry, name: str) -> tuple[str, ...]:
    values = entry.get(name, [])
    return tuple(map(str, values)) if isinstance(values, list) else ()
