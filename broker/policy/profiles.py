"""Named upload presets for apps: where an upload goes and what it may be.

A profile narrows; the key it makes must lie in a grant of the person as well. Only its `expiry` may
widen: it stands instead of the grant's `max_expiry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from broker.errors import SizeNotAllowed, TypeNotAllowed
from broker.policy.content_types import allows_type

if TYPE_CHECKING:
    from datetime import timedelta


class Strategy(StrEnum):
    AUTO = "auto"
    PUT = "put"
    MULTIPART = "multipart"


@dataclass(frozen=True, slots=True)
class Profile:
    """`key` is a template (`broker.policy.keys`); sizes are bytes; empty `types` allow any."""

    name: str
    bucket: str
    key: str
    types: tuple[str, ...] = ()
    max_size: int | None = None
    overwrite: bool = True
    expiry: timedelta | None = None
    strategy: Strategy = Strategy.AUTO

    def check(self, *, size: int, content_type: str) -> None:
        """Raise SizeNotAllowed or TypeNotAllowed when the profile does not take such a file."""
        if self.max_size is not None and size > self.max_size:
            raise SizeNotAllowed(f"size: {size} is above the limit of {self.max_size} bytes.")
        if not allows_type(self.types, content_type):
            raise TypeNotAllowed(f"type: not one of {', '.join(self.types)}.")
