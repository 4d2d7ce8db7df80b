"""JSON that means one thing only: no duplicate members, no NaN, no Infinity, no 1e400."""

from __future__ import annotations

import json
import math


def loads(text: str) -> object:
    """Parse `text`; raises ValueError, or RecursionError when it nests too deeply."""
    return _DECODER.decode(text)


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_members, parse_float=_finite, parse_constant=_finite
)
