"""Content types as they are signed: the essence, in lower case, without parameters.

https://www.rfc-editor.org/rfc/rfc9110#name-media-type
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from broker.errors import InvalidType

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_TYPE = "application/octet-stream"
MAX_TYPE_LENGTH = 127  # RFC 6838, 4.2: each half at most 127; nobody needs more for both
_TOKEN = r"[a-z0-9][a-z0-9!#$&^_.+-]*"  # noqa: S105 - RFC 6838 names; no password
_ESSENCE = re.compile(f"{_TOKEN}/{_TOKEN}")
_PATTERN = re.compile(rf"(?:\*/\*|{_TOKEN}/(?:\*|{_TOKEN}))")


def canonical_type(text: str) -> str:
    """Return the essence to sign; empty text means unknown bytes. Raises InvalidType."""
    essence = text.partition(";")[0].strip().lower() or DEFAULT_TYPE
    if len(essence) > MAX_TYPE_LENGTH or not _ESSENCE.fullmatch(essence):
        raise InvalidType("type: must look like `image/png`.")
    return essence


def is_type_pattern(pattern: str) -> bool:
    return _PATTERN.fullmatch(pattern) is not None


def type_matches(pattern: str, content_type: str) -> bool:
    """Match a canonical type against `image/png`, `image/*` or `*/*`."""
    if pattern in ("*/*", content_type):
        return True
    return pattern.endswith("/*") and content_type.startswith(pattern[:-1])


def allows_type(patterns: Sequence[str], content_type: str) -> bool:
    """No patterns allow every type."""
    return not patterns or any(type_matches(pattern, content_type) for pattern in patterns)
