"""The page's sign-in: a sealed cookie that slides forward with use and has an absolute end.

No table of sessions is kept: the cookie is the session. Only signed-out ones are remembered, until
they would have ended anyway.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from broker.auth.seal import BadSeal
from broker.errors import InvalidToken
from broker.policy.identity import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

    from broker.auth.seal import Sealer

DEFAULT_IDLE = timedelta(hours=8)
DEFAULT_ABSOLUTE = timedelta(days=7)
MAX_REVOKED = 100_000


@dataclass(frozen=True, slots=True)
class Session:
    """Times are whole seconds. `expires_at` moves with each renewal, `started_at` never."""

    sid: str
    issuer: str
    subject: str
    roles: frozenset[str]
    started_at: datetime
    expires_at: datetime

    @property
    def principal(self) -> Principal:
        return Principal(self.issuer, self.subject, self.roles)


class Sessions:
    """Belongs to one thread."""

    def __init__(
        self,
        sealer: Sealer,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        idle: timedelta = DEFAULT_IDLE,
        absolute: timedelta = DEFAULT_ABSOLUTE,
    ) -> None:
        """`idle`: life without a renewal. `absolute`: life altogether."""
        self._sealer = sealer
        self._clock = clock
        self._new_id = new_id
        self._idle = idle
        self._absolute = absolute
        # When each was revoked, oldest first: all are kept equally long, so it also ends first.
        self._revoked: OrderedDict[str, datetime] = OrderedDict()
        # Sessions started up to here count as revoked: what overflow forgot must not come back.
        self._revoked_until = datetime.min.replace(tzinfo=UTC)

    def start(self, principal: Principal, generation: str) -> Session:
        """`generation` becomes the end of the session's id: it tells which password began it."""
        now = self._clock().replace(microsecond=0)
        return Session(
            sid=self._new_id() + generation,
            issuer=principal.issuer,
            subject=principal.subject,
            roles=principal.roles,
            started_at=now,
            expires_at=now + min(self._idle, self._absolute),
        )

    def seal(self, session: Session) -> str:
        """Return the cookie's value."""
        return self._sealer.seal(
            {
                "sid": session.sid,
                "iss": session.issuer,
                "sub": session.subject,
                "roles": sorted(session.roles),
                "iat": int(session.started_at.timestamp()),
                "exp": int(session.expires_at.timestamp()),
            }
        )

    def open(self, cookie: str) -> Session:
        """Raises InvalidToken when it was tampered with, has ended or was revoked."""
        try:
            session = _from_payload(self._sealer.unseal(cookie))
        except BadSeal:
            raise InvalidToken from None
        self._check_living(session)
        return session

    def renew(self, session: Session) -> Session:
        """Slide the end forward, never past the absolute one; raises InvalidToken as `open`."""
        self._check_living(session)
        now = self._clock().replace(microsecond=0)
        ends = min(now + self._idle, session.started_at + self._absolute)
        return replace(session, expires_at=ends)

    def revoke(self, sid: str) -> None:
        """End a session at once, here; a restart forgets it."""
        now = self._clock()
        self._drop_ended(now)
        self._revoked.setdefault(sid, now)
        if len(self._revoked) > MAX_REVOKED:
            _, self._revoked_until = self._revoked.popitem(last=False)

    def is_revoked(self, sid: str) -> bool:
        """Whether the tokens of the session, which live for minutes, are dead too."""
        return sid in self._revoked

    def _check_living(self, session: Session) -> None:
        now = self._clock()
        ends = min(session.expires_at, session.started_at + self._absolute)
        revoked = session.sid in self._revoked or session.started_at <= self._revoked_until
        if now >= ends or revoked:
            raise InvalidToken

    def _drop_ended(self, now: datetime) -> None:
        while self._revoked and next(iter(self._revoked.values())) + self._absolute <= now:
            self._revoked.popitem(last=False)


def _from_payload(payload: object) -> Session:
    match payload:
        case {
            "sid": str(sid),
            "iss": str(issuer),
            "sub": str(subject),
            "roles": [*roles],
            "iat": int(started),
            "exp": int(expires),
        }:
            return Session(
                sid=sid,
                issuer=issuer,
                subject=subject,
                roles=frozenset(map(str, roles)),
                started_at=datetime.fromtimestamp(started, UTC),
                expires_at=datetime.fromtimestamp(expires, UTC),
            )
    raise BadSeal
