"""pydantic's findings in the broker's own words: the field's path and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

# https://docs.pydantic.dev/latest/errors/validation_errors/
_FAULTS = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "string_type": "must be text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "does not have the right form",
    "string_unicode": "must be valid Unicode",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "frozen_set_type": "must be a list",
    "byte_size": "must be a size such as 64KiB or 10MiB",
    "byte_size_unit": "must be a size such as 64KiB or 10MiB",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
}


def describe(errors: Iterable[ErrorDetails]) -> list[tuple[str, str]]:
    """Return (path, fault) pairs; a path is dotted, such as `files.0.size`.

    What was sent is never repeated, as it may be a secret.
    """
    return [(".".join(str(step) for step in error["loc"]), _fault(error)) for error in errors]


def _fault(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context["error"])
    return _FAULTS.get(error["type"], "is not valid").format(**context)
