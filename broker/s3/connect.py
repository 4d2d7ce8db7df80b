"""Makes boto3 clients the way the broker needs them.

boto3's own defaults sign with SigV2 in some regions, wait a minute for an answer and add checksums
that other providers refuse; each option below undoes one of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from mypy_boto3_s3 import S3Client as Boto3Client

    from broker.s3.client import Patience

TOTAL_ATTEMPTS = 2


def client_maker(
    *, region: str, endpoint_url: str | None, addressing: Literal["auto", "path", "virtual"]
) -> Callable[[Patience], Boto3Client]:
    """Return a maker of clients with boto3's own credential chain.

    No `endpoint_url` means AWS: then none is passed on, so access points and regional hosts work.
    """

    def make(patience: Patience) -> Boto3Client:
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": addressing},
            connect_timeout=patience.connect_timeout.total_seconds(),
            read_timeout=patience.read_timeout.total_seconds(),
            retries={"mode": "standard", "total_max_attempts": TOTAL_ATTEMPTS},
            max_pool_connections=patience.threads,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        session = boto3.session.Session()
        return session.client("s3", region_name=region, endpoint_url=endpoint_url, config=config)

    return make
