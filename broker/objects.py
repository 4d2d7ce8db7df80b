"""Objects: list, look at, delete."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from broker.errors import BrokerError, InvalidKey, InvalidRequest
from broker.gate import Wanted
from broker.policy.grants import Action
from broker.policy.keys import RESERVED_PREFIX, check_key_text, is_reserved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from broker.gate import Caller, Gate
    from broker.s3.objects import ListedObject, ObjectHead
    from broker.s3.objects import Objects as S3Objects


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """`cursor` continues this very query for this very person; None on the last page."""

    objects: tuple[ListedObject, ...]
    prefixes: tuple[str, ...]
    cursor: str | None


class Objects:
    def __init__(
        self,
        gate: Gate,
        s3: S3Objects,
        seal: Callable[[list[object]], str],
        unseal: Callable[[str], object],
    ) -> None:
        """`unseal` raises ValueError for anything that `seal` did not make."""
        self._gate = gate
        self._s3 = s3
        self._seal = seal
        self._unseal = unseal

    async def page(
        self, caller: Caller, bucket: str, prefix: str, *, delimiter: str, cursor: str, limit: int
    ) -> ObjectPage:
        """Return one page: one call to S3. The reserved prefix is never shown.

        Raises Forbidden, or InvalidRequest for a cursor of another query or person.
        """
        _check_not_reserved(check_key_text(prefix))
        self._gate.allow(caller, Wanted("objects.list", Action.LIST, bucket, prefix))
        query = _query_digest(caller, bucket, prefix, delimiter)
        page = await self._s3.page(
            bucket,
            prefix,
            delimiter=delimiter,
            continuation=self._continuation(cursor, query),
            limit=limit,
        )
        more = page.continuation
        return ObjectPage(
            objects=tuple(found for found in page.objects if not is_reserved(found.key)),
            prefixes=tuple(found for found in page.prefixes if not is_reserved(found)),
            cursor=None if more is None else self._seal([query, more]),
        )

    def _continuation(self, cursor: str, query: str) -> str | None:
        if not cursor:
            return None
        try:
            opened = self._unseal(cursor)
        except ValueError:
            opened = None
        match opened:
            case [found, str(continuation)] if found == query:
                return continuation
        raise InvalidRequest("cursor: does not belong to this query.")

    async def metadata(self, caller: Caller, bucket: str, key: str) -> ObjectHead:
        """Raises NotFound or Forbidden."""
        _check_existing_key(key)
        self._gate.allow(caller, Wanted("objects.metadata", Action.READ, bucket, key))
        return await self._s3.head(bucket, key)

    async def delete(
        self, caller: Caller, bucket: str, keys: Sequence[str]
    ) -> Mapping[str, BrokerError | None]:
        """Delete up to 1,000 keys in one call to S3; return each with its error, or None."""
        refused: dict[str, BrokerError | None] = {}
        allowed: list[str] = []
        for key in dict.fromkeys(keys):
            try:
                _check_existing_key(key)
                self._gate.allow(caller, Wanted("objects.delete", Action.DELETE, bucket, key))
                allowed.append(key)
            except BrokerError as error:
                refused[key] = error
        deleted = await self._s3.delete_many(bucket, allowed) if allowed else {}
        return {key: refused.get(key) or deleted.get(key) for key in keys}


def _query_digest(caller: Caller, *words: str) -> str:
    """Return what a cursor is bound to: a digest, as the words themselves may be long."""
    bound = [caller.principal.issuer, caller.principal.subject, *words]
    return hashlib.sha256(json.dumps(bound).encode()).hexdigest()


def _check_existing_key(key: str) -> None:
    """Refuse what is no key at all; keys made by others may be odd."""
    if not check_key_text(key):
        raise InvalidKey("key: must not be empty.")
    _check_not_reserved(key)


def _check_not_reserved(key: str) -> None:
    if is_reserved(key):
        raise InvalidKey(f"key: `{RESERVED_PREFIX}` is reserved.")
