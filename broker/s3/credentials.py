"""The credentials that URLs are signed with, from boto3's own chain, always at hand.

Signing must not wait: botocore renews temporary credentials in whichever thread asks it for them,
so here another thread asks, well before their end, and `current` only reads.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from threading import Lock, Thread
from time import sleep
from typing import TYPE_CHECKING

import botocore.session
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError

from broker.errors import ConfigurationError
from broker.sign.sigv4 import Credentials

if TYPE_CHECKING:
    from datetime import datetime

    from botocore.credentials import Credentials as BotoCredentials


RETRY_PAUSE = timedelta(seconds=5)


class CredentialSource:
    """Reads botocore's credentials as a signing value; a new value only when they changed."""

    def __init__(self, source: BotoCredentials, *, retry_pause: timedelta = RETRY_PAUSE) -> None:
        """`retry_pause` follows a renewal that failed, or that gave nothing longer-lived."""
        self._source = source
        self._retry_pause = retry_pause.total_seconds()
        self._current = _read(source)
        self._renewing = Lock()

    @classmethod
    def from_chain(cls) -> CredentialSource:
        """Ask the environment, the shared files and the machine's role, in botocore's order.

        Raises ConfigurationError when none of them has any that can be read.
        """
        try:
            found = botocore.session.Session().get_credentials()
            if found is not None:
                return cls(found)
        except BotoCoreError as error:
            raise ConfigurationError(
                ["s3: the credentials that boto3's own chain finds cannot be read"]
            ) from error
        raise ConfigurationError(
            ["s3: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role"]
        )

    def current(self) -> Credentials:
        """Return the credentials in force, without waiting; the same object until they change."""
        source = self._source
        if (
            isinstance(source, RefreshableCredentials)
            and source.refresh_needed()
            and self._renewing.acquire(blocking=False)
        ):
            Thread(target=self._renew, args=(source,), name="s3-credentials", daemon=True).start()
        return self._current

    def _renew(self, source: RefreshableCredentials) -> None:
        # A source may raise anything. The old credentials serve until they end; botocore logs why.
        with suppress(Exception):
            fresh = _read(source)
            if fresh != self._current:
                self._current = fresh
        if source.refresh_needed():
            sleep(self._retry_pause)
        self._renewing.release()


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
