"""Many small notebooks on few kernels: a kernel is started once and cleaned between notebooks.

Starting a kernel and importing what a page needs takes five times as long as the page itself.
Between two notebooks the kernel forgets every name; what stays are the imported modules.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from kamlib.errors import one_line
from kamlib.report.nursery import ForkManager

# The reset looks through everything for what the notebook left behind. What is there afterwards are
# modules and tables that stay: frozen, they need not be looked through again, a fourth of a page.
FORGET = "get_ipython().reset(new_session=True); __import__('gc').freeze()"
Job = tuple[str, NotebookNode]
Kernel = tuple[AsyncKernelManager, AsyncKernelClient]
# What came of a notebook: its name, itself with its outputs, and what went wrong ("" for nothing).
Done = Callable[[str, NotebookNode, str], None]


def run_kept(jobs: Iterable[Job], *, folder: Path, done: Done, n_kernels: int = 2,
             timeout_s: int = 300) -> None:
    """Execute notebooks on `n_kernels` kept kernels; `done` is called in the kernel's thread.

    jobs: name and notebook, executed in place; folder: in which they run. One that fails does not
    stop the others; a kernel that dies is replaced. A kernel is started for what it is to run, so
    that too large an `n_kernels` starts none in vain.
    """
    os.environ.setdefault("PYTHONHASHSEED", "0")
    queue, lock, stop = iter(jobs), threading.Lock(), threading.Event()

    def work() -> None:
        asyncio.run(_work(_shared(queue, lock, stop), folder, done, timeout_s))

    with ThreadPoolExecutor(n_kernels) as pool:
        futures = [pool.submit(work) for _ in range(n_kernels)]
        try:
            for future in futures:
                future.result()
        except BaseException:  # an interruption: the page at hand is finished, no other begun
            stop.set()
            raise


def _shared(queue: Iterator[Job], lock: threading.Lock, stop: threading.Event) -> Iterator[Job]:
    while not stop.is_set():
        with lock:
            job = next(queue, None)
        if job is None:
            return
        yield job


async def _work(jobs: Iterator[Job], folder: Path, done: Done, timeout_s: int) -> None:
    kernel: Kernel | None = None
    try:
        for name, notebook in jobs:
            if kernel is None:
                kernel = await _start(folder, timeout_s)
            why = await _execute(notebook, *kernel, folder, timeout_s)
            if why.startswith(LOST):
                await _end(*kernel)
                kernel = None
            done(name, notebook, why)
    finally:
        if kernel is not None:
            await _end(*kernel)


LOST = ("its kernel died", "a cell ran longer")


async def _start(folder: Path, timeout_s: int) -> Kernel:
    """Start a kernel and open its channels, which wait until it has nothing more to say."""
    manager = ForkManager(kernel_name="python3")
    await manager.start_kernel(cwd=str(folder))
    client = manager.client()
    client.start_channels()
    client.allow_stdin = False
    with suppress(RuntimeError):  # one that does not answer is told of by the notebook at hand
        await client.wait_for_ready(timeout=timeout_s)
    return manager, client


async def _execute(notebook: NotebookNode, manager: AsyncKernelManager, channels: AsyncKernelClient,
                   folder: Path, timeout_s: int) -> str:
    client = NotebookClient(notebook, km=manager, timeout=timeout_s, kernel_name="python3",
                            resources={"metadata": {"path": str(folder)}})
    client.kc = channels
    try:
        await client.async_execute()
        await _forget(channels, timeout_s)
    except CellTimeoutError:
        return f"a cell ran longer than {timeout_s} s"
    except DeadKernelError:
        return "its kernel died (out of memory, or ended from outside)"
    except CellExecutionError as error:
        with suppress(Exception):
            await _forget(channels, timeout_s)
        return one_line(ValueError(f"{error.ename}: {error.evalue}"))
    except RuntimeError as error:  # nbclient's word for a kernel that does not answer
        return f"its kernel died: {one_line(error)[:200]}"
    return ""


async def _forget(channels: AsyncKernelClient, timeout_s: int) -> None:
    """Let the kernel forget every name of the notebook and count its cells from 1 again."""
    await channels.execute_interactive(FORGET, silent=True, store_history=False, timeout=timeout_s)


async def _end(manager: AsyncKernelManager, channels: AsyncKernelClient) -> None:
    channels.stop_channels()
    with suppress(Exception):
        await manager.shutdown_kernel(now=True)
