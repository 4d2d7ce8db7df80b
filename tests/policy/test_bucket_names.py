"""Which names S3 gives to buckets."""

from __future__ import annotations

import pytest

from broker.policy.buckets import is_bucket_name


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("ab", False),
        ("abc", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("my-bucket.2", True),
        ("a.b", True),
        ("a..b", False),
        ("-ab", False),
        ("ab-", False),
        (".ab", False),
        ("ab.", False),
        ("Abc", False),
        ("a_b", False),
        ("a b", False),
        ("abc\n", False),
        ("a/b", False),
        ("a*c", False),
        ("\uff41\uff42\uff43", False),
        ("arn:aws:s3:us-east-1:123456789012:accesspoint/x", False),
        ("", False),
    ],
)
def test_a_name_obeys_s3s_rules(name: str, *, valid: bool) -> None:
    assert is_bucket_name(name) is valid
