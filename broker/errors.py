"""Every error the broker raises on purpose, in one tree.

    BrokerError
    ├── ConfigurationError          the process does not start; every problem by name
    ├── RequestError                what was asked is malformed or impossible
    │   ├── MalformedBody           400  not JSON, or not an object
    │   ├── BodyTooLarge            413  over the route's limit
    │   ├── UnsupportedMediaType    415
    │   ├── InvalidRequest          422  fields named in `problems`
    │   ├── InvalidKey              422
    │   ├── InvalidSize             422
    │   ├── InvalidType             422
    │   └── NotSupported            422  the provider cannot do or enforce it
    ├── Unauthenticated             401  no or bad credentials; never says which
    ├── Forbidden                   403  the policy says no; `reason` says why
    │   ├── SizeNotAllowed          403
    │   ├── TypeNotAllowed          403
    │   └── OriginRefused           403
    ├── NotFound                    404
    │   ├── UploadNotFound          404  also for somebody else's upload
    │   └── UploadGone              404  S3 no longer knows it
    ├── MethodNotAllowed            405
    ├── Conflict                    409
    │   ├── ObjectExists            409  and must not be overwritten
    │   ├── ObjectReplaced          409  another upload's bytes lie there now
    │   ├── UploadComplete          409  too late to abort
    │   └── PartsMissing            409  `missing` lists them
    ├── RateLimited                 429  with `retry_after`
    ├── ShuttingDown                503  with `retry_after`
    ├── S3Refused                   502  S3 refused the broker itself
    └── S3Unavailable               503  with `retry_after`

Each class has a stable `code` and a status. Messages name the field, the fault and the limit;
never a secret, a token, a signed URL or another library's text.
`broker.api.problems` is the one place that turns an error into an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta


class BrokerError(Exception):
    """Base of all; on its own it means a fault inside the broker."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail or self.title


class ConfigurationError(BrokerError):
    """The settings cannot be used; `problems` has one line each, starting with its name."""

    code = "configuration"
    title = "Invalid configuration"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class RequestError(BrokerError):
    code = "invalid_request"
    status = 400
    title = "Invalid request"


class MalformedBody(RequestError):
    code = "malformed_body"
    title = "Malformed body"


class BodyTooLarge(RequestError):
    code = "body_too_large"
    status = 413
    title = "Body too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes.")
        self.limit = limit


class UnsupportedMediaType(RequestError):
    code = "unsupported_media_type"
    status = 415
    title = "Unsupported media type"


class InvalidRequest(RequestError):
    """`problems` pairs each field's path (`files.0.size`) with what is wrong with it."""

    status = 422

    def __init__(self, detail: str = "", problems: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail or "; ".join(f"{field}: {fault}" for field, fault in problems))
        self.problems = tuple(problems)


class InvalidKey(RequestError):
    code = "invalid_key"
    status = 422
    title = "Invalid key"


class InvalidSize(RequestError):
    code = "invalid_size"
    status = 422
    title = "Invalid size"


class InvalidType(RequestError):
    code = "invalid_type"
    status = 422
    title = "Invalid content type"


class NotSupported(RequestError):
    code = "not_supported"
    status = 422
    title = "Not supported"


class Unauthenticated(BrokerError):
    """One answer for every failed proof of identity, so that none can be told from another."""

    code = "unauthenticated"
    status = 401
    title = "Sign in first"


class InvalidToken(Unauthenticated):
    code = "invalid_token"
    title = "Invalid token"


class InvalidCredentials(Unauthenticated):
    code = "invalid_credentials"
    title = "Wrong user name or password"


class Forbidden(BrokerError):
    """`reason` is a short stable word for the audit line, such as `no_grant`."""

    code = "forbidden"
    status = 403
    title = "Not permitted"

    def __init__(self, detail: str = "", reason: str = "") -> None:
        super().__init__(detail)
        self.reason = reason or self.code


class SizeNotAllowed(Forbidden):
    code = "size_not_allowed"
    title = "Too large"


class TypeNotAllowed(Forbidden):
    code = "type_not_allowed"
    title = "Content type not allowed"


class OriginRefused(Forbidden):
    code = "origin_refused"
    title = "Request from another origin"


class NotFound(BrokerError):
    code = "not_found"
    status = 404
    title = "Not found"


class UploadNotFound(NotFound):
    """Unknown, tampered with, expired or somebody else's: the same answer for all."""

    code = "upload_not_found"
    title = "No such upload"


class UploadGone(NotFound):
    code = "upload_gone"
    title = "The upload is gone from S3"


class MethodNotAllowed(BrokerError):
    code = "method_not_allowed"
    status = 405
    title = "Method not allowed"


class Conflict(BrokerError):
    code = "conflict"
    status = 409
    title = "Conflict"


class ObjectExists(Conflict):
    code = "object_exists"
    title = "The object exists and must not be overwritten"


class ObjectReplaced(Conflict):
    code = "object_replaced"
    title = "The object was replaced by another upload"


class UploadComplete(Conflict):
    code = "upload_complete"
    title = "The upload is already complete"


class PartsMissing(Conflict):
    """`missing` holds the first part numbers that are absent or have another size."""

    code = "parts_missing"
    title = "Parts are missing"

    def __init__(self, detail: str, missing: Sequence[int]) -> None:
        super().__init__(detail)
        self.missing = tuple(missing)


class Retryable(BrokerError):
    """Passes by itself; `retry_after` says when asking again makes sense."""

    def __init__(self, detail: str, retry_after: timedelta) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class RateLimited(Retryable):
    code = "rate_limited"
    status = 429
    title = "Too many requests"


class ShuttingDown(Retryable):
    code = "shutting_down"
    status = 503
    title = "The broker is shutting down"


class S3Refused(BrokerError):
    code = "s3_refused"
    status = 502
    title = "S3 refused the broker"


class S3Unavailable(Retryable):
    code = "s3_unavailable"
    status = 503
    title = "S3 does not answer"
