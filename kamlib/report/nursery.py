"""Kernels that are forked from a process which has imported already what notebooks ask for.

A kernel of its own imports pandas, the engine and kamlib anew for every notebook, which takes as
long as a short notebook itself. Here one process imports them once and does nothing else: it runs
no thread and computes nothing, so a fork of it is as good as a fresh kernel. It ends when the
process that asks it ends, however that comes, and ends its kernels with it. Linux alone forks so
safely; elsewhere, and when anything goes wrong, kernels start as they always do.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

CAN_FORK = sys.platform == "linux"
LAUNCHER = ["-m", "ipykernel_launcher"]  # what a kernel spec asks Python to run
# Each start warns of an unencrypted port; and whose history would a run be in?
QUIET = ("--log-level=ERROR", "--HistoryManager.enabled=False")
BACKEND = "module://matplotlib_inline.backend_inline"
IMPORTED = ("ipykernel.kernelapp", "ipykernel.ipkernel", "matplotlib_inline.backend_inline",
            "kamlib.session", "kamlib.session.account")
START_S = 60  # how long a kernel may wait for the imports
PR_SET_PDEATHSIG = 1
N_WORTHWHILE = 4  # notebooks whose own imports take longer than importing everything once


class Nursery:
    """The process that imports and forks, as this process sees it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._lock = threading.Lock()
        # Lazy packages load everything at once; the mark of a run would end this process with it.
        env = {name: value for name, value in os.environ.items() if name != "KAM_RUN"}
        env |= {"EAGER_IMPORT": "1", "MPLBACKEND": BACKEND}
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-m", __name__, str(theirs.fileno())], env=env,
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                start_new_session=True)
        ours.settimeout(START_S)
        self._file = ours.makefile("rw", encoding="utf-8")
        ours.close()  # the file keeps it open
        self._owner = os.getpid()
        atexit.register(self.close)

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked: it runs, and was started by this process, not by its parent."""
        return self._owner == os.getpid() and self._process.poll() is None

    def close(self) -> None:
        """End it, and the kernels that still run."""
        if self.is_alive:
            self._process.kill()
            self._process.wait()

    def ask(self, **what: Any) -> Any:
        """Ask one thing and return the answer; OSError when there is none."""
        with self._lock:
            try:
                print(json.dumps(what), file=self._file, flush=True)
                return json.loads(self._file.readline())
            except (OSError, ValueError) as error:  # too late, or half a line: of no use any more
                self.close()
                raise ConnectionError("the process that forks kernels does not answer") from error


class Forked:
    """A forked kernel, with what a provisioner asks of a process."""

    stdin = stdout = stderr = None

    def __init__(self, nursery: Nursery, arguments: list[str], env: dict[str, str],
                 cwd: str) -> None:
        self._nursery = nursery
        self._status: int | None = None
        self.pid: int = nursery.ask(fork=arguments, env=env, cwd=cwd)

    def poll(self) -> int | None:
        """Return its exit status, None while it runs."""
        if self._status is None:
            try:
                self._status = self._nursery.ask(poll=self.pid)
            except OSError:  # it died with the process that forked it
                self._status = -signal.SIGKILL
        return self._status

    def wait(self) -> int:
        """Wait for its end and return its exit status."""
        while (status := self.poll()) is None:
            time.sleep(0.05)
        return status

    def send_signal(self, signum: int) -> None:
        """Send it a signal; nothing when it has ended, for its number may be another's by now."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class ForkProvisioner(LocalProvisioner):
    """Starts a kernel by forking where that can be done, else as a process of its own."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch a kernel with a command."""
        nursery = find_nursery()
        if nursery is None or cmd[1:3] != LAUNCHER or cmd[0] != sys.executable:
            return await super().launch_kernel(cmd, **kwargs)
        try:
            forked = Forked(nursery, cmd[3:], dict(kwargs.get("env") or os.environ),
                            str(kwargs.get("cwd") or Path.cwd()))
        except OSError:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = forked  # type: ignore[assignment]  # all that is asked of a Popen
        self.pid = self.pgid = forked.pid
        self.cwd = kwargs.get("cwd")
        return self.connection_info


class ForkManager(AsyncKernelManager):
    """A kernel manager whose kernels are forked, and neither warn nor remember what they ran."""

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        options["extra_arguments"] = [*QUIET, *options.get("extra_arguments", ())]
        if self.provisioner is None:
            self.provisioner = ForkProvisioner(kernel_id=self.kernel_id, parent=self,
                                               kernel_spec=self.kernel_spec)
        return await super()._async_pre_start_kernel(**options)


_lock = threading.Lock()
_opened: list[Nursery] = []


def open_nursery(n_notebooks: int) -> None:
    """Begin to import for notebooks to come, where there are enough of them to make up for it."""
    with _lock:
        if CAN_FORK and n_notebooks >= N_WORTHWHILE and _find() is None:
            with suppress(OSError):
                _opened[:] = [Nursery()]


def find_nursery() -> Nursery | None:
    """Return the nursery that this process has opened and that is alive."""
    with _lock:
        return _find()


def close_nursery() -> None:
    """End it in a process that goes on: it would fork yesterday's code after an edit."""
    with _lock:
        if (nursery := _find()) is not None:
            nursery.close()


def _find() -> Nursery | None:
    return next((nursery for nursery in _opened if nursery.is_alive), None)


def serve(connection: socket.socket) -> dict[str, Any] | None:
    """Import, then fork and report until the other end closes: None. A child returns its order."""
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # read when ipykernel is imported
    for name in IMPORTED:
        importlib.import_module(name)
    for module in pkgutil.iter_modules(importlib.import_module("kamlib.figures").__path__,
                                       "kamlib.figures."):
        importlib.import_module(module.name)
    gc.collect()
    gc.freeze()  # what stays is shared by all kernels as long as nobody touches it
    children: dict[int, int | None] = {}
    with connection, connection.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            asked = json.loads(line)
            if "poll" in asked:
                answer = _reap(children, asked["poll"])
            elif answer := os.fork():
                with suppress(OSError):  # the child has done it, or has ended
                    os.setpgid(answer, answer)
                children[answer] = None
            else:
                return dict(asked)
            print(json.dumps(answer), file=lines, flush=True)
    for child, status in children.items():
        if status is None:
            with suppress(OSError):
                os.killpg(child, signal.SIGKILL)
    return None


def _reap(children: dict[int, int | None], child: int) -> int | None:
    """Return the exit status of a child, None while it runs."""
    if children[child] is None:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            children[child] = os.waitstatus_to_exitcode(status)
    return children[child]


def become_kernel(arguments: list[str], env: dict[str, str], cwd: str) -> None:
    """Be from here on what ``python -m ipykernel_launcher`` is, until the kernel ends."""
    with suppress(OSError):
        os.setpgid(0, 0)
    # A kernel that is busy in C would else outlive the process that forked it.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["ipykernel_launcher", *arguments]
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


if __name__ == "__main__":
    order = serve(socket.socket(fileno=int(sys.argv[1])))
    if order is not None:
        become_kernel(order["fork"], order["env"], order["cwd"])
