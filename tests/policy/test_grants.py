"""Who may do what, where: deny by default, and nothing beside the grants."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta
from fnmatch import translate
from re import match

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import Forbidden, SizeNotAllowed, TypeNotAllowed
from broker.policy.grants import Action, Grant, Policy
from broker.policy.identity import LOCAL_ISSUER, Principal, encode_identity

ALICE = Principal(LOCAL_ISSUER, "alice", frozenset({"member"}))
BOB = Principal(LOCAL_ISSUER, "bob", frozenset({"member"}))
ADMIN = Principal(LOCAL_ISSUER, "root", frozenset({"admin"}))
FOREIGN_ALICE = Principal("https://login.example", "alice", frozenset({"member"}))
HOME = Grant(
    "role:member",
    "uploads",
    "users/{sub}/",
    frozenset({Action.LIST, Action.READ, Action.WRITE}),
)
POLICY = Policy([HOME])


def allows(policy: Policy, who: Principal, action: Action, bucket: str, key: str) -> bool:
    try:
        policy.decide(who, action, bucket, key)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize("action", Action)
def test_without_grants_everything_is_denied(action: Action) -> None:
    with pytest.raises(Forbidden) as caught:
        Policy([]).decide(ADMIN, action, "uploads", "a")
    assert (caught.value.status, caught.value.reason) == (403, "no_grant")


@pytest.mark.parametrize("granted", Action)
@pytest.mark.parametrize("asked", Action)
def test_a_grant_allows_the_actions_it_names_and_no_other(granted: Action, asked: Action) -> None:
    policy = Policy([Grant("*", "uploads", "", frozenset({granted}))])
    assert allows(policy, ALICE, asked, "uploads", "a") is (granted is asked)


def test_a_person_has_their_own_prefix_and_nobody_elses() -> None:
    assert allows(POLICY, ALICE, Action.READ, "uploads", "users/alice/a")
    assert not allows(POLICY, BOB, Action.READ, "uploads", "users/alice/a")
    assert not allows(POLICY, ADMIN, Action.READ, "uploads", "users/root/a")  # not a member


def test_another_issuers_namesake_has_another_prefix() -> None:
    assert not allows(POLICY, FOREIGN_ALICE, Action.READ, "uploads", "users/alice/a")
    own = f"users/{encode_identity(FOREIGN_ALICE)}/a"
    assert allows(POLICY, FOREIGN_ALICE, Action.READ, "uploads", own)
    assert not allows(POLICY, ALICE, Action.READ, "uploads", own)


@pytest.mark.parametrize(
    "key",
    [
        "users/alice",
        "users/alice2/a",
        "users/alic/a",
        "users/Alice/a",
        "users/ALICE/a",
        "Users/alice/a",
        "users/\uff41\uff4c\uff49\uff43\uff45/a",
        "users/alice\u200b/a",
        "users/alíce/a",
        "/users/alice/a",
        "users//alice/a",
        "users/alice%2Fa",
        "users\\alice\\a",
        "users/bob/../alice/a",
        "./users/alice/a",
        "xusers/alice/a",
        "users/",
        "users/{sub}/a",
        "users/*/a",
        "",
    ],
)
@pytest.mark.parametrize("action", [Action.LIST, Action.READ, Action.WRITE])
def test_no_trick_with_a_prefix_leads_out_of_it(action: Action, key: str) -> None:
    assert not allows(POLICY, ALICE, action, "uploads", key)


def test_keys_are_compared_as_they_are_never_normalised() -> None:
    composed, decomposed = (unicodedata.normalize(form, "é/") for form in ("NFC", "NFD"))
    policy = Policy([Grant("*", "uploads", composed, frozenset({Action.READ}))])
    assert allows(policy, ALICE, Action.READ, "uploads", f"{composed}a")
    assert not allows(policy, ALICE, Action.READ, "uploads", f"{decomposed}a")


@pytest.mark.parametrize(
    ("pattern", "bucket", "covered"),
    [
        ("uploads", "uploads", True),
        ("uploads", "uploads2", False),
        ("uploads", "upload", False),
        ("team-*", "team-a", True),
        ("team-*", "team-", False),  # no bucket's name ends so
        ("team-*", "teams-a", False),
        ("*-logs", "web-logs", True),
        ("*", "anything", True),
        ("*", "Anything", False),
        ("*", "a/b", False),
        ("*", "", False),
        ("*", "..", False),
        ("*", "arn:aws:s3:::x", False),
    ],
)
def test_a_bucket_may_hold_wildcards_and_must_be_a_buckets_name(
    pattern: str, bucket: str, *, covered: bool
) -> None:
    policy = Policy([Grant("*", pattern, "", frozenset(Action))])
    assert allows(policy, ALICE, Action.READ, bucket, "a") is covered


def test_a_name_that_is_no_buckets_is_refused_with_its_own_reason() -> None:
    policy = Policy([Grant("*", "*", "", frozenset(Action))])
    with pytest.raises(Forbidden) as read:
        policy.decide(ALICE, Action.READ, "No Bucket", "a")
    with pytest.raises(Forbidden) as write:
        policy.decide_upload(ALICE, "No Bucket", "a", size=0, content_type="a/b")
    assert (read.value.reason, write.value.reason) == ("bad_bucket", "bad_bucket")


@pytest.mark.parametrize(
    ("who", "principal", "named"),
    [
        ("*", ALICE, True),
        ("*", FOREIGN_ALICE, True),
        ("role:member", ALICE, True),
        ("role:Member", ALICE, False),
        ("role:mem", ALICE, False),
        ("role:*", ALICE, False),
        ("role:admin", ALICE, False),
        ("sub:alice", ALICE, True),
        ("sub:alice", FOREIGN_ALICE, False),
        ("sub:Alice", ALICE, False),
        ("sub:*", ALICE, False),
        ("sub:member", ALICE, False),
        ("role:alice", ALICE, False),
        (f"sub:{encode_identity(FOREIGN_ALICE)}", FOREIGN_ALICE, True),
        ("alice", ALICE, False),
        ("", ALICE, False),
    ],
)
def test_who_names_a_role_a_subject_or_anyone(
    who: str, principal: Principal, *, named: bool
) -> None:
    policy = Policy([Grant(who, "uploads", "", frozenset({Action.READ}))])
    assert allows(policy, principal, Action.READ, "uploads", "a") is named


class TestUploads:
    SMALL = replace(HOME, max_size=100, types=("image/*",), max_expiry=timedelta(minutes=1))
    LARGE = replace(HOME, max_size=1000, types=("image/*", "video/mp4"), overwrite=False)
    POLICY = Policy([SMALL, LARGE])

    def decide(self, size: int, content_type: str, key: str = "users/alice/a") -> Grant:
        return self.POLICY.decide_upload(
            ALICE, "uploads", key, size=size, content_type=content_type
        )

    @pytest.mark.parametrize(
        ("size", "maximum"), [(0, 100), (99, 100), (100, 100), (101, 1000), (999, 1000)]
    )
    def test_the_first_grant_that_allows_all_of_it_sets_the_limits(
        self, size: int, maximum: int
    ) -> None:
        assert self.decide(size, "image/png").max_size == maximum

    def test_the_limits_come_with_it(self) -> None:
        assert self.decide(100, "image/png").max_expiry == timedelta(minutes=1)
        assert self.decide(100, "image/png").overwrite is True
        assert self.decide(101, "image/png").overwrite is False
        assert self.decide(1, "video/mp4").max_expiry is None

    def test_a_byte_too_many_is_refused_with_the_first_grants_limit(self) -> None:
        assert self.decide(1000, "image/png").max_size == 1000
        with pytest.raises(SizeNotAllowed, match="1001 is above the limit of 100 bytes") as caught:
            self.decide(1001, "image/png")
        assert caught.value.reason == "size_not_allowed"

    @pytest.mark.parametrize("content_type", ["text/html", "video/webm", "imagex/png"])
    def test_a_type_that_no_grant_names_is_refused(self, content_type: str) -> None:
        with pytest.raises(TypeNotAllowed, match=r"not one of image/\*") as caught:
            self.decide(1, content_type)
        assert caught.value.reason == "type_not_allowed"

    def test_limits_of_two_grants_do_not_add_up(self) -> None:
        policy = Policy([replace(HOME, max_size=10), replace(HOME, types=("image/png",))])
        with pytest.raises(SizeNotAllowed):
            policy.decide_upload(
                ALICE, "uploads", "users/alice/a", size=11, content_type="text/html"
            )

    def test_writing_needs_the_write_action(self) -> None:
        policy = Policy([replace(HOME, actions=frozenset(Action) - {Action.WRITE})])
        with pytest.raises(Forbidden) as caught:
            policy.decide_upload(
                ALICE, "uploads", "users/alice/a", size=1, content_type="image/png"
            )
        assert caught.value.reason == "no_grant"

    def test_a_foreign_key_is_refused_before_its_size_is_spoken_of(self) -> None:
        with pytest.raises(Forbidden) as caught:
            self.decide(10_000, "image/png", "users/bob/a")
        assert (caught.value.code, caught.value.reason) == ("forbidden", "no_grant")

    def test_replacing_needs_a_grant_that_lets_overwrite(self) -> None:
        def replace_it(size: int) -> Grant:
            return self.POLICY.decide_upload(
                ALICE,
                "uploads",
                "users/alice/a",
                size=size,
                content_type="image/png",
                must_overwrite=True,
            )

        assert replace_it(100).max_size == 100
        with pytest.raises(SizeNotAllowed):  # what the first grant for the key lacks
            replace_it(101)
        only = Policy([self.LARGE])
        with pytest.raises(Forbidden) as caught:
            only.decide_upload(
                ALICE,
                "uploads",
                "users/alice/a",
                size=1,
                content_type="image/png",
                must_overwrite=True,
            )
        assert caught.value.reason == "no_overwrite"


@pytest.mark.parametrize(
    ("prefix", "allowed"),
    [
        ("", True),
        ("users/", True),
        ("users/al", True),
        ("users/alice", True),
        ("users/alice/", True),
        ("users/alice/trip/", True),
        ("users/alice2", False),
        ("users/bob/", False),
        ("public/", False),
    ],
)
def test_below_a_prefix_some_place_of_ones_own_is_enough(prefix: str, *, allowed: bool) -> None:
    if allowed:
        assert POLICY.decide_below(ALICE, Action.WRITE, "uploads", prefix).who == HOME.who
        return
    with pytest.raises(Forbidden) as caught:
        POLICY.decide_below(ALICE, Action.WRITE, "uploads", prefix)
    assert caught.value.reason == "no_grant"


def test_below_needs_the_action_and_a_buckets_name_too() -> None:
    for action, bucket in ((Action.DELETE, "uploads"), (Action.WRITE, "No Bucket")):
        with pytest.raises(Forbidden):
            POLICY.decide_below(ALICE, action, bucket, "")


def test_grants_of_shows_only_ones_own_with_the_name_filled_in() -> None:
    policy = Policy([HOME, replace(HOME, who="role:admin", prefix="")])
    assert [grant.prefix for grant in policy.grants_of(ALICE)] == ["users/alice/"]
    assert [grant.prefix for grant in policy.grants_of(ADMIN)] == [""]


NAMES = st.sampled_from(["alice", "bob", "al"])
PEOPLE = st.builds(
    Principal,
    issuer=st.sampled_from([LOCAL_ISSUER, "https://login.example"]),
    subject=NAMES,
    roles=st.frozensets(st.sampled_from(["member", "admin"])),
)
GRANTS = st.builds(
    Grant,
    who=st.sampled_from(["*", "role:member", "role:admin", "sub:alice", "sub:bob"]),
    bucket=st.sampled_from(["uploads", "up*", "*", "logs"]),
    prefix=st.sampled_from(["", "users/", "users/{sub}/", "users/al/", "public/"]),
    actions=st.frozensets(st.sampled_from([Action.READ, Action.WRITE])),
    max_size=st.none() | st.integers(0, 20),
    types=st.sampled_from([(), ("image/*",), ("image/png", "text/plain")]),
)
KEYS = st.tuples(
    st.sampled_from(["users/alice/", "users/al/", "users/alice2/", "public/", ""]), NAMES
)


def model_covers(grant: Grant, who: Principal, action: Action, bucket: str, key: str) -> bool:
    """The rules of the documentation once more, written down naively."""
    me = who.subject if who.issuer == LOCAL_ISSUER else encode_identity(who)
    people = {"*", f"sub:{me}"} | {f"role:{role}" for role in who.roles}
    prefix = grant.prefix.replace("{sub}", me)
    return (
        grant.who in people
        and match(translate(grant.bucket), bucket) is not None
        and key[: len(prefix)] == prefix
        and action in grant.actions
    )


def model_takes(grant: Grant, size: int, content_type: str) -> bool:
    family = content_type.partition("/")[0]
    fits = grant.max_size is None or size <= grant.max_size
    return fits and (not grant.types or bool({content_type, f"{family}/*"} & set(grant.types)))


@given(
    grants=st.lists(GRANTS, max_size=5),
    who=PEOPLE,
    action=st.sampled_from([Action.READ, Action.WRITE]),
    bucket=st.sampled_from(["uploads", "logs", "upper"]),
    key=KEYS.map("".join),
)
def test_a_decision_is_the_models(
    grants: list[Grant], who: Principal, action: Action, bucket: str, key: str
) -> None:
    expected = any(model_covers(grant, who, action, bucket, key) for grant in grants)
    assert allows(Policy(grants), who, action, bucket, key) is expected


@given(
    grants=st.lists(GRANTS, max_size=5),
    who=PEOPLE,
    key=KEYS.map("".join),
    size=st.integers(0, 21),
    content_type=st.sampled_from(["image/png", "text/plain", "text/html"]),
)
def test_an_upload_gets_the_models_grant(
    grants: list[Grant], who: Principal, key: str, size: int, content_type: str
) -> None:
    covering = [g for g in grants if model_covers(g, who, Action.WRITE, "uploads", key)]
    taking = [g for g in covering if model_takes(g, size, content_type)]

    def decide() -> Grant:
        return Policy(grants).decide_upload(
            who, "uploads", key, size=size, content_type=content_type
        )

    if taking:
        assert (decide().max_size, decide().types) == (taking[0].max_size, taking[0].types)
        return
    with pytest.raises(Forbidden) as caught:
        decide()
    assert (caught.value.reason == "no_grant") is (not covering)
