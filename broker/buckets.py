"""Buckets that a person may see, and where in them."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from broker.gate import Caller, Gate
    from broker.policy.grants import Action, Grant


@dataclass(frozen=True, slots=True)
class Root:
    """A prefix that a person has rights under; "" is the whole bucket."""

    prefix: str
    actions: frozenset[Action]


@dataclass(frozen=True, slots=True)
class VisibleBucket:
    name: str
    roots: tuple[Root, ...]


class Buckets:
    def __init__(
        self,
        gate: Gate,
        configured: Iterable[str],
        list_all: Callable[[], Awaitable[tuple[str, ...]]],
    ) -> None:
        """`list_all` asks S3; it is needed only for people with a grant on bucket names by `*`."""
        self._gate = gate
        self._configured = tuple(configured)
        self._list_all = list_all

    async def visible(self, caller: Caller) -> tuple[VisibleBucket, ...]:
        """Return the buckets in which the person may do anything, by name."""
        grants = self._gate.policy.grants_of(caller.principal)
        names = {grant.bucket for grant in grants if "*" not in grant.bucket}
        names.update(self._configured)
        if any("*" in grant.bucket for grant in grants):
            names.update(await self._list_all())
        buckets = (VisibleBucket(name, _roots(grants, name)) for name in sorted(names))
        return tuple(bucket for bucket in buckets if bucket.roots)


def _roots(grants: Iterable[Grant], bucket: str) -> tuple[Root, ...]:
    actions: dict[str, frozenset[Action]] = {}
    for grant in grants:
        if fnmatchcase(bucket, grant.bucket):
            actions[grant.prefix] = actions.get(grant.prefix, frozenset()) | grant.actions
    return tuple(Root(prefix, actions[prefix]) for prefix in sorted(actions))
