"""The kinds of values that settings have: read from text, checked, in the words of the broker."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BeforeValidator, ByteSize

from broker.errors import InvalidKey
from broker.policy.buckets import is_bucket_name
from broker.policy.content_types import is_type_pattern
from broker.policy.keys import check_key, check_prefix, template_faults
from broker.policy.limits import MAX_SIGNED_LIFE

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_BUCKET_PATTERN = re.compile(r"[a-z0-9.*-]{1,63}")
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
_URL = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?(?:/[^\s?#]*)?")
_PLACEHOLDER = re.compile(r"[{}]")
_WHO = re.compile(r"\*|(?:role|sub):\S+")
_MAX_PORT = 65535
_MAX_DURATION = timedelta(days=365)


def read_duration(text: str) -> timedelta:
    """Raises ValueError, its text in the broker's words."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("must be a duration such as 90s, 5m, 1h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    return read_duration(value if isinstance(value, str) else "")


def _split(value: object) -> object:
    """Take `a, b` where a list is meant: the form that suits an environment variable."""
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


def _signed_life(life: timedelta) -> timedelta:
    if not timedelta(seconds=1) <= life <= MAX_SIGNED_LIFE:
        raise ValueError("must be 1s to 7d")
    return life


def _bounded(life: timedelta) -> timedelta:
    if not timedelta(seconds=1) <= life <= _MAX_DURATION:
        raise ValueError("must be 1s to 365d")
    return life


def _url(value: str) -> str:
    match = _URL.fullmatch(value)
    if match is None or int(match[1] or 0) > _MAX_PORT:
        raise ValueError("must be an http or https URL of host, port and path alone")
    return value.rstrip("/")


def _matching(pattern: re.Pattern[str], fault: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(fault)
        return value

    return check


def _bucket_name(value: str) -> str:
    if not is_bucket_name(value):
        raise ValueError("must be a bucket's name: 3 to 63 of a-z, 0-9, `.` and `-`")
    return value


def _type_pattern(value: str) -> str:
    if not is_type_pattern(value):
        raise ValueError("must be a type such as image/png or image/*")
    return value


def _grant_prefix(value: str) -> str:
    if value and not value.endswith("/"):
        raise ValueError("must be empty or end with `/`")
    if _PLACEHOLDER.search(value.replace("{sub}", "")):
        raise ValueError("may hold no placeholder but {sub}")
    return _checked(check_prefix, value)


def _key_template(value: str) -> str:
    faults = template_faults(value)
    if faults:
        raise ValueError("; ".join(faults))
    return _checked(check_key, value)


def _checked(check: Callable[[str], str], value: str) -> str:
    try:
        return check(value)
    except InvalidKey as error:
        raise ValueError(error.detail) from error


Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_bounded)]
SignedLife = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_signed_life)]
Url = Annotated[str, AfterValidator(_url)]
Origin = Annotated[
    str, AfterValidator(_matching(_ORIGIN, "must be an exact origin such as https://app.example"))
]
Who = Annotated[str, AfterValidator(_matching(_WHO, "must be role:NAME, sub:SUBJECT or *"))]
BucketName = Annotated[str, AfterValidator(_bucket_name)]
BucketPattern = Annotated[
    str, AfterValidator(_matching(_BUCKET_PATTERN, "must be a bucket's name; `*` may stand in it"))
]
GrantPrefix = Annotated[str, AfterValidator(_grant_prefix)]
KeyTemplate = Annotated[str, AfterValidator(_key_template)]
TypePattern = Annotated[str, AfterValidator(_type_pattern)]
Size = ByteSize

# For a list that the environment may hold as `a, b`; stands beside pydantic-settings' `NoDecode`,
# which would read it as JSON otherwise.
SplitList = BeforeValidator(_split)
