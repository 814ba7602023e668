"""How far a run is: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from kamlib.cli.terminal import out


class Pages:
    """A progress bar of pages on a terminal; a line at the tenths elsewhere."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("account pages"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=out, transient=True)
        self._task: Any = None

    def __enter__(self) -> Pages:
        if out.is_terminal:
            self._progress.start()
            self._task = self._progress.add_task("", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if out.is_terminal:
            self._progress.stop()

    def say(self, n_done: int, n_all: int) -> None:
        """Say how many pages are made."""
        if self._task is not None:
            self._progress.update(self._task, completed=n_done, total=n_all)
        elif n_done == n_all or n_done % max(1, n_all // 10) == 0:
            out.print(f"{n_done} of {n_all} account pages")


class Steps:
    """Shows what a run is doing: a spinner on a terminal, plain lines elsewhere."""

    WORDS = {"check": "reading and checking the data", "execute": "executing the notebooks",
             "render": "rendering and publishing"}

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), console=out, transient=True)
        self._task: Any = None

    def __enter__(self) -> Steps:
        if out.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if out.is_terminal:
            self._progress.stop()

    def say(self, step: str) -> None:
        """Say which step begins."""
        if not out.is_terminal:
            out.print(self.WORDS[step])
            return
        place = list(self.WORDS).index(step)
        if self._task is None:
            self._task = self._progress.add_task("", total=len(self.WORDS))
        self._progress.update(self._task, description=self.WORDS[step], completed=place)

    def done(self, outcome: Any) -> None:
        """Say what came of a notebook."""
        why = f" ({outcome.reason})" if outcome.reason else ""
        self._progress.console.print(
            f"  {outcome.chapter.slug}: {outcome.status}{why}, {outcome.seconds:.1f} s",
            markup=False)
