"""Where things are, as clients see them; always from the settings, never from a request."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from broker.errors import ConfigurationError
from broker.sign.presign import Addressing, Endpoint

if TYPE_CHECKING:
    from broker.settings import Settings

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}  # which browsers leave out of an origin
COOKIE = "broker_session"
SECURE_COOKIE = "__Host-broker_session"  # browsers take this name only over https, for `/`


def public_endpoint(settings: Settings) -> Endpoint:
    """Return the address of S3 as clients see it; `auto` means virtual hosts on AWS only.

    Raises ConfigurationError.
    """
    s3 = settings.s3
    url = s3.public_endpoint_url or s3.endpoint_url
    wanted = s3.addressing
    if url is None:
        return Endpoint.aws(s3.region, Addressing("virtual" if wanted == "auto" else wanted))
    try:
        return Endpoint.parse(url, s3.region, Addressing("path" if wanted == "auto" else wanted))
    except ValueError as error:
        raise ConfigurationError(["s3.endpoint_url: is not the address of an S3"]) from error


def origin_of(settings: Settings) -> str:
    """Return the origin that the page is served from."""
    address = urlsplit(settings.public_url.lower())
    port = _DEFAULT_PORTS[address.scheme]
    return f"{address.scheme}://{address.netloc.removesuffix(port)}"


def is_https(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")


def cookie_name(settings: Settings) -> str:
    return SECURE_COOKIE if is_https(settings) else COOKIE


def s3_sources(endpoint: Endpoint) -> list[str]:
    """Return the CSP sources of S3: its host, and with virtual hosts each bucket's."""
    sources = [f"{endpoint.scheme}://{endpoint.host}"]
    if endpoint.addressing is Addressing.VIRTUAL:
        sources.append(f"{endpoint.scheme}://*.{endpoint.host}")
    return sources
