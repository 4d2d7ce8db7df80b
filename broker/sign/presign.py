"""Presigned URLs: who may send one exact request to one object until a given second.

The rules are S3's: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

What a batch shares is composed, encoded and hashed once; each part then costs the rest of one
SHA-256 and of one HMAC. `python -m bench` shows the figures.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from math import floor
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from broker.sign import sigv4
from broker.sign.endpoint import Addressing, Endpoint, Location
from broker.sign.sigv4 import uri_encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from broker.sign.sigv4 import Credentials

__all__ = ["Addressing", "Endpoint", "Location", "Method", "Presigner"]

Method = Literal["GET", "HEAD", "PUT", "DELETE", "POST"]

MIN_EXPIRES = timedelta(seconds=1)
MAX_EXPIRES = timedelta(days=7)
MAX_PART_NUMBER = 10_000  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html

_UTC_OFFSET = timedelta(0)
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Day:
    """What every signature of one day shares."""

    scope: str
    credential: str
    """X-Amz-Credential, encoded."""
    keyed: hmac.HMAC = field(repr=False)
    """HMAC state that has read the signing key; to copy, never to update."""

    @classmethod
    def of(cls, credentials: Credentials, region: str, date_stamp: str) -> _Day:
        scope = sigv4.credential_scope(date_stamp, region)
        key = sigv4.signing_key(credentials.secret_access_key, date_stamp, region)
        return cls(
            scope=scope,
            credential=uri_encode(f"{credentials.access_key_id}/{scope}"),
            keyed=hmac.new(key, digestmod="sha256"),
        )

    def mac(self, text: str) -> hmac.HMAC:
        mac = self.keyed.copy()
        mac.update(text.encode())
        return mac


class _Validity(NamedTuple):
    """From when, for how long and with which key: shared by all URLs of a second and a life."""

    parameters: str
    """The signature's own query, encoded and in canonical order, up to the signed headers."""
    string_to_sign: hmac.HMAC
    """Has read all but the hashed canonical request; to copy, never to update."""

    def sign(self, hashed_canonical_request: str) -> str:
        mac = self.string_to_sign.copy()
        mac.update(hashed_canonical_request.encode())
        return mac.hexdigest()


class _Draft(NamedTuple):
    """A request before its signature."""

    canonical_request: str
    url: str


class Presigner:
    """Signs for one pair of credentials and one endpoint; safe to share between threads."""

    def __init__(self, credentials: Credentials, endpoint: Endpoint) -> None:
        token = credentials.session_token
        self._token_parameter = f"&X-Amz-Security-Token={uri_encode(token)}" if token else ""
        # Two, because at midnight floored times still belong to yesterday.
        self._day = lru_cache(maxsize=2)(partial(_Day.of, credentials, endpoint.region))
        self._root = lru_cache(maxsize=256)(endpoint.root)
        self._shared = lru_cache(maxsize=64)(self._make_validity)
        self._signed = lru_cache(maxsize=256)(_canonical_headers)

    def presign(
        self,
        method: Method,
        bucket: str,
        key: str,
        *,
        at: datetime,
        expires_in: timedelta,
        headers: Mapping[str, str] = _NOTHING,
        query: Mapping[str, str] = _NOTHING,
    ) -> str:
        """A URL for exactly this request, with these headers, from `at` on.

        `headers` are those besides host that the client must send unchanged. Raises ValueError
        for what S3 would refuse or a client could read differently.
        """
        validity = self._validity(at, expires_in)
        location = self._root(bucket).join(key)
        signed = self._signed(location.host, tuple(headers.items()))
        parameters = _with_names(validity.parameters, signed)
        draft = _draft(method, location, signed, _canonical_query_string(parameters, query))
        signature = validity.sign(sigv4.hashed(draft.canonical_request))
        return f"{draft.url}&X-Amz-Signature={signature}"

    def presign_parts(
        self,
        bucket: str,
        key: str,
        *,
        upload_id: str,
        parts: Iterable[tuple[int, Mapping[str, str]]],
        at: datetime,
        expires_in: timedelta,
    ) -> Iterator[str]:
        """URLs of UploadPart, one by one, for pairs of part number and signed headers.

        Neighbours with equal headers share all their work but the number's. Bucket, key and times
        are checked now, each part when its turn comes; both raise ValueError.
        """
        location = self._root(bucket).join(key)
        validity = self._validity(at, expires_in)
        # Already in canonical order: lower-case names come after the signature's own X-Amz-ones.
        query = f"&partNumber=&uploadId={uri_encode(upload_id)}"

        def draft(headers: Mapping[str, str]) -> _Draft:
            signed = self._signed(location.host, tuple(headers.items()))
            parameters = _with_names(validity.parameters, signed)
            return _draft("PUT", location, signed, parameters + query)

        return _sign_parts(draft, validity, parts)

    def _validity(self, at: datetime, expires_in: timedelta) -> _Validity:
        if at.utcoffset() != _UTC_OFFSET:
            raise ValueError("at: must be an aware time in UTC")
        if expires_in.microseconds or not MIN_EXPIRES <= expires_in <= MAX_EXPIRES:
            raise ValueError("expires_in: must be whole seconds from 1 to 604800")
        # Whole numbers: hashing a datetime takes as long as all that is looked up by it.
        return self._shared(floor(at.timestamp()), expires_in.days * 86_400 + expires_in.seconds)

    def _make_validity(self, second: int, seconds: int) -> _Validity:
        at = datetime.fromtimestamp(second, UTC)
        date_stamp, timestamp = f"{at:%Y%m%d}", f"{at:%Y%m%dT%H%M%SZ}"
        day = self._day(date_stamp)
        parameters = (
            f"X-Amz-Algorithm={sigv4.ALGORITHM}"
            f"&X-Amz-Credential={day.credential}"
            f"&X-Amz-Date={timestamp}"
            f"&X-Amz-Expires={seconds}"
            f"{self._token_parameter}"
            f"&X-Amz-SignedHeaders="
        )
        return _Validity(parameters, day.mac(sigv4.string_to_sign(timestamp, day.scope, "")))


