"""What to set by hand on servers that have no CORS per bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.policy.cors import DOWNLOAD_HEADERS, EXPOSED_HEADERS, METHODS, UPLOAD_HEADERS

if TYPE_CHECKING:
    from collections.abc import Sequence

# By provider name. `{origins}` and `{bucket}` are filled in.
ADVICE = {
    "minio": (
        "MinIO has no CORS per bucket. Set MINIO_API_CORS_ALLOW_ORIGIN={origins} in the"
        " environment of the server and restart it."
    ),
    "gcs": (
        "Google Cloud Storage takes no CORS rules by the S3 API. Use"
        " `gcloud storage buckets update gs://{bucket} --cors-file=FILE`, with origin {origins},"
        " method {methods}, responseHeader {headers},{exposed} and maxAgeSeconds 3600."
    ),
}
OTHER_ADVICE = (
    "This server takes no CORS rules per bucket. In its own settings allow the origins {origins},"
    " the methods {methods} and the request headers {headers}, and expose {exposed}."
)


def advice(provider: str, bucket: str, origins: Sequence[str]) -> str:
    """What an operator sets there instead, and how to prove it afterwards."""
    text = ADVICE.get(provider, OTHER_ADVICE).format(
        bucket=bucket,
        origins=",".join(origins) or "of your pages",
        methods=",".join(METHODS),
        headers=",".join(UPLOAD_HEADERS + DOWNLOAD_HEADERS),
        exposed=",".join(EXPOSED_HEADERS),
    )
    return f"{text} Then run `broker cors verify`: it asks the server as a browser would."
