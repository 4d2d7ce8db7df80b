"""Downloads: presigned GETs whose disposition and file name the broker chooses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from mimetypes import guess_type
from typing import TYPE_CHECKING

from broker.errors import BrokerError
from broker.gate import Wanted
from broker.policy.content_types import allows_type
from broker.policy.disposition import content_disposition
from broker.policy.grants import Action
from broker.policy.keys import check_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from broker.gate import Caller, Gate
    from broker.signing import Signing


# Left out on purpose: HTML, SVG, XML and scripts, which a browser would run.
SHOWN_TYPES = (
    "application/pdf",
    "audio/*",
    "image/avif",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/plain",
    "video/*",
)


class Disposition(StrEnum):
    ATTACHMENT = "attachment"
    INLINE = "inline"


@dataclass(frozen=True, slots=True)
class DownloadItem:
    bucket: str
    key: str
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    item: DownloadItem
    url: str
    expires_at: datetime
    limited_by: str


class Downloads:
    def __init__(self, gate: Gate, signing: Signing) -> None:
        self._gate = gate
        self._signing = signing

    def sign_many(
        self,
        caller: Caller,
        items: Sequence[DownloadItem],
        *,
        disposition: Disposition = Disposition.ATTACHMENT,
        filename: str | None = None,
        expires_in: timedelta | None = None,
    ) -> list[Download | BrokerError]:
        """Sign a GET of each; one that fails leaves the others alone. No call to S3."""

        def one(item: DownloadItem) -> Download | BrokerError:
            try:
                return self.sign(caller, item, disposition, filename, expires_in)
            except BrokerError as error:
                return error

        return [one(item) for item in items]

    def sign(
        self,
        caller: Caller,
        item: DownloadItem,
        disposition: Disposition,
        filename: str | None,
        expires_in: timedelta | None,
    ) -> Download:
        """Raises InvalidKey or Forbidden."""
        key = check_key(item.key)
        grant = self._gate.allow(caller, Wanted("download.sign", Action.READ, item.bucket, key))
        life = self._signing.life(requested=expires_in, policy_maximum=grant.max_expiry)
        name = filename or key.rstrip("/").rpartition("/")[2]
        query = _response_headers(disposition, name)
        if item.version_id is not None:
            query["versionId"] = item.version_id
        url = self._signing.url("GET", item.bucket, key, life, query=query)
        return Download(item, url, life.expires_at, life.limited_by)


def _response_headers(disposition: Disposition, name: str) -> dict[str, str]:
    """Return what S3 is to answer with, chosen here so that nothing uploaded runs in a browser.

    `inline` is for types that only show; the type follows the name, whatever was stored with it.
    """
    shown_as = guess_type(name)[0] or ""
    if disposition is Disposition.INLINE and allows_type(SHOWN_TYPES, shown_as):
        return {
            "response-content-disposition": content_disposition(disposition, name),
            "response-content-type": shown_as,
        }
    return {"response-content-disposition": content_disposition(Disposition.ATTACHMENT, name)}
