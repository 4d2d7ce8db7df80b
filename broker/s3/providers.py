"""What each S3 implementation takes and enforces; a policy that it cannot enforce is refused.

`generic` promises only what every S3 has. Sources: each provider's documentation, and measured
runs against Ceph 16.2, LocalStack 4.12 and ministack 1.5.33.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from broker.policy.parts import GIB, PartLimits


class ProviderName(StrEnum):
    AWS = "aws"
    CEPH = "ceph"
    R2 = "r2"
    MINIO = "minio"
    B2 = "b2"
    GCS = "gcs"
    LOCALSTACK = "localstack"
    MINISTACK = "ministack"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Provider:
    """`write_once_put`: `If-None-Match: *` on PUT; `write_once_complete`: the same on complete."""

    name: ProviderName
    write_once_put: bool = False
    write_once_complete: bool = False
    parts: PartLimits = field(default_factory=PartLimits)

    @property
    def write_once(self) -> bool:
        """Whether no way of uploading can overwrite unasked."""
        return self.write_once_put and self.write_once_complete


PROVIDERS = {
    provider.name: provider
    for provider in (
        Provider(ProviderName.AWS, write_once_put=True, write_once_complete=True),
        Provider(ProviderName.CEPH, write_once_put=True),
        Provider(ProviderName.R2, write_once_put=True, parts=PartLimits(max_put=5 * GIB - 1)),
        Provider(ProviderName.MINIO, write_once_put=True),
        Provider(ProviderName.B2),
        Provider(ProviderName.GCS),
        Provider(ProviderName.LOCALSTACK, write_once_put=True, write_once_complete=True),
        Provider(ProviderName.MINISTACK, write_once_put=True, write_once_complete=True),
        Provider(ProviderName.GENERIC),
    )
}


def provider_named(name: str) -> Provider:
    return PROVIDERS[ProviderName(name)]
