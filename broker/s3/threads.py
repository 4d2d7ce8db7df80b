"""A bounded pool of threads that do not hold up the end of the process.

Python joins the threads of its `ThreadPoolExecutor` at exit, so one call that S3 never answers
would hold the process for as long as the call may take.
"""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
Task: TypeAlias = "Callable[[], None]"


class DaemonThreads:
    def __init__(self, count: int, name: str) -> None:
        """Each of the first `count` calls starts a thread, which stays."""
        self._count = count
        self._name = name
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._started = 0
        self._starting = Lock()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Return what the call will return; cancelled before it began, it never runs."""
        future: Future[T] = Future()
        self._tasks.put(partial(_settle, future, call))
        self._start_one()
        return future

    def close(self) -> None:
        """Let each thread end once the calls so far are done; wait for none."""
        for _ in range(self._started):
            self._tasks.put(None)

    def _start_one(self) -> None:
        with self._starting:
            if self._started == self._count:
                return
            self._started += 1
        Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while task := self._tasks.get():
            task()
            del task  # it would hold its result until the next one comes


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - the future hands it to whoever waits
        future.set_exception(error)
    else:
        future.set_result(result)
