"""What `faults` works with: a small company with its store, and runs in processes of their own."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import psutil

import kamlib.report.make
from kamlib.dataset import Dataset
from kamlib.errors import KamlibError
from kamlib.report.execute import KERNELS
from kamlib.report.release import seal_version
from kamlib.report.run import Options, run_report
from kamlib.report.store import Store, read_manifest
from kamlib.report.verify import check_hashes

PREPARE = kamlib.report.make.prepare
PUBLISHED, REFUSED, FAILED, CRASHED = 0, 2, 1, 9
TOKEN = "KAM_FAULTS"
DATASET = '''id = "small"
name = "Small company"
currency = "EUR"
history_from = 2024-01-01
complete_until = 2025-12-31
[tables.orders]
source = "orders.csv"
'''
ORDERS = """order_id,account_id,order_date,product_id,line_kind,quantity,amount
1,A,2025-01-05,P,sale,1,100.00
2,A,2025-10-05,P,sale,2,200.00
3,B,2025-11-06,P,sale,3,300.00
"""
PARAMETERS = '''dataset: str = "x"
period: str = "2025Q4"
rules: str = ""
out: str = ""
lang: str = "en"
top: int = 3'''
HAND_ON = '''from kamlib import open_report
from kamlib.handover import Handover
report = open_report(dataset, period=period, rules=rules, out=out, lang=lang)
report.table("facts", report.facts[["account_id", "net_amount_period"]])
report.hand_on("01_demo", Handover())'''
# Busy in C without letting any thread of the kernel run: it cannot see that its parent is gone.
BUSY = '''import pathlib, re
pathlib.Path("{flag}").touch()
re.match(r"(a+)+$", "a" * 64 + "b")'''


@dataclass
class Company:
    """A small company with its notebooks and its report store."""

    folder: Path
    seals: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return Store(self.folder / "reports")

    def write(self, *codes: str, tables: tuple[str, ...] = ()) -> None:
        """Write the data and its one notebook; one that needs a table that is not there starts
        no kernel and is skipped, and the version is published all the same."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        (self.folder / "notebooks").mkdir(exist_ok=True)
        (self.folder / "data" / "orders.csv").write_text(ORDERS, encoding="utf-8")
        (self.folder / "data" / "dataset.toml").write_text(DATASET, encoding="utf-8")
        new = nbformat.v4
        cells = [new.new_code_cell(PARAMETERS, id="parameters",
                                   metadata={"tags": ["parameters"]}),
                 *(new.new_code_cell(code, id=f"c{i}") for i, code in enumerate(codes))]
        notebook = new.new_notebook(cells=cells, metadata={"kam": {"tables": list(tables)}})
        nbformat.write(notebook, self.folder / "notebooks" / "01_demo.ipynb")

    def run(self, top: int, **options: Any) -> str:
        """Make a version; `top` makes it another one."""
        chosen = Options(reports=self.store.root, notebooks=self.folder / "notebooks",
                         parameters=(f"top={top}",), **options)
        result = run_report(self.folder / "data" / "dataset.toml", period="2025Q4", rules="",
                            options=chosen)
        return result.status

    def versions(self) -> list[Path]:
        """Every folder that looks like a version."""
        return sorted((self.store.root / "small" / "2025Q4").glob("v*[0-9]"))

    def look(self) -> list[str]:
        """Say what is wrong with the store; remember its versions for the next look."""
        wrong = []
        found = self.versions()
        names = [version.name for version in found]
        if names != [f"v{n:03d}" for n in range(1, len(names) + 1)]:
            wrong.append(f"versions are not counted up: {names}")
        for version in found:
            try:
                bad = check_hashes(version, read_manifest(version))
            except KamlibError as error:
                wrong.append(f"{version.name} is half a version: {error}")
                continue
            if len(bad):
                wrong.append(f"{version.name} is not what its manifest says: {bad.to_dict()}")
            seal = seal_version(version)
            if self.seals.setdefault(version.name, seal) != seal:
                wrong.append(f"{version.name} was changed")
        wrong += [f"{name} was lost" for name in self.seals if name not in names]
        return wrong

    def look_at_staging(self) -> list[str]:
        """Begin a run as the next one would: the dead are cleaned up, the living kept."""
        living = self.store.begin()
        (living.content / "page").write_text("mine")
        Company(self.folder).store.begin()
        left = list((self.store.root / ".staging").glob("*/"))
        wrong = [] if (living.content / "page").is_file() else ["staging of a living run was lost"]
        # Both of this process live.
        wrong += [f"staging of the dead is left: {p.name}" for p in left
                  if json.loads((p / "owner.json").read_text())["pid"] != os.getpid()]
        for folder in left:
            shutil.rmtree(folder)
        return wrong


