"""The credentials that URLs are signed with, from boto3's own chain, always at hand.

Signing must not wait: temporary credentials are refreshed by botocore in the background, well
before their end, and `current` only reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import botocore.session
from botocore.credentials import RefreshableCredentials

from broker.errors import ConfigurationError
from broker.sign.sigv4 import Credentials

if TYPE_CHECKING:
    from datetime import datetime

    from botocore.credentials import Credentials as BotoCredentials


class CredentialSource:
    """Reads botocore's credentials as a signing value; a new value only when they changed."""

    def __init__(self, source: BotoCredentials) -> None:
        self._source = source
        self._current = _read(source)

    @classmethod
    def from_chain(cls) -> CredentialSource:
        """Ask the environment, the shared files and the machine's role, in botocore's order.

        Raises ConfigurationError when none of them has any.
        """
        found = botocore.session.Session().get_credentials()
        if found is None:
            raise ConfigurationError(
                ["s3: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role"]
            )
        return cls(found)

    def current(self) -> Credentials:
        """Return the credentials in force; the same object until they change."""
        if isinstance(self._source, RefreshableCredentials):
            fresh = _read(self._source)
            if fresh != self._current:
                self._current = fresh
        return self._current


def _read(source: BotoCredentials) -> Credentials:
    frozen = source.get_frozen_credentials()
    return Credentials(
        access_key_id=frozen.access_key or "",
        secret_access_key=frozen.secret_key or "",
        session_token=frozen.token,
        expires_at=_end_of(source),
    )


def _end_of(source: BotoCredentials) -> datetime | None:
    if not isinstance(source, RefreshableCredentials):
        return None
    # botocore has no public name for the end of refreshable credentials.
    end: datetime | None = getattr(source, "_expiry_time", None)
    return end
