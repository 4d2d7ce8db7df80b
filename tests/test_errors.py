"""The tree of errors: stable codes, true statuses, evidence in attributes."""

from __future__ import annotations

import re
from datetime import timedelta
from inspect import isclass

import pytest

from broker import errors
from broker.errors import (
    BodyTooLarge,
    BrokerError,
    ConfigurationError,
    Forbidden,
    InvalidRequest,
    PartsMissing,
    RateLimited,
    RequestError,
    Retryable,
    S3Unavailable,
)

ALL = [
    value for value in vars(errors).values() if isclass(value) and issubclass(value, BrokerError)
]
TREE = errors.__doc__ or ""
NAMED = re.findall(r"^[ │├└─]*([A-Z]\w+?)\s+(?:(\d{3})\b.*)?$", TREE, re.MULTILINE)


def test_there_is_a_tree_and_it_is_drawn() -> None:
    assert len(ALL) == len({error.__name__ for error in ALL}) > 20
    assert len(NAMED) > 20


@pytest.mark.parametrize(("name", "status"), [(n, int(s)) for n, s in NAMED if s])
def test_the_tree_in_the_docstring_tells_the_status(name: str, status: int) -> None:
    assert getattr(errors, name).status == status


def test_every_concrete_error_stands_in_the_docstring() -> None:
    told = set(re.findall(r"\w+", TREE))
    # Refinements of one line of the tree: their answers differ in the code alone.
    refined = {"InvalidToken", "InvalidCredentials", "Retryable"}
    assert {error.__name__ for error in ALL} - told == refined


def test_codes_are_stable_words_and_no_two_errors_share_one() -> None:
    codes = [error.code for error in ALL if error not in {RequestError, Retryable}]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", code) for code in codes)
    assert len(codes) == len(set(codes))


def test_an_error_without_words_says_its_title() -> None:
    assert errors.UploadNotFound().detail == "No such upload"
    assert errors.UploadNotFound("gone").detail == "gone"


def test_evidence_stands_in_attributes() -> None:
    assert ConfigurationError(["a: x", "b: y"]).problems == ("a: x", "b: y")
    assert BodyTooLarge(64).limit == 64
    assert PartsMissing("2 parts", [3, 5]).missing == (3, 5)
    assert Forbidden("no", reason="no_grant").reason == "no_grant"
    assert Forbidden("no").reason == "forbidden"
    assert S3Unavailable("down", timedelta(seconds=2)).retry_after == timedelta(seconds=2)
    assert RateLimited("slow", timedelta(seconds=3)).retry_after == timedelta(seconds=3)


def test_an_invalid_request_names_each_field() -> None:
    error = InvalidRequest(problems=[("files.0.size", "is missing"), ("type", "is not known")])
    assert error.detail == "files.0.size: is missing; type: is not known"
    assert error.problems == (("files.0.size", "is missing"), ("type", "is not known"))
