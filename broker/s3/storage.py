"""Everything that speaks to S3, made from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from broker.s3.breaker import Breaker
from broker.s3.client import PATIENT, QUICK, S3Client
from broker.s3.connect import client_maker
from broker.s3.kept_tickets import KeptTickets
from broker.s3.multipart import Multipart
from broker.s3.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from broker.settings import S3Settings


@dataclass(frozen=True, slots=True)
class Storage:
    """Clients that share one breaker, and the edges built on them."""

    client: S3Client
    patient: S3Client
    objects: Objects
    multipart: Multipart
    kept: KeptTickets

    def close(self) -> None:
        self.client.close()
        self.patient.close()


def open_storage(settings: S3Settings, clock: Callable[[], float]) -> Storage:
    """`clock` is monotonic seconds. Nothing is sent before the first call."""
    breaker = Breaker(clock)
    make = client_maker(
        region=settings.region,
        endpoint_url=settings.endpoint_url,
        addressing=settings.addressing,
    )
    client = S3Client(make, patience=QUICK, breaker=breaker)
    patient = S3Client(make, patience=PATIENT, breaker=breaker)
    objects = Objects(client)
    return Storage(client, patient, objects, Multipart(client, patient), KeptTickets(objects))
