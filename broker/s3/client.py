"""boto3 behind a bounded pool, a deadline and a circuit breaker.

Every call of the broker to S3 goes through `S3Client.run`. Signing never does.
There are two clients in a process: a quick one, and a patient one for the calls that S3 may rightly
take long over (completing an upload, copying). They share a breaker and no thread.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from broker.errors import S3Unavailable
from broker.s3.errors import translate, unavailable
from broker.s3.threads import DaemonThreads

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client as Boto3Client

    from broker.s3.breaker import Breaker

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client waits; `deadline` covers a call, its retries, its wait for a thread."""

    deadline: timedelta
    connect_timeout: timedelta
    read_timeout: timedelta
    threads: int


QUICK = Patience(timedelta(seconds=5), timedelta(seconds=1), timedelta(seconds=4), threads=32)
PATIENT = Patience(timedelta(minutes=5), timedelta(seconds=1), timedelta(minutes=5), threads=16)


class S3Client:
    """Runs boto3 calls in threads; the boto3 client is made at the first call."""

    def __init__(
        self,
        make_client: Callable[[Patience], Boto3Client],
        *,
        patience: Patience,
        breaker: Breaker,
    ) -> None:
        self._make_client = make_client
        self._patience = patience
        self._breaker = breaker
        self._client: Boto3Client | None = None
        self._making = Lock()
        self._threads = DaemonThreads(patience.threads, "s3")

    async def run(self, call: Callable[[Boto3Client], T]) -> T:
        """Return what the call returns, which reads S3's answer before it does.

        Raises the broker's error for S3's (`broker.s3.errors`), S3Unavailable at the deadline.
        """
        if not self._breaker.admits():
            raise unavailable()
        future = self._threads.submit(partial(self._call, call))
        try:
            result = await asyncio.wait_for(
                asyncio.wrap_future(future), self._patience.deadline.total_seconds()
            )
        except TimeoutError:
            if future.running():  # else it never got a thread, which says nothing of S3
                self._breaker.failed()
            raise unavailable() from None
        except KeyError as error:  # a 200 without what S3 always says: not S3's own answer
            self._breaker.failed()
            raise unavailable() from error
        except (ClientError, BotoCoreError) as error:
            raise self._failure(error) from error
        self._breaker.succeeded()
        return result

    def _call(self, call: Callable[[Boto3Client], T]) -> T:
        return call(self._client or self._first_client())

    def _first_client(self) -> Boto3Client:
        # Making a client from a session is not thread-safe.
        with self._making:
            if self._client is None:
                self._client = self._make_client(self._patience)
            return self._client

    def _failure(self, error: ClientError | BotoCoreError) -> Exception:
        failure = translate(error)
        if isinstance(failure, S3Unavailable):
            self._breaker.failed()
        else:
            self._breaker.succeeded()
        return failure

    def close(self) -> None:
        self._threads.close()
