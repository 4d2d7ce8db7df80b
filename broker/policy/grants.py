"""Who may do what, where and how big: deny by default.

A grant names principals, a bucket, a key prefix and actions. A request is allowed when one grant
allows all of it; the first such grant, in the order of the configuration, sets the limits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from broker.errors import Forbidden, SizeNotAllowed, TypeNotAllowed
from broker.policy.buckets import is_bucket_name
from broker.policy.content_types import allows_type
from broker.policy.identity import Principal, encode_identity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from broker.policy.profiles import Profile

MAX_CACHED_PRINCIPALS = 10_000


class Action(StrEnum):
    LIST = "list"
    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    SHARE = "share"
    BUCKET_CREATE = "bucket:create"
    BUCKET_DELETE = "bucket:delete"
    BUCKET_CONFIGURE = "bucket:configure"
    BUCKET_LIST = "bucket:list"


@dataclass(frozen=True, slots=True)
class Grant:
    """`who` is `role:NAME`, `sub:SUBJECT` or `*` (anyone signed in).

    `bucket` may hold `*` wildcards. `prefix` is empty or ends with `/` and may hold `{sub}`.
    `max_size` is in bytes. Empty `types` allow any.
    `overwrite = False` makes every upload fail where an object lies already.
    """

    who: str
    bucket: str
    prefix: str
    actions: frozenset[Action]
    max_size: int | None = None
    types: tuple[str, ...] = ()
    max_expiry: timedelta | None = None
    overwrite: bool = True


class Policy:
    """The grants and profiles in force; asking it costs no I/O."""

    def __init__(self, grants: Iterable[Grant], profiles: Iterable[Profile] = ()) -> None:
        self._grants = tuple(grants)
        self.profiles = {profile.name: profile for profile in profiles}
        self.grants_of = lru_cache(MAX_CACHED_PRINCIPALS)(self._grants_of)

    def _grants_of(self, principal: Principal) -> tuple[Grant, ...]:
        """The principal's grants, `{sub}` filled in."""
        name = encode_identity(principal)
        mine = (grant for grant in self._grants if _names(grant.who, principal, name))
        return tuple(_filled_in(grant, name) for grant in mine)

    def decide(self, principal: Principal, action: Action, bucket: str, key: str) -> Grant:
        """Return the first grant that allows the action on this key, prefix or (key "") bucket.

        Raises Forbidden.
        """
        _check_bucket(bucket)
        for grant in self.grants_of(principal):
            if _covers(grant, action, bucket, key):
                return grant
        raise _no_grant(action)

    def decide_below(self, principal: Principal, action: Action, bucket: str, prefix: str) -> Grant:
        """Return the first grant that allows the action on some key that begins with the prefix.

        Raises Forbidden.
        """
        _check_bucket(bucket)
        for grant in self.grants_of(principal):
            somewhere = grant.prefix if grant.prefix.startswith(prefix) else prefix
            if _covers(grant, action, bucket, somewhere):
                return grant
        raise _no_grant(action)

    def decide_upload(
        self,
        principal: Principal,
        bucket: str,
        key: str,
        *,
        size: int,
        content_type: str,
        must_overwrite: bool = False,
    ) -> Grant:
        """Return the first grant that allows an upload of this size (bytes) and type.

        `must_overwrite`: it is to replace what lies there. Raises Forbidden, SizeNotAllowed or
        TypeNotAllowed: what the first grant for the key lacks.
        """
        _check_bucket(bucket)
        refusal: Forbidden | None = None
        for grant in self.grants_of(principal):
            if not _covers(grant, Action.WRITE, bucket, key):
                continue
            fault = _upload_fault(grant, size, content_type)
            if must_overwrite and not grant.overwrite:
                fault = no_overwrite()
            if fault is None:
                return grant
            refusal = refusal or fault
        raise refusal or _no_grant(Action.WRITE)


def no_overwrite() -> Forbidden:
    return Forbidden("if_exists: overwriting is not allowed here.", reason="no_overwrite")


def _no_grant(action: Action) -> Forbidden:
    return Forbidden(f"You have no grant to {action} here.", reason="no_grant")


def _names(who: str, principal: Principal, name: str) -> bool:
    kind, _, value = who.partition(":")
    if kind == "role":
        return value in principal.roles
    return who == "*" or (kind == "sub" and value == name)


def _filled_in(grant: Grant, name: str) -> Grant:
    return replace(grant, prefix=grant.prefix.replace("{sub}", name))


def _check_bucket(bucket: str) -> None:
    if not is_bucket_name(bucket):
        raise Forbidden("bucket: is not the name of a bucket.", reason="bad_bucket")


def _covers(grant: Grant, action: Action, bucket: str, key: str) -> bool:
    return (
        action in grant.actions
        and key.startswith(grant.prefix)
        and (bucket == grant.bucket or fnmatchcase(bucket, grant.bucket))
    )


def _upload_fault(grant: Grant, size: int, content_type: str) -> Forbidden | None:
    if grant.max_size is not None and size > grant.max_size:
        return SizeNotAllowed(f"size: {size} is above the limit of {grant.max_size} bytes.")
    if not allows_type(grant.types, content_type):
        return TypeNotAllowed(f"type: not one of {', '.join(grant.types)}.")
    return None
