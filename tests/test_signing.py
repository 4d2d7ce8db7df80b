"""URLs with a true end: the signer follows the credentials, and outlives none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from broker.errors import S3Unavailable
from broker.policy.limits import LifeLimits, LimitedBy
from broker.sign.presign import Addressing, Endpoint, Presigner
from broker.sign.sigv4 import Credentials
from broker.signing import Signing
from broker.telemetry.metrics import Metrics

NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)
ENDPOINT = Endpoint.parse("https://s3.example", "us-east-1", Addressing.PATH)
OLD = Credentials("OLD", "old-secret", "old-token", NOW + timedelta(seconds=200))
NEW = Credentials("NEW", "new-secret", "new-token", NOW + timedelta(hours=12))
LIMITS = LifeLimits(timedelta(minutes=5), timedelta(hours=1))


class Desk:
    """Signing with credentials that can be changed."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self.metrics = Metrics()
        self.signing = Signing(
            credentials=lambda: self.credentials,
            endpoint=ENDPOINT,
            limits=LIMITS,
            clock=lambda: NOW,
            metrics=self.metrics,
        )


def query(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def test_a_url_ends_a_minute_before_the_credentials_and_says_so() -> None:
    signing = Desk(OLD).signing
    life = signing.life(policy_maximum=None)
    assert (life.expires_in, life.limited_by) == (timedelta(seconds=140), LimitedBy.CREDENTIALS)
    assert query(signing.url("GET", "b", "k", life))["X-Amz-Expires"] == ["140"]


def test_new_credentials_sign_from_the_next_url_on_and_nothing_mixes() -> None:
    desk = Desk(OLD)
    life = desk.signing.life(policy_maximum=None)
    old = query(desk.signing.url("GET", "b", "k", life))
    desk.credentials = NEW
    life = desk.signing.life(policy_maximum=None)
    new = desk.signing.url("GET", "b", "k", life)
    assert old["X-Amz-Credential"][0].startswith("OLD/")
    assert old["X-Amz-Security-Token"] == ["old-token"]
    assert query(new)["X-Amz-Credential"][0].startswith("NEW/")
    assert query(new)["X-Amz-Security-Token"] == ["new-token"]
    by_new_alone = Presigner(NEW, ENDPOINT)
    assert new == by_new_alone.presign("GET", "b", "k", at=NOW, expires_in=life.expires_in)


def test_the_signer_is_kept_while_the_credentials_do_not_change() -> None:
    desk = Desk(NEW)
    assert desk.signing.presigner() is desk.signing.presigner()
    first = desk.signing.presigner()
    desk.credentials = OLD
    assert desk.signing.presigner() is not first


def test_ending_credentials_sign_nothing() -> None:
    with pytest.raises(S3Unavailable):
        Desk(Credentials("A", "b", None, NOW + timedelta(seconds=60))).signing.life(
            policy_maximum=None
        )


@pytest.mark.parametrize(
    ("size", "maximum", "seconds", "limited_by"),
    [
        (0, None, 300, LimitedBy.DEFAULT),
        (100 * 2**20, None, 400, LimitedBy.DEFAULT),
        (2**40, None, 3600, LimitedBy.POLICY),
        (100 * 2**20, timedelta(seconds=399), 399, LimitedBy.POLICY),
    ],
)
def test_an_uploads_url_leaves_time_to_send_it(
    size: int, maximum: timedelta | None, seconds: int, limited_by: LimitedBy
) -> None:
    life = Desk(NEW).signing.upload_life(size, maximum)
    assert (life.expires_in, life.limited_by) == (timedelta(seconds=seconds), limited_by)


def test_what_was_signed_is_counted_by_kind() -> None:
    desk = Desk(NEW)
    life = desk.signing.life(policy_maximum=None)
    desk.signing.url("PUT", "b", "k", life, headers={"content-length": "7"})
    urls = desk.signing.part_urls("b", "k", "u-1", [(1, {}), (2, {})], life)
    assert [query(url)["partNumber"] for url in urls] == [["1"], ["2"]]
    text = desk.metrics.render().decode()
    assert 'broker_signed_urls_total{kind="PUT"} 1.0' in text
    assert 'broker_signed_urls_total{kind="part"} 2.0' in text
