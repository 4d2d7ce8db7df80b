"""How long a signed URL may live, and what cut it short."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from broker.errors import S3Unavailable

MAX_SIGNED_LIFE = timedelta(days=7)  # SigV4 query signing ends there
CREDENTIALS_MARGIN = timedelta(seconds=60)
SLOWEST_UPLOAD = 1024 * 1024  # bytes a second that an upload URL's life allows for
_SECOND = timedelta(seconds=1)


class LimitedBy(StrEnum):
    REQUEST = "request"
    DEFAULT = "default"
    POLICY = "policy"
    CREDENTIALS = "credentials"


class Life(NamedTuple):
    """`expires_at` is true: S3 refuses the URL after it. Signatures know whole seconds only."""

    signed_at: datetime
    expires_in: timedelta
    limited_by: LimitedBy

    @property
    def expires_at(self) -> datetime:
        return self.signed_at + self.expires_in


@dataclass(frozen=True, slots=True)
class LifeLimits:
    """The configuration's words on lives: the default, and the maximum without a grant's own."""

    default: timedelta
    maximum: timedelta

    def life(
        self,
        now: datetime,
        *,
        requested: timedelta | None = None,
        default: timedelta | None = None,
        policy_maximum: timedelta | None = None,
        credentials_end: datetime | None = None,
    ) -> Life:
        """Return the life of a URL signed at `now`, in whole seconds.

        `default` stands where nothing was requested. Raises S3Unavailable when the credentials end
        too soon to sign anything that works.
        """
        life, limited_by = requested, LimitedBy.REQUEST
        if life is None:
            life, limited_by = default or self.default, LimitedBy.DEFAULT
        maximum = min(policy_maximum or self.maximum, MAX_SIGNED_LIFE)
        if maximum < life:
            life, limited_by = maximum, LimitedBy.POLICY
        if credentials_end is not None and credentials_end - now - CREDENTIALS_MARGIN < life:
            life, limited_by = credentials_end - now - CREDENTIALS_MARGIN, LimitedBy.CREDENTIALS
        expires_in = life // _SECOND * _SECOND
        if expires_in < _SECOND:
            raise S3Unavailable("The S3 credentials are about to end.", timedelta(seconds=5))
        return Life(now.replace(microsecond=0), expires_in, limited_by)

    def upload_wish(self, size: int) -> timedelta:
        """Return the life that `size` bytes ask for: the default, and time to send them slowly."""
        return self.default + timedelta(seconds=size // SLOWEST_UPLOAD)
