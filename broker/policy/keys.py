"""Object keys: which may be signed, and how names from people become keys.

A key that a browser, a proxy or S3 could read differently is refused, so the URL that is checked
is the URL that is used. Nothing is normalised after the check.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from broker.errors import InvalidKey

if TYPE_CHECKING:
    from datetime import datetime

MAX_KEY_BYTES = 1024
RESERVED_PREFIX = ".broker/"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_DOT_SEGMENT = re.compile(r"(?:^|/)\.\.?(?:/|$)")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,16}$")
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
PLACEHOLDERS = frozenset({"sub", "uuid", "name", "ext", "yyyy", "mm", "dd"})


def check_key(key: str) -> str:
    """Return the key when it may be signed. Raises InvalidKey."""
    check_key_text(key)
    if not key:
        raise InvalidKey("key: must not be empty.")
    return check_prefix(key)


def check_prefix(prefix: str) -> str:
    """Return a prefix, possibly empty, that only begins keys which may be signed.

    Raises InvalidKey.
    """
    check_key_text(prefix)
    if prefix.startswith("/") or "//" in prefix:
        raise InvalidKey("key: must have no empty segment (a leading `/` or `//`).")
    if _DOT_SEGMENT.search(prefix):
        raise InvalidKey("key: must have no `.` or `..` segment.")
    if _CONTROL.search(prefix):
        raise InvalidKey("key: must have no control character.")
    if "${" in prefix:
        raise InvalidKey("key: must not hold `${`.")
    if is_reserved(prefix):
        raise InvalidKey(f"key: `{RESERVED_PREFIX}` is reserved.")
    return prefix


def check_key_text(key: str) -> str:
    """Return a key that S3 could hold: any text of at most 1,024 UTF-8 bytes. Raises InvalidKey.

    Keys made by others may be listed, renamed and deleted, though never signed.
    """
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise InvalidKey("key: must be valid Unicode.") from None
    if length > MAX_KEY_BYTES:
        raise InvalidKey(f"key: must be at most {MAX_KEY_BYTES} UTF-8 bytes.")
    return key


def is_reserved(key: str) -> bool:
    return key.startswith(RESERVED_PREFIX) or key == RESERVED_PREFIX[:-1]


def key_for_name(prefix: str, name: str) -> str:
    """Return the key of a person's file below a prefix; `name` may hold `/` (folder uploads).

    Raises InvalidKey.
    """
    if prefix and not prefix.endswith("/"):
        raise InvalidKey("prefix: must be empty or end with `/`.")
    if not name or name.startswith("/"):
        raise InvalidKey("name: must not be empty or begin with `/`.")
    return check_key(prefix + name)


def key_from_template(template: str, *, sub: str, uuid: str, name: str, now: datetime) -> str:
    """Fill a profile's key template for a file name, of which only the last segment counts.

    `{ext}` is the extension in lower case with its dot, or empty. Raises InvalidKey.
    """
    last = name.rpartition("/")[2]
    extension = _EXTENSION.search(last)
    values = {
        "sub": sub,
        "uuid": uuid,
        "name": last,
        "ext": extension.group().lower() if extension else "",
        "yyyy": f"{now.year:04d}",
        "mm": f"{now.month:02d}",
        "dd": f"{now.day:02d}",
    }
    return check_key(_PLACEHOLDER.sub(lambda match: values[match[1]], template))


def template_faults(template: str) -> list[str]:
    """Return what is wrong with a profile's key template; empty when nothing is."""
    names = _PLACEHOLDER.findall(template)
    faults = [f"unknown placeholder {{{name}}}" for name in names if name not in PLACEHOLDERS]
    if not {"uuid", "name"}.intersection(names):
        faults.append("must hold {uuid} or {name}, or all uploads would share one key")
    return faults
