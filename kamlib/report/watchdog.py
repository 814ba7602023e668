"""No kernel outlives its run, not even when the run is killed outright.

A kernel that sleeps or queries notices by itself that its parent is gone; one that is busy in C
does not, and neither does what a kernel has started. So a small process beside the run waits for
the end of a pipe, which comes however the run ends, and then ends all that bears the run's mark.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

MARK = "KAM_RUN"
END_S = 10
# Isolated, so that nothing of the current folder is imported in its place.
PROGRAM = """
import sys, psutil
mark = sys.argv[1]
sys.stdin.read()
for _ in range(3):
    for process in psutil.process_iter():
        try:
            if process.environ().get("KAM_RUN") == mark:
                process.kill()
        except (psutil.Error, OSError):
            pass
"""


@contextmanager
def guard_kernels() -> Iterator[None]:
    """Mark what is started within, and see to it that none of it is left, whatever happens."""
    mark = secrets.token_hex(8)
    guard = subprocess.Popen([sys.executable, "-I", "-c", PROGRAM, mark],  # noqa: S603
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, start_new_session=True)
    before = os.environ.get(MARK)
    os.environ[MARK] = mark  # kernels inherit it, and so does what they start
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(MARK, None)
        else:
            os.environ[MARK] = before
        assert guard.stdin is not None  # for the type checker: it is a pipe
        with suppress(OSError):
            guard.stdin.close()
        if has_marked(mark):
            guard.wait(timeout=END_S)
        else:
            guard.kill()
            guard.wait()


def has_marked(mark: str) -> bool:
    """Say whether a process below this one bears a mark."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if process.environ().get(MARK) == mark:
                return True
    return False


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a polite request to end (SIGTERM) unwind like Ctrl-C, so that nothing is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        with suppress(ValueError):
            signal.signal(signal.SIGTERM, before)
