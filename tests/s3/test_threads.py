"""The pool that S3 is called from."""

from __future__ import annotations

import subprocess
import sys
from threading import Barrier, Event, current_thread

import pytest

from broker.s3.threads import DaemonThreads

PATIENCE = 10  # seconds
STUCK = """
from threading import Event
from broker.s3.threads import DaemonThreads
begun = Event()
def never_ends():
    begun.set()
    Event().wait()
DaemonThreads(1, "stuck").submit(never_ends)
begun.wait()
"""


def test_a_call_answers_or_raises_through_its_future() -> None:
    threads = DaemonThreads(2, "pool")

    assert threads.submit(lambda: 6 * 7).result(PATIENCE) == 42
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 // 0).result(PATIENCE)
    assert threads.submit(lambda: "still works").result(PATIENCE) == "still works"


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_calls_run_at_once_as_there_are_threads_and_no_more(count: int) -> None:
    threads = DaemonThreads(count, "pool")
    meet, more = Barrier(count + 1), Event()

    running = [threads.submit(lambda: meet.wait(PATIENCE)) for _ in range(count)]
    waiting = threads.submit(more.set)

    assert not more.is_set()
    meet.wait(PATIENCE)
    waiting.result(PATIENCE)
    for future in running:
        future.result(PATIENCE)


def test_a_call_cancelled_while_it_waits_never_runs() -> None:
    threads = DaemonThreads(1, "pool")
    release, ran = Event(), Event()
    threads.submit(lambda: release.wait(PATIENCE))
    waiting = threads.submit(ran.set)

    assert waiting.cancel()
    release.set()
    threads.submit(lambda: None).result(PATIENCE)

    assert not ran.is_set()


def test_closing_ends_the_threads_after_what_was_asked() -> None:
    threads = DaemonThreads(1, "pool")
    thread = threads.submit(current_thread).result(PATIENCE)
    last = threads.submit(lambda: "done")

    threads.close()

    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert last.result(PATIENCE) == "done"


def test_a_call_that_never_ends_does_not_hold_the_exit() -> None:
    done = subprocess.run([sys.executable, "-c", STUCK], timeout=PATIENCE, check=False)

    assert done.returncode == 0
