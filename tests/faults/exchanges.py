"""Which request to S3 is which."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.proxy import Exchange

PART_NUMBER = re.compile(r"[?&]partNumber=(\d+)")


def is_complete(exchange: Exchange) -> bool:
    return exchange.method == "POST" and "uploadId=" in exchange.target


def is_list_parts(exchange: Exchange) -> bool:
    return exchange.method == "GET" and "uploadId=" in exchange.target


def is_kept_ticket(exchange: Exchange) -> bool:
    """The broker's own note of a multipart upload."""
    return exchange.method == "PUT" and "/.broker/uploads/" in exchange.target


def part_of(exchange: Exchange) -> int | None:
    """The number of the part that is sent."""
    found = PART_NUMBER.search(exchange.target)
    return int(found[1]) if found and exchange.method == "PUT" else None
