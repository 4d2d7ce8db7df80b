"""Coming back to an upload: the ticket is opened for its owner and today's policy asked again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from broker.errors import Forbidden, UploadGone, UploadNotFound
from broker.gate import Wanted
from broker.policy.grants import Action, no_overwrite

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from broker.gate import Caller, Gate
    from broker.policy.grants import Grant
    from broker.policy.profiles import Profile
    from broker.policy.ticket import Ticket, Tickets


@dataclass(frozen=True, slots=True)
class Permit:
    """What allows an upload: a grant, and the profile it was asked through, if any."""

    grant: Grant
    profile: Profile | None

    @property
    def overwrite(self) -> bool:
        return self.grant.overwrite and (self.profile is None or self.profile.overwrite)

    @property
    def max_expiry(self) -> timedelta | None:
        """The longest life of a URL; None means the configuration's own maximum."""
        if self.profile is not None and self.profile.expiry is not None:
            return self.profile.expiry
        return self.grant.max_expiry


class UploadAccess:
    def __init__(self, tickets: Tickets, gate: Gate, clock: Callable[[], datetime]) -> None:
        self._tickets = tickets
        self._gate = gate
        self._clock = clock

    def open(
        self, caller: Caller, upload_id: str, event: str, *, urls: int = 1
    ) -> tuple[Ticket, Permit]:
        """Return the caller's own upload, as far as today's policy still allows it.

        Raises UploadNotFound, Forbidden, or UploadGone after the ticket's end.
        """
        ticket = self._open(caller, upload_id)
        permit = self.permit(caller, ticket, event, urls=urls)
        if self._clock() >= ticket.expires_at:
            raise UploadGone("The upload's time has ended; start it anew.")
        if ticket.may_overwrite and not permit.overwrite:
            ticket = replace(ticket, may_overwrite=False)
        return ticket, permit

    def _open(self, caller: Caller, upload_id: str) -> Ticket:
        try:
            return self._tickets.open(upload_id, caller.principal)
        except UploadNotFound as refusal:
            self._gate.note("ticket.open", caller, allowed=False, reason=refusal.code)
            raise

    def permit(
        self,
        caller: Caller,
        ticket: Ticket,
        event: str,
        *,
        urls: int = 1,
        must_overwrite: bool = False,
    ) -> Permit:
        """Ask today's policy for the upload of a ticket. Raises Forbidden."""
        wanted = Wanted(
            event=event,
            action=Action.WRITE,
            bucket=ticket.bucket,
            key=ticket.key,
            size=ticket.size,
            content_type=ticket.content_type,
            urls=urls,
            must_overwrite=must_overwrite,
        )
        profile = self.profile(caller, ticket.profile, event)
        if profile is not None:
            self._check_profile(caller, profile, wanted)
        return Permit(self._gate.allow(caller, wanted), profile)

    def profile(self, caller: Caller, name: str | None, event: str) -> Profile | None:
        """Return a profile in force. Raises Forbidden when the policy has none of this name."""
        if name is None:
            return None
        profile = self._gate.policy.profiles.get(name)
        if profile is None:
            refusal = Forbidden("profile: is not known.", reason="no_profile")
            self._gate.refuse(caller, Wanted(event, Action.WRITE, "", ""), refusal)
        return profile

    def _check_profile(self, caller: Caller, profile: Profile, wanted: Wanted) -> None:
        try:
            profile.check(size=wanted.size or 0, content_type=wanted.content_type or "")
            if wanted.must_overwrite and not profile.overwrite:
                raise no_overwrite()
        except Forbidden as refusal:
            self._gate.refuse(caller, wanted, refusal)
