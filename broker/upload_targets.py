"""How to send the bytes: one PUT, or parts; size, type and overwriting bound by the signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from broker.errors import InvalidRequest
from broker.policy.ticket import MARK_HEADER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from broker.policy.limits import Life
    from broker.policy.ticket import Ticket
    from broker.signing import Signing

FIRST_WINDOW = 32  # parts signed with the answer that creates a multipart upload


@dataclass(frozen=True, slots=True)
class PutTarget:
    """Send exactly `headers` and `size` bytes."""

    url: str
    headers: Mapping[str, str]
    size: int
    expires_at: datetime
    limited_by: str


class SignedPart(NamedTuple):
    """A tuple, because ten thousand are made at once."""

    part_number: int
    size: int
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class MultipartTarget:
    """`parts` is the first window; ask for the others when their turn comes."""

    part_size: int
    part_count: int
    parts: Sequence[SignedPart]
    limited_by: str


class Targets:
    def __init__(self, signing: Signing) -> None:
        self._signing = signing

    def put(self, ticket: Ticket, max_expiry: timedelta | None) -> PutTarget:
        life = self._signing.upload_life(ticket.size, max_expiry)
        headers = put_headers(ticket)
        signed = {**headers, "content-length": str(ticket.size)}
        url = self._signing.url("PUT", ticket.bucket, ticket.key, life, headers=signed)
        return PutTarget(url, headers, ticket.size, life.expires_at, life.limited_by)

    def multipart(self, ticket: Ticket, max_expiry: timedelta | None) -> MultipartTarget:
        plan = ticket.plan
        numbers = range(1, min(plan.part_count, FIRST_WINDOW) + 1)
        parts, life = self.parts(ticket, numbers, max_expiry)
        return MultipartTarget(plan.part_size, plan.part_count, parts, life.limited_by)

    def parts(
        self, ticket: Ticket, numbers: Sequence[int], max_expiry: timedelta | None
    ) -> tuple[list[SignedPart], Life]:
        """Sign parts of an upload. Raises InvalidRequest for a number out of its plan."""
        plan = ticket.plan
        size, count, last = plan.part_size, plan.part_count, plan.last_length
        if min(numbers) < 1 or max(numbers) > count:
            raise InvalidRequest(f"part_number: must be 1 to {count}.")
        whole, rest = {"content-length": str(size)}, {"content-length": str(last)}
        headers = [(number, whole if number < count else rest) for number in numbers]
        life = self._signing.upload_life(size * len(headers), max_expiry)
        urls = self._signing.part_urls(
            ticket.bucket, ticket.key, ticket.upload_id or "", headers, life
        )
        end = life.expires_at
        signed = [
            SignedPart(number, size if number < count else last, url, end)
            for (number, _), url in zip(headers, urls, strict=True)
        ]
        return signed, life


def put_headers(ticket: Ticket) -> dict[str, str]:
    """Return what the client must send besides the length, which its HTTP stack sets itself."""
    headers = {"content-type": ticket.content_type, MARK_HEADER: ticket.mark}
    if not ticket.may_overwrite:
        headers["if-none-match"] = "*"
    return headers


def enforced(ticket: Ticket) -> dict[str, str]:
    """Return what holds each promise about an upload.

    `signature`: S3 refuses any other request. `create`: the broker told S3 itself, before any part.
    `complete`: S3 is asked to refuse when the parts are joined.
    """
    if not ticket.is_multipart:
        held = {"size": "signature", "type": "signature"}
        return held if ticket.may_overwrite else {**held, "overwrite": "signature"}
    held = {"size": "signature", "type": "create"}
    return held if ticket.may_overwrite else {**held, "overwrite": "complete"}
