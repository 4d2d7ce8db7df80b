"""URLs with a true end: the signer, the credentials in force and the limits on lives together.

No call to S3: signing goes on when S3 is down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.sign.presign import Presigner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, timedelta
    from typing import Literal

    from broker.policy.limits import Life, LifeLimits
    from broker.sign.presign import Endpoint
    from broker.sign.sigv4 import Credentials
    from broker.telemetry.metrics import Metrics


class Signing:
    def __init__(
        self,
        *,
        credentials: Callable[[], Credentials],
        endpoint: Endpoint,
        limits: LifeLimits,
        clock: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        """`endpoint` is the one that clients see."""
        self._credentials = credentials
        self._endpoint = endpoint
        self._limits = limits
        self._clock = clock
        self._metrics = metrics
        self._signed_with = credentials()
        self._presigner = Presigner(self._signed_with, endpoint)

    def life(
        self,
        *,
        policy_maximum: timedelta | None,
        requested: timedelta | None = None,
        default: timedelta | None = None,
    ) -> Life:
        """Return how long a URL signed now may live. Raises S3Unavailable."""
        return self._limits.life(
            self._clock(),
            requested=requested,
            default=default,
            policy_maximum=policy_maximum,
            credentials_end=self._credentials().expires_at,
        )

    def upload_life(self, size: int, policy_maximum: timedelta | None) -> Life:
        """Return the life of a URL that `size` bytes are sent to."""
        return self.life(default=self._limits.upload_wish(size), policy_maximum=policy_maximum)

    def url(
        self,
        method: Literal["GET", "PUT", "HEAD", "DELETE"],
        bucket: str,
        key: str,
        life: Life,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> str:
        self._metrics.signed(method)
        return self.presigner().presign(
            method,
            bucket,
            key,
            at=life.signed_at,
            expires_in=life.expires_in,
            headers=headers or {},
            query=query or {},
        )

    def part_urls(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Iterable[tuple[int, Mapping[str, str]]],
        life: Life,
    ) -> list[str]:
        """Return one URL for each (part number, signed headers)."""
        urls = self.presigner().presign_parts(
            bucket,
            key,
            upload_id=upload_id,
            parts=parts,
            at=life.signed_at,
            expires_in=life.expires_in,
        )
        signed = list(urls)
        self._metrics.signed("part", len(signed))
        return signed

    def presigner(self) -> Presigner:
        """Return a signer for the credentials in force, kept while they do not change."""
        credentials = self._credentials()
        if credentials is not self._signed_with:
            self._presigner = Presigner(credentials, self._endpoint)
            self._signed_with = credentials
        return self._presigner
