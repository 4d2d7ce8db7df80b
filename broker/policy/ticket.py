"""The ticket: one upload's id on the wire, sealed, so that the broker keeps no table of uploads.

It binds owner, bucket, key, S3's upload id, size, type, part plan and mark. Whoever holds it must
still be its owner, and today's policy is asked again on each call. Sealing is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from broker.errors import UploadNotFound
from broker.policy.parts import PartPlan

if TYPE_CHECKING:
    from collections.abc import Callable

    from broker.policy.identity import Principal

MAX_TICKET_LENGTH = 8192
CACHED_TICKETS = 1024
MARK_NAME = "broker-upload"  # of the user metadata that ties an object to its upload
MARK_HEADER = f"x-amz-meta-{MARK_NAME}"
_FORMAT = 1  # first member of the payload; a later form gets another number


@dataclass(frozen=True, slots=True)
class Ticket:
    """`upload_id` and `part_size` are None for a single PUT; sizes in bytes.

    `may_overwrite` false means a signed, or on completion a conditional, `if-none-match: *`.
    """

    issuer: str
    subject: str
    bucket: str
    key: str
    size: int
    content_type: str
    mark: str
    created_at: datetime
    expires_at: datetime
    may_overwrite: bool
    upload_id: str | None = None
    part_size: int | None = None
    fingerprint: str | None = None
    profile: str | None = None

    @property
    def is_multipart(self) -> bool:
        return self.upload_id is not None

    @property
    def plan(self) -> PartPlan:
        """The parts; a single PUT is one part of the whole size."""
        return PartPlan(self.size, self.part_size or max(self.size, 1))

    def belongs_to(self, principal: Principal) -> bool:
        return self.issuer == principal.issuer and self.subject == principal.subject

    def to_payload(self) -> list[object]:
        """Return the members in a fixed order, times as whole seconds: short once sealed."""
        return [
            _FORMAT,
            self.issuer,
            self.subject,
            self.bucket,
            self.key,
            self.size,
            self.content_type,
            self.mark,
            int(self.created_at.timestamp()),
            int(self.expires_at.timestamp()),
            self.may_overwrite,
            self.upload_id,
            self.part_size,
            self.fingerprint,
            self.profile,
        ]

    @classmethod
    def from_payload(cls, payload: object) -> Self:
        """Read what `to_payload` wrote. Raises ValueError for any other form."""
        # The seal vouches for the members' types: only this class writes payloads.
        members: list[Any] = payload if isinstance(payload, list) else []
        if len(members) != len(cls.__slots__) + 1 or members[0] != _FORMAT:
            raise ValueError("not a ticket of this form")
        members[8] = datetime.fromtimestamp(members[8], UTC)
        members[9] = datetime.fromtimestamp(members[9], UTC)
        return cls(*members[1:])


class Tickets:
    """Seals tickets and opens them for their owner only."""

    def __init__(
        self, seal: Callable[[list[object]], str], unseal: Callable[[str], object]
    ) -> None:
        """`unseal` raises ValueError for anything that `seal` did not make."""
        self._seal = seal
        # The same ticket comes back with each window of parts; a text never changes its meaning.
        self._read = lru_cache(CACHED_TICKETS)(lambda text: Ticket.from_payload(unseal(text)))

    def seal(self, ticket: Ticket) -> str:
        return self._seal(ticket.to_payload())

    def open(self, text: str, principal: Principal) -> Ticket:
        """Return the principal's own ticket.

        Raises UploadNotFound, the same for an unknown, tampered or foreign one.
        """
        if len(text) > MAX_TICKET_LENGTH:
            raise UploadNotFound
        try:
            ticket = self._read(text)
        except ValueError:
            raise UploadNotFound from None
        if not ticket.belongs_to(principal):
            raise UploadNotFound
        return ticket
