"""pydantic's findings in the broker's words, without what was sent."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ByteSize, ConfigDict, Field, ValidationError

from broker.policy.grants import Action
from broker.validation import describe

SECRET = "hunter2hunter2"


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even")
    return value


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field("ab", min_length=2, max_length=4, pattern="^[a-z]+$")
    count: int = Field(5, ge=1, le=9)
    above: float = Field(5, gt=1, lt=9)
    flag: bool = False
    action: Action = Action.READ
    kind: Literal["x", "y"] = "x"
    tags: list[str] = Field([], max_length=2)
    labels: frozenset[str] = frozenset()
    size: ByteSize = ByteSize(0)
    even: Annotated[int, AfterValidator(_even)] = 0


class Order(BaseModel):
    needed: int = 0
    items: list[Item] = []
    table: dict[str, int] = {}


def faults(value: object) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        Order.model_validate(value)
    return dict(describe(caught.value.errors()))


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("name", 7, "must be text"),
        ("name", "a", "must have at least 2 characters"),
        ("name", "abcde", "must have at most 4 characters"),
        ("name", "A1", "does not have the right form"),
        ("count", 0, "must be at least 1"),
        ("count", 10, "must be at most 9"),
        ("count", "x", "must be a whole number"),
        ("count", 1.5, "must be a whole number"),
        ("count", [], "must be a whole number"),
        ("count", "9" * 5000, "is too large a number"),
        ("above", 1, "must be above 1.0"),
        ("above", 9, "must be below 9.0"),
        ("flag", "perhaps", "must be true or false"),
        ("flag", [], "must be true or false"),
        ("kind", "z", "must be one of 'x' or 'y'"),
        ("tags", "a", "must be a list"),
        ("tags", ["a", "b", "c"], "must have at most 2 items"),
        ("labels", 7, "must be a list"),
        ("size", "7 parsecs", "must be a size such as 64KiB or 10MiB"),
        ("size", -1, "must be a size such as 64KiB or 10MiB"),
        ("even", 3, "must be even"),
        ("other", 1, "is not known"),
    ],
)
def test_a_fault_is_told_in_the_brokers_words(field: str, value: object, fault: str) -> None:
    assert faults({"items": [{}, {field: value}]}) == {f"items.1.{field}": fault}


def test_a_choice_names_what_may_be_chosen() -> None:
    told = faults({"items": [{"action": "fly"}]})["items.0.action"]
    assert all(f"'{action}'" in told for action in Action)


def test_shapes_are_told_by_path() -> None:
    assert faults({"items": 7, "table": []}) == {
        "items": "must be a list",
        "table": "must be an object",
    }
    assert faults({"items": [7]}) == {"items.0": "must be an object"}


def test_every_fault_is_reported_at_once() -> None:
    assert len(faults({"items": [{"name": 1, "count": 0, "flag": 9, "x": 1, "y": 2}]})) == 5


def test_what_was_sent_is_never_repeated() -> None:
    value = dict.fromkeys(Item.model_fields, SECRET) | {"name": SECRET.upper()}
    told = faults({"needed": SECRET, "items": [value, SECRET], "table": {"a": SECRET}})
    assert len(told) >= 8
    assert SECRET not in str(told).lower()


def test_a_kind_of_fault_without_words_of_its_own_is_still_named() -> None:
    assert faults({"items": [{"above": "x"}]}) == {"items.0.above": "is not valid"}
