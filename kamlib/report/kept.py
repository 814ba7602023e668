"""Many small notebooks on few kernels: a kernel is started once and cleaned between notebooks.

Starting a kernel and importing what a page needs takes five times as long as the page itself.
Between two notebooks the kernel forgets every name; what stays are the imported modules.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator, Sequence
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

FORGET = "get_ipython().reset(new_session=True)"
Job = tuple[str, NotebookNode]
# What came of a notebook: its name, itself with its outputs, and what went wrong ("" for nothing).
Done = Callable[[str, NotebookNode, str], None]


def run_kept(jobs: Sequence[Job], *, folder: Path, done: Done, n_kernels: int = 2,
             timeout_s: int = 300) -> None:
    """Execute notebooks on `n_kernels` kept kernels; `done` is called in the kernel's thread.

    jobs: name and notebook, executed in place; folder: in which they run. One that fails does not
    stop the others; a kernel that dies is replaced.
    """
    os.environ.setdefault("PYTHONHASHSEED", "0")
    queue, lock, stop = iter(jobs), threading.Lock(), threading.Event()

    def work() -> None:
        asyncio.run(_work(_shared(queue, lock, stop), folder, done, timeout_s))

    with ThreadPoolExecutor(max(1, min(n_kernels, len(jobs)))) as pool:
        futures = [pool.submit(work) for _ in range(max(1, min(n_kernels, len(jobs))))]
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
    manager: AsyncKernelManager | None = None
    try:
        for name, notebook in jobs:
            if manager is None:
                manager = ForkManager(kernel_name="python3")
                # Each start warns of an unencrypted port.
                await manager.start_kernel(cwd=str(folder), extra_arguments=["--log-level=ERROR"])
            why = await _execute(notebook, manager, folder, timeout_s)
            if why.startswith(LOST):
                await _end(manager)
                manager = None
            done(name, notebook, why)
    finally:
        if manager is not None:
            await _end(manager)


LOST = ("its kernel died", "a cell ran longer")


async def _execute(notebook: NotebookNode, manager: AsyncKernelManager, folder: Path,
                   timeout_s: int) -> str:
    client = NotebookClient(notebook, km=manager, timeout=timeout_s, kernel_name="python3",
                            resources={"metadata": {"path": str(folder)}})
    try:
        await client.async_execute()
        await _forget(client, timeout_s)
    except CellTimeoutError:
        return f"a cell ran longer than {timeout_s} s"
    except DeadKernelError:
        return "its kernel died (out of memory, or ended from outside)"
    except CellExecutionError as error:
        with suppress(Exception):
            await _forget(client, timeout_s)
        return one_line(ValueError(f"{error.ename}: {error.evalue}"))
    except RuntimeError as error:  # nbclient's word for a kernel that does not answer
        return f"its kernel died: {one_line(error)[:200]}"
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
    return ""


async def _forget(client: NotebookClient, timeout_s: int) -> None:
    """Let the kernel forget every name of the notebook and count its cells from 1 again."""
    if isinstance(client.kc, AsyncKernelClient):
        await client.kc.execute_interactive(FORGET, silent=True, store_history=False,
                                            timeout=timeout_s)


async def _end(manager: AsyncKernelManager) -> None:
    with suppress(Exception):
        await manager.shutdown_kernel(now=True)