def fork(work: Callable[[], str], said: Path) -> int:
    """Do something in a process of its own; it ends with a status that says what came of it."""
    child = os.fork()
    if child:
        return child
    status = CRASHED
    # A shell lets what it starts in the background ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        outcome = work()
        said.write_text(outcome)
        status = FAILED if outcome == "failed" else PUBLISHED
    except KamlibError as error:
        said.write_text(str(error))
        status = REFUSED
    except KeyboardInterrupt:
        status = 130
    except BaseException:
        with suppress(OSError):
            said.write_text(traceback.format_exc())
        sys.stderr.write(traceback.format_exc())
    finally:
        os._exit(status)


def wait_for(child: int) -> int:
    """Return how a process ended: its status, or minus the signal."""
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


class KeptAccounts:
    """The accounts of a prepared data set, without the engine that read them."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def select(self, *columns: str) -> KeptAccounts:
        return KeptAccounts(self.frame[list(columns)])

    def execute(self) -> pd.DataFrame:
        return self.frame


def prepare_once(request: Any, *, into: Path) -> Dataset:
    """Copy what was prepared for the first run, since the data of all is the same.

    It is prepared in a process of its own: no thread of the engine may live when we fork.
    """
    if not KEPT:
        place = Path(tempfile.mkdtemp(prefix="kam-prepared-"))

        def work() -> str:
            made = PREPARE(request, into=place / "prepared")
            accounts = made.tables["accounts"].execute()
            pickle.dump([made.accounting, made.reasons, made.checks, accounts],
                        (place / "frames").open("wb"))
            return ""

        (place / "prepared").mkdir()
        wait_for(fork(work, place / "said"))
        accounting, reasons, checks, accounts = pickle.loads((place / "frames").read_bytes())
        KEPT["place"] = place
        KEPT["dataset"] = Dataset(
            file=request.file, tables={"accounts": KeptAccounts(accounts)}, con=None,
            accounting=accounting, reasons=reasons, checks=checks, quarantine={}, files={})
    shutil.copytree(KEPT["place"] / "prepared", into, dirs_exist_ok=True)
    return KEPT["dataset"]


KEPT: dict[str, Any] = {}


def kernels() -> list[psutil.Process]:
    """Kernels that this program's runs started."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(TOKEN) == os.environ[TOKEN] and \
                    any(name in " ".join(process.cmdline()) for name in KERNELS) and \
                    process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def wait_until(holds: Callable[[], Any], seconds: float = 180) -> bool:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def company() -> Iterator[Company]:
    """A company in a folder of its own, with one version published."""
    with tempfile.TemporaryDirectory(prefix="kam-faults-") as folder:
        made = Company(Path(folder))
        made.write(HAND_ON, tables=("survey_answers",))
        if kamlib.report.make.prepare is not PREPARE and not KEPT:  # here, so that all have it
            made.run(0)
        else:
            wait_for(fork(lambda: made.run(0), made.folder / "said"))
        assert not made.look() and len(made.versions()) == 1
        yield made
