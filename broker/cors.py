"""Bucket CORS as code: plan, apply, remove, and verify as a browser would.

The rules come from a file; those of others in the bucket are kept. S3 replaces a bucket's rules as
a whole and has no condition for it, so two changes at the same moment can undo each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from broker.cors_visit import PROBE_TYPE, STRANGER_ORIGIN, CorsCheck, Visit, stranger_check
from broker.errors import ConfigurationError, NotSupported
from broker.policy.cors import (
    ANY_ORIGIN,
    CorsRule,
    check_origins,
    diff,
    differs,
    expand,
    foreign,
    merge,
    metadata_headers,
)
from broker.policy.cors_advice import ADVICE, advice
from broker.policy.cors_file import MAX_FILE_BYTES, parse_rules
from broker.policy.keys import RESERVED_PREFIX
from broker.s3.buckets import delete_cors, delete_probe, get_cors, put_cors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from broker.cors_probe import Probe
    from broker.s3.client import S3Client
    from broker.sign.presign import Presigner

PROBE_LIFE = timedelta(minutes=5)  # of the URLs that a verification signs for itself
PROBE_PREFIX = f"{RESERVED_PREFIX}probes/"
_PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class CorsPlan:
    """A bucket's rules now and as they would be."""

    before: tuple[CorsRule, ...]
    after: tuple[CorsRule, ...]

    @property
    def changed(self) -> bool:
        return differs(self.before, self.after)

    @property
    def diff(self) -> tuple[str, ...]:
        """Lines of a unified diff; none when nothing changes."""
        return diff(self.before, self.after)


def read_rules(path: Path | None = None) -> tuple[CorsRule, ...]:
    """Return the rules of a file, or those that come with the broker.

    Raises ConfigurationError with every problem.
    """
    try:
        with (path or _own_rules()).open("rb") as file:
            return parse_rules(file.read(MAX_FILE_BYTES + 1))
    except OSError as error:
        raise ConfigurationError([f"rules file: cannot be read ({error.strerror})."]) from error


def _own_rules() -> Path:
    """In a wheel they lie inside the package, in a checkout beside it."""
    packaged = _PACKAGE / "_infra" / "cors.json"
    return packaged if packaged.is_file() else _PACKAGE.parent / "infra" / "cors.json"


class Cors:
    """`presigner_for` gives a signer for the host that browsers reach."""

    def __init__(
        self,
        s3: S3Client,
        probe: Probe,
        presigner_for: Callable[[], Presigner],
        clock: Callable[[], datetime],
        *,
        provider: str = "generic",
    ) -> None:
        self._s3 = s3
        self._probe = probe
        self._presigner_for = presigner_for
        self._clock = clock
        self._provider = provider

    async def plan(
        self,
        bucket: str,
        origins: Sequence[str],
        rules: Sequence[CorsRule],
        *,
        allow_any_origin: bool = False,
    ) -> CorsPlan:
        """Change nothing. Raises InvalidRequest, and NotSupported with what to set instead."""
        wanted = expand(rules, origins, allow_any_origin=allow_any_origin)
        before = await self._rules_of(bucket, origins)
        return CorsPlan(before, merge(before, wanted))

    async def apply(
        self,
        bucket: str,
        origins: Sequence[str],
        rules: Sequence[CorsRule],
        *,
        allow_any_origin: bool = False,
    ) -> CorsPlan:
        """As `plan`, and then write; nothing is written when nothing changes."""
        plan = await self.plan(bucket, origins, rules, allow_any_origin=allow_any_origin)
        await self._write(bucket, origins, plan)
        return plan

    async def plan_removal(self, bucket: str, wanted: Sequence[CorsRule] = ()) -> CorsPlan:
        """`wanted` are the rules as applied, for servers that drop the ids of rules."""
        before = await self._rules_of(bucket, ())
        return CorsPlan(before, foreign(before, wanted))

    async def remove(self, bucket: str, wanted: Sequence[CorsRule] = ()) -> CorsPlan:
        plan = await self.plan_removal(bucket, wanted)
        await self._write(bucket, (), plan)
        return plan

    async def verify(
        self, bucket: str, origins: Sequence[str], *, metadata: Sequence[str] = ()
    ) -> tuple[CorsCheck, ...]:
        """Ask S3 as a browser at each origin would, with a real object that is gone afterwards.

        Raises S3Unavailable when the address that URLs are signed for does not answer.
        """
        exact, more_headers = check_origins(origins), metadata_headers(metadata)
        checks = [
            check
            for place, origin in enumerate(exact)
            for check in await self._visit(bucket, origin, place).checks(more_headers)
        ]
        if ANY_ORIGIN not in exact:
            urls = self._urls(bucket, f"{PROBE_PREFIX}cors")
            checks.append(await stranger_check(self._probe, urls["PUT"]))
        return tuple(checks)

    async def _rules_of(self, bucket: str, origins: Sequence[str]) -> tuple[CorsRule, ...]:
        if self._provider in ADVICE:
            raise self._unsupported(bucket, origins)
        try:
            return await get_cors(self._s3, bucket)
        except NotSupported as error:
            raise self._unsupported(bucket, origins) from error

    async def _write(self, bucket: str, origins: Sequence[str], plan: CorsPlan) -> None:
        if not plan.changed:
            return
        try:
            if plan.after:
                await put_cors(self._s3, bucket, plan.after)
            else:
                await delete_cors(self._s3, bucket)
        except NotSupported as error:
            raise self._unsupported(bucket, origins) from error

    def _unsupported(self, bucket: str, origins: Sequence[str]) -> NotSupported:
        return NotSupported(advice(self._provider, bucket, origins))

    def _visit(self, bucket: str, origin: str, place: int) -> Visit:
        key = f"{PROBE_PREFIX}cors-{self._clock():%Y%m%dT%H%M%S.%fZ}-{place}"
        spoken = STRANGER_ORIGIN if origin == ANY_ORIGIN else origin
        discard = partial(delete_probe, self._s3, bucket, key)
        return Visit(self._probe, spoken, self._urls(bucket, key), discard)

    def _urls(self, bucket: str, key: str) -> dict[str, str]:
        sign = partial(
            self._presigner_for().presign,
            bucket=bucket,
            key=key,
            at=self._clock(),
            expires_in=PROBE_LIFE,
        )
        return {
            "PUT": sign("PUT", headers={"content-type": PROBE_TYPE}),
            "GET": sign("GET"),
            "HEAD": sign("HEAD"),
        }