def _canonical_headers(host: str, headers: tuple[tuple[str, str], ...]) -> sigv4.CanonicalHeaders:
    return sigv4.canonical_headers(host, dict(headers))


def _with_names(parameters: str, signed: sigv4.CanonicalHeaders) -> str:
    return parameters + signed.names.replace(";", "%3B")


def _draft(
    method: Method, location: Location, signed: sigv4.CanonicalHeaders, query_string: str
) -> _Draft:
    return _Draft(
        sigv4.canonical_request(method, location.path, query_string, signed),
        f"{location.scheme}://{location.host}{location.path}?{query_string}",
    )


def _canonical_query_string(parameters: str, query: Mapping[str, str]) -> str:
    """Sort S3's parameters in among the signature's own.

    The latter stay one string: they are neighbours in the order, as no other name may begin
    like theirs.
    """
    if not query:
        return parameters
    first, _, rest = parameters.partition("=")
    pairs = [(first, rest)]
    for name, value in query.items():
        if name.lower().startswith("x-amz-"):
            raise ValueError(f"query {name!r}: is set by the signature, or belongs in a header")
        pairs.append((uri_encode(name), uri_encode(value)))
    return "&".join([f"{name}={value}" for name, value in sorted(pairs)])


def _sign_parts(
    draft: Callable[[Mapping[str, str]], _Draft],
    validity: _Validity,
    parts: Iterable[tuple[int, Mapping[str, str]]],
) -> Iterator[str]:
    """Hash what stands before each part's number and hash once, and go on from copies."""
    string_to_sign = validity.string_to_sign
    drafted: Mapping[str, str] | None = None
    for number, headers in parts:
        if not 1 <= number <= MAX_PART_NUMBER:
            raise ValueError(f"part_number {number}: must be from 1 to {MAX_PART_NUMBER}")
        if headers != drafted:
            drafted = dict(headers)  # a copy: a caller may fill one mapping again and again
            request, url = draft(drafted)
            request_head, request_tail = _cut_at_part_number(request)
            url_head, url_tail = _cut_at_part_number(url)
            canonical_request = hashlib.sha256(request_head.encode())
        hashed = canonical_request.copy()
        hashed.update(f"{number}{request_tail}".encode())
        mac = string_to_sign.copy()
        mac.update(hashed.hexdigest().encode())
        yield f"{url_head}{number}{url_tail}&X-Amz-Signature={mac.hexdigest()}"


def _cut_at_part_number(text: str) -> tuple[str, str]:
    """Before and after the number that was left empty.

    The first match is the parameter itself: in paths and values an equals sign is encoded.
    """
    head, name, tail = text.partition("partNumber=")
    return head + name, tail
