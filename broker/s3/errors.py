"""S3's errors become the broker's; S3's and botocore's own words never leave this room.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import (
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from broker.errors import (
    BrokerError,
    Conflict,
    NotFound,
    NotSupported,
    ObjectExists,
    S3Refused,
    S3Unavailable,
    UploadGone,
)

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError

RETRY_AFTER = timedelta(seconds=2)

_NOT_SENT = (NoCredentialsError, ParamValidationError, PartialCredentialsError)
_BY_CODE: dict[str, type[BrokerError]] = {
    "NoSuchBucket": NotFound,
    "NoSuchKey": NotFound,
    "NoSuchVersion": NotFound,
    "NoSuchUpload": UploadGone,
    "404": NotFound,  # HEAD has no body, so botocore reports the status
    "NotFound": NotFound,
    "PreconditionFailed": ObjectExists,
    "412": ObjectExists,
    "ConditionalRequestConflict": Conflict,
    "InvalidPart": Conflict,  # a part was replaced while the upload was being completed
    "NotImplemented": NotSupported,
    "MethodNotAllowed": NotSupported,
}
_PASSING = frozenset(
    {
        "InternalError",
        "OperationAborted",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
    }
)


def s3_code_of(error: BaseException) -> str:
    """Return S3's code behind a translated error, or "" when S3 gave none."""
    cause = error.__cause__
    if isinstance(cause, ClientError):
        return str(cause.response.get("Error", {}).get("Code", ""))
    return ""


def translate(error: ClientError | BotoCoreError) -> BrokerError:
    """Return the broker's error for one of botocore's; raise it `from` the original."""
    if isinstance(error, _NOT_SENT):
        return S3Refused("A call to S3 could not be made.")
    if not isinstance(error, ClientError):
        return unavailable()
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _PASSING or (status >= 500 and code not in _BY_CODE):  # noqa: PLR2004 - HTTP's 5xx
        return unavailable()
    known = _BY_CODE.get(code)
    return known() if known else S3Refused("S3 refused a call of the broker.")


def unavailable() -> S3Unavailable:
    return S3Unavailable("S3 does not answer; try again shortly.", RETRY_AFTER)
