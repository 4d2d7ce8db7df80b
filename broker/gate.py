"""The one gate: rate limit, decision, audit line and metric of every request, on every surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NoReturn

from broker.errors import Forbidden, RateLimited
from broker.telemetry.audit import Decided

if TYPE_CHECKING:
    from collections.abc import Callable

    from broker.policy.grants import Action, Grant, Policy
    from broker.policy.identity import Principal
    from broker.state.ratelimit import RateLimit
    from broker.telemetry.audit import AuditLog
    from broker.telemetry.metrics import Metrics


class Caller(NamedTuple):
    """Who asks, in which request."""

    principal: Principal
    request_id: str


class Wanted(NamedTuple):
    """What a request wants to do; `urls` is how many it stands for.

    `must_overwrite`: an upload that is to replace what lies there. `anywhere_below`: `key` is a
    prefix, and some place below it is enough.
    """

    event: str
    action: Action
    bucket: str
    key: str
    size: int | None = None
    content_type: str | None = None
    urls: int = 1
    must_overwrite: bool = False
    anywhere_below: bool = False


class Gate:
    """`policy` is asked on each call, so that a reload takes effect at once."""

    def __init__(
        self, policy: Callable[[], Policy], rate: RateLimit, audit: AuditLog, metrics: Metrics
    ) -> None:
        self._policy = policy
        self._rate = rate
        self._audit = audit
        self._metrics = metrics

    @property
    def policy(self) -> Policy:
        return self._policy()

    def enter(self, principal: Principal) -> None:
        """Count one request of this person. Raises RateLimited."""
        try:
            self._rate.hit(f"{principal.issuer} {principal.subject}")
        except RateLimited:
            self._metrics.rate_limited()
            raise

    def allow(self, caller: Caller, wanted: Wanted) -> Grant:
        """Return the grant that allows it. Raises Forbidden. Either way it is recorded."""
        try:
            grant = self._decide(caller.principal, wanted)
        except Forbidden as refusal:
            self.refuse(caller, wanted, refusal)
        self._record(caller, wanted, allowed=True, reason="grant")
        return grant

    def refuse(self, caller: Caller, wanted: Wanted, refusal: Forbidden) -> NoReturn:
        """Record a refusal and raise it."""
        self._record(caller, wanted, allowed=False, reason=refusal.reason)
        raise refusal

    def note(self, event: str, caller: Caller, *, allowed: bool, reason: str) -> None:
        """Record what no grant decides, such as a sign-in."""
        self._metrics.decision(event, allowed=allowed, reason=reason)
        self._audit.record(
            Decided(event, caller.principal, event, "", "", allowed, reason, caller.request_id)
        )

    def permits(self, caller: Caller, action: Action, bucket: str, key: str) -> bool:
        """Say whether something may be shown, without a record: for filtering what is listed."""
        try:
            self._policy().decide(caller.principal, action, bucket, key)
        except Forbidden:
            return False
        return True

    def _decide(self, principal: Principal, wanted: Wanted) -> Grant:
        policy = self._policy()
        if wanted.anywhere_below:
            return policy.decide_below(principal, wanted.action, wanted.bucket, wanted.key)
        if wanted.size is None or wanted.content_type is None:
            return policy.decide(principal, wanted.action, wanted.bucket, wanted.key)
        return policy.decide_upload(
            principal,
            wanted.bucket,
            wanted.key,
            size=wanted.size,
            content_type=wanted.content_type,
            must_overwrite=wanted.must_overwrite,
        )

    def _record(self, caller: Caller, wanted: Wanted, *, allowed: bool, reason: str) -> None:
        self._metrics.decision(wanted.action, allowed=allowed, reason=reason)
        self._audit.record(
            Decided(
                wanted.event,
                caller.principal,
                wanted.action,
                wanted.bucket,
                wanted.key,
                allowed,
                reason,
                caller.request_id,
                wanted.size,
                wanted.urls,
            )
        )
