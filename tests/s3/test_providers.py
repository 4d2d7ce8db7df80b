"""What each S3 implementation takes and enforces."""

from __future__ import annotations

from typing import get_args

import pytest

from broker.policy.parts import GIB, MIB
from broker.s3.providers import PROVIDERS, ProviderName
from broker.settings import S3Settings


def test_every_provider_that_can_be_configured_is_known() -> None:
    configurable = get_args(S3Settings.model_fields["provider"].annotation)
    assert set(configurable) == {str(name) for name in ProviderName} == {str(n) for n in PROVIDERS}
    assert all(name == provider.name for name, provider in PROVIDERS.items())


def test_generic_promises_only_what_every_s3_has() -> None:
    generic = PROVIDERS[ProviderName.GENERIC]
    assert not generic.write_once_put
    assert not generic.write_once_complete


@pytest.mark.parametrize(
    ("name", "held"),
    [(ProviderName.AWS, True), (ProviderName.CEPH, False), (ProviderName.GENERIC, False)],
)
def test_write_once_is_held_only_where_no_way_of_uploading_overwrites(
    name: ProviderName, *, held: bool
) -> None:
    assert PROVIDERS[name].write_once is held


def test_aws_takes_objects_of_48_8_tebibytes() -> None:
    parts = PROVIDERS[ProviderName.AWS].parts
    assert (parts.min_part, parts.max_part, parts.max_parts) == (5 * MIB, 5 * GIB, 10_000)
    assert round(parts.max_object / 1024**4, 1) == 48.8
