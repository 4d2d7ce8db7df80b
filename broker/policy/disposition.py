"""The Content-Disposition of a download, safe for any file name.

RFC 6266 with both forms of the name: plain ASCII for old clients, RFC 8187 for the true one.
"""

from __future__ import annotations

import re
from urllib.parse import quote

MAX_NAME_LENGTH = 255
# RFC 8187, 3.2.1: attr-char; the rest is percent-encoded.
_ATTR_CHARS = "!#$&+-.^_`|~"
_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\%/;]')


def content_disposition(kind: str, filename: str) -> str:
    """Return one header value of one line; characters that could end it are replaced."""
    name = re.sub(r"[\x00-\x1f\x7f-\x9f/\\]", "_", filename)[-MAX_NAME_LENGTH:] or "download"
    plain = _UNSAFE.sub("_", name)
    encoded = quote(name, safe=_ATTR_CHARS)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
