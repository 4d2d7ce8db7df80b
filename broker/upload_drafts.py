"""From a wish to a draft: what an upload will be, decided before anything is signed or created."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from broker.errors import InvalidSize, NotSupported
from broker.policy.content_types import canonical_type
from broker.policy.identity import encode_identity
from broker.policy.keys import key_for_name, key_from_template
from broker.policy.parts import MULTIPART_THRESHOLD, check_size, plan_parts
from broker.policy.profiles import Strategy
from broker.policy.ticket import Ticket

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from broker.gate import Caller
    from broker.policy.profiles import Profile
    from broker.s3.providers import Provider
    from broker.upload_access import Permit, UploadAccess

EVENT = "upload.create"


class IfExists(StrEnum):
    FAIL = "fail"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class FileWish:
    """One file that somebody wants to upload; `size` in bytes, `name` may hold `/`."""

    name: str
    size: int
    content_type: str
    fingerprint: str | None = None
    if_exists: IfExists | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """Either a profile, or a bucket and a prefix."""

    profile: str | None = None
    bucket: str | None = None
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An upload that is allowed; `ticket.upload_id` is still missing for a multipart one."""

    ticket: Ticket
    permit: Permit
    is_multipart: bool


class Drafting:
    def __init__(
        self,
        access: UploadAccess,
        provider: Provider,
        *,
        ttl: timedelta,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        """`new_id` returns text that nobody can guess, fit for a header and a key."""
        self._access = access
        self._provider = provider
        self._ttl = ttl
        self._clock = clock
        self._new_id = new_id

    def draft(
        self, caller: Caller, destination: Destination, wish: FileWish, strategy: Strategy
    ) -> Draft:
        """Decide on one file.

        Raises InvalidKey, InvalidType, InvalidSize, Forbidden or NotSupported.
        """
        profile = self._access.profile(caller, destination.profile, EVENT)
        ticket = self._ticket(caller, destination, wish, profile)
        must_overwrite = wish.if_exists is IfExists.REPLACE
        permit = self._access.permit(caller, ticket, EVENT, must_overwrite=must_overwrite)
        if profile is not None and profile.strategy is not Strategy.AUTO:
            strategy = profile.strategy
        may_overwrite = permit.overwrite and wish.if_exists is not IfExists.FAIL
        is_multipart = self._is_multipart(strategy, ticket.size, may_overwrite=may_overwrite)
        self._check_write_once(may_overwrite=may_overwrite, is_multipart=is_multipart)
        plan = plan_parts(ticket.size, self._provider.parts)
        part_size = plan.part_size if is_multipart else None
        ticket = replace(ticket, may_overwrite=may_overwrite, part_size=part_size)
        return Draft(ticket, permit, is_multipart)

    def _ticket(
        self, caller: Caller, destination: Destination, wish: FileWish, profile: Profile | None
    ) -> Ticket:
        now = self._clock()
        return Ticket(
            issuer=caller.principal.issuer,
            subject=caller.principal.subject,
            bucket=profile.bucket if profile else destination.bucket or "",
            key=self._key(caller, destination, wish.name, profile),
            size=check_size(wish.size, self._provider.parts),
            content_type=canonical_type(wish.content_type),
            mark=self._new_id(),
            created_at=now,
            expires_at=now + self._ttl,
            may_overwrite=True,
            fingerprint=wish.fingerprint,
            profile=destination.profile,
        )

    def _key(
        self, caller: Caller, destination: Destination, name: str, profile: Profile | None
    ) -> str:
        if profile is None:
            return key_for_name(destination.prefix, name)
        return key_from_template(
            profile.key,
            sub=encode_identity(caller.principal),
            uuid=self._new_id(),
            name=name,
            now=self._clock(),
        )

    def _is_multipart(self, strategy: Strategy, size: int, *, may_overwrite: bool) -> bool:
        provider = self._provider
        largest_put = provider.parts.max_put
        if strategy is Strategy.AUTO:
            only_put_refuses = provider.write_once_put and not provider.write_once_complete
            put_wanted = only_put_refuses and not may_overwrite
            return size > (largest_put if put_wanted else min(MULTIPART_THRESHOLD, largest_put))
        if strategy is Strategy.PUT and size > largest_put:
            raise InvalidSize(f"size: a single PUT takes at most {largest_put} bytes.")
        return strategy is Strategy.MULTIPART

    def _check_write_once(self, *, may_overwrite: bool, is_multipart: bool) -> None:
        provider = self._provider
        enforced = provider.write_once_complete if is_multipart else provider.write_once_put
        if not may_overwrite and not enforced:
            raise NotSupported(f"Provider {provider.name} cannot refuse to overwrite here.")
