"""Files read again when they change; a bad one changes nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from broker.errors import ConfigurationError
from broker.state.watched import Watched

if TYPE_CHECKING:
    from pathlib import Path


class Numbers:
    """A file with one number, its reader, and what was refused; time stands until told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = 0.0
        self.loads = 0
        self.refusals: list[str] = []
        self.write("1")
        self.watched = Watched([path], self.load, clock=lambda: self.now, on_refusal=self.refuse)

    def write(self, text: str) -> None:
        """Replace the file: another inode, as editors and Kubernetes do it."""
        fresh = self.path.with_name("fresh")
        fresh.write_text(text)
        fresh.replace(self.path)

    def load(self) -> int:
        self.loads += 1
        try:
            return int(self.path.read_text())
        except (OSError, ValueError) as error:
            raise ConfigurationError(["number: is not one"]) from error

    def refuse(self, error: ConfigurationError) -> None:
        self.refusals += error.problems

    def later(self, seconds: float = 1.0) -> int:
        self.now += seconds
        return self.watched.current()


@pytest.fixture
def numbers(tmp_path: Path) -> Numbers:
    return Numbers(tmp_path / "number")


def test_the_first_value_is_read_at_once_and_kept(numbers: Numbers) -> None:
    assert [numbers.later() for _ in range(5)] == [1] * 5
    assert numbers.loads == 1


def test_a_first_file_that_is_bad_is_the_callers_fault(tmp_path: Path) -> None:
    def load() -> int:
        raise ConfigurationError(["number: is missing"])

    with pytest.raises(ConfigurationError, match="number: is missing"):
        Watched([tmp_path / "none"], load, clock=lambda: 0.0, on_refusal=lambda _: None)


@pytest.mark.parametrize(("seconds", "seen"), [(0.0, 1), (0.999, 1), (1.0, 2), (1.001, 2)])
def test_a_change_is_seen_at_the_next_look_one_second_after_the_last(
    numbers: Numbers, seconds: float, seen: int
) -> None:
    numbers.write("2")
    assert numbers.later(seconds) == seen


def test_asking_often_looks_once_a_second(numbers: Numbers) -> None:
    seen = []
    for value in range(2, 26):
        numbers.write(str(value))
        seen.append(numbers.later(0.125))
    assert sorted(set(seen)) == [1, 9, 17, 25]  # the first value, and one for each of 3 seconds
    assert numbers.loads == 4


def test_a_file_written_in_place_is_seen_too(numbers: Numbers) -> None:
    numbers.path.write_text("2")
    os.utime(numbers.path, ns=(0, 1))
    assert numbers.later() == 2


@pytest.mark.parametrize("bad", ["nonsense", ""])
def test_a_bad_file_is_reported_once_and_the_old_value_stays(numbers: Numbers, bad: str) -> None:
    numbers.write(bad)
    assert [numbers.later() for _ in range(3)] == [1] * 3
    assert numbers.refusals == ["number: is not one"]


def test_a_file_that_vanished_and_came_back_is_read_again(numbers: Numbers) -> None:
    numbers.path.unlink()
    assert numbers.later() == 1
    assert numbers.refusals == ["number: is not one"]
    numbers.write("3")
    assert numbers.later() == 3


def test_a_repaired_file_takes_effect(numbers: Numbers) -> None:
    numbers.write("nonsense")
    numbers.later()
    numbers.write("4")
    assert numbers.later() == 4


def test_reload_reads_without_waiting_for_the_next_look(numbers: Numbers) -> None:
    numbers.write("2")
    numbers.watched.reload()
    assert numbers.watched.current() == 2


def test_any_of_several_files_counts(tmp_path: Path) -> None:
    files = [tmp_path / "a", tmp_path / "b"]
    for file in files:
        file.write_text("x")
    now = [0.0]
    watched = Watched(
        files,
        lambda: "".join(file.read_text() for file in files),
        clock=lambda: now[0],
        on_refusal=lambda _: None,
    )
    files[1].write_text("longer")
    os.utime(files[1], ns=(0, 1))
    now[0] = 1.0
    assert watched.current() == "xlonger"


def test_without_files_nothing_is_ever_read_again() -> None:
    values = iter(range(10))
    watched = Watched([], lambda: next(values), clock=iter(range(100)).__next__, on_refusal=print)
    assert [watched.current() for _ in range(5)] == [0] * 5
