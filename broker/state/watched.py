"""A value read from files, read again when one of them changes; a bad file changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from broker.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

T = TypeVar("T")

CHECK_INTERVAL = 1.0  # seconds between two looks at the files


class Watched(Generic[T]):
    """Looks at the files when asked for the value, at most once a second: no task, no thread."""

    def __init__(
        self,
        files: Sequence[Path],
        load: Callable[[], T],
        *,
        clock: Callable[[], float],
        on_refusal: Callable[[ConfigurationError], None],
    ) -> None:
        """`clock` is monotonic seconds. The first load may raise ConfigurationError."""
        self._files = tuple(files)
        self._load = load
        self._clock = clock
        self._on_refusal = on_refusal
        self._seen = self._stamps()
        self._value = load()
        self._next_look = clock() + CHECK_INTERVAL

    def current(self) -> T:
        if self._clock() >= self._next_look:
            self._next_look = self._clock() + CHECK_INTERVAL
            if self._stamps() != self._seen:
                self.reload()
        return self._value

    def reload(self) -> None:
        """Swap the value whole, or report why not and keep the old one."""
        self._seen = self._stamps()
        try:
            self._value = self._load()
        except ConfigurationError as error:
            self._on_refusal(error)

    def _stamps(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(_stamp(file) for file in self._files)


def _stamp(file: Path) -> tuple[int, int] | None:
    """Return what changes whenever a file is written; None when it is not there."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
