"""How an upload is cut: one PUT, or equal parts and a last one that may be shorter.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from broker.errors import InvalidSize

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

PREFERRED_PARTS = 100
SMALLEST_PREFERRED_PART = 8 * MIB
LARGEST_PREFERRED_PART = 64 * MIB
MULTIPART_THRESHOLD = 16 * MIB


@dataclass(frozen=True, slots=True)
class PartLimits:
    """What a provider takes; sizes in bytes."""

    min_part: int = 5 * MIB
    max_part: int = 5 * GIB
    max_parts: int = 10_000
    max_put: int = 5 * GIB

    @property
    def max_object(self) -> int:
        return self.max_part * self.max_parts


class PartPlan(NamedTuple):
    """Parts 1 to `part_count` of `part_size` bytes each; the last one holds the rest."""

    size: int
    part_size: int

    @property
    def part_count(self) -> int:
        return max(1, -(-self.size // self.part_size))

    @property
    def last_length(self) -> int:
        return self.size - self.part_size * (self.part_count - 1)

    def length(self, part_number: int) -> int:
        """Bytes of one part."""
        return self.part_size if part_number < self.part_count else self.last_length


def plan_parts(size: int, limits: PartLimits) -> PartPlan:
    """Cut `size` bytes into whole-MiB parts: about a hundred, of 8 to 64 MiB, larger when needed.

    Raises InvalidSize above the provider's largest object.
    """
    if size > limits.max_object:
        raise InvalidSize(f"size: must be at most {limits.max_object} bytes.")
    preferred = min(max(size // PREFERRED_PARTS, SMALLEST_PREFERRED_PART), LARGEST_PREFERRED_PART)
    needed = -(-size // limits.max_parts)
    part_size = _round_up(max(preferred, needed, limits.min_part), MIB)
    return PartPlan(size, min(part_size, limits.max_part))


def _round_up(size: int, unit: int) -> int:
    return -(-size // unit) * unit


def check_size(size: int, limits: PartLimits) -> int:
    """Return a size that some upload could have. Raises InvalidSize."""
    if not 0 <= size <= limits.max_object:
        raise InvalidSize(f"size: must be 0 to {limits.max_object} bytes.")
    return size
