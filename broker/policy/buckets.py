"""Names of buckets.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

from __future__ import annotations

import re
from functools import lru_cache

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@lru_cache(maxsize=1024)
def is_bucket_name(name: str) -> bool:
    return _BUCKET.fullmatch(name) is not None and ".." not in name
