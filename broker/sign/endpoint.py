"""Where buckets and objects lie: hosts, ports, base paths and the two ways to name a bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from broker.sign.sigv4 import uri_encode_path

_DEFAULT_PORTS = {"http": 80, "https": 443}

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
# Starts with a letter or digit, so a bucket is never a dot segment; no "/", "?", "#", "@".
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HOST_LABELS = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*")

# Partitions of AWS outside amazonaws.com, by the start of their regions' names.
_DNS_SUFFIXES = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
}


class Addressing(StrEnum):
    """Where a URL names the bucket."""

    PATH = "path"
    VIRTUAL = "virtual"


class Location(NamedTuple):
    """Scheme, host and encoded path of a bucket or an object; the path begins with a slash.

    A tuple, because each URL makes one and a frozen dataclass takes twice the time.
    """

    scheme: str
    host: str
    path: str

    def join(self, key: str) -> Location:
        """An object's location from its bucket's root; with an empty key, the bucket's own."""
        path = f"{self.path}/{uri_encode_path(key)}" if key else self.path or "/"
        return Location(self.scheme, self.host, path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An S3 service as its clients reach it.

    `host` has the port unless it is the scheme's own; `path` is an encoded base path without a
    slash at its end.
    """

    scheme: str
    host: str
    path: str = ""
    region: str
    addressing: Addressing

    @classmethod
    def aws(cls, region: str, addressing: Addressing) -> Endpoint:
        suffixes = (suffix for start, suffix in _DNS_SUFFIXES.items() if region.startswith(start))
        host = f"s3.{region}.{next(suffixes, 'amazonaws.com')}"
        return cls(scheme="https", host=host, region=region, addressing=addressing)

    @classmethod
    def parse(cls, url: str, region: str, addressing: Addressing) -> Endpoint:
        """Raises ValueError unless it is an http or https URL of host, port and path alone."""
        parts = urlsplit(url)
        if "@" in parts.netloc or "?" in url or "#" in url:
            raise ValueError("endpoint URL: must not hold credentials, a query or a fragment")
        if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(parts.netloc.lower()):
            raise ValueError("endpoint URL: not of the form http(s)://host")
        host = parts.netloc.lower().removesuffix(f":{_DEFAULT_PORTS[parts.scheme]}")
        path = uri_encode_path(unquote(parts.path)).rstrip("/")
        return cls(scheme=parts.scheme, host=host, path=path, region=region, addressing=addressing)

    def locate(self, bucket: str, key: str) -> Location:
        """Where the object lies; with an empty key, where the bucket itself lies.

        Falls back to path style for a bucket that no host name, or no wildcard certificate, can
        carry. Raises ValueError for a name that S3 gives to no bucket.
        """
        return self.root(bucket).join(key)

    def root(self, bucket: str) -> Location:
        """What the bucket's objects have in common: a path without the slash before the key."""
        if not _BUCKET.fullmatch(bucket):
            raise ValueError("bucket: has a character that no bucket's name has, or is empty")
        if self.addressing is Addressing.VIRTUAL and self._host_can_name(bucket):
            return Location(self.scheme, f"{bucket}.{self.host}", self.path)
        return Location(self.scheme, self.host, f"{self.path}/{bucket}")

    def _host_can_name(self, bucket: str) -> bool:
        if self.scheme == "https" and "." in bucket:
            return False
        return _HOST_LABELS.fullmatch(bucket) is not None
