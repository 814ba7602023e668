"""How often the effort audit moves hours out of nothing, and how often it finds what is there.

    .venv/bin/python -m benchmarks.effort                       all, about 15 minutes on one core
    .venv/bin/python -m benchmarks.effort --replications 50     a quick look

Worlds of two classes over 14 quarters (`tests/effort/worlds.py`): 60 accounts each, or a list of 20
key accounts beside 150 others, as a report has it. In four of them
hours have no effect, and follow the size of the account, its trend, its orders of the same
quarter, or those of the quarter before, more with key accounts than with ordinary ones. In the
others twice the usual hours on a key account add a share of its margin in the quarter after.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np

from kamlib.effort import EffortRules
from kamlib.effort.audit import audit_effort

SEED, N_REPLICATIONS, N_POWER = 20251231, 1000, 400
EFFECTS = (0.05, 0.1, 0.2, 0.3)
SIZES = ((60, 60), (20, 150))


def load_worlds() -> ModuleType:
    """The makers of worlds that the tests use."""
    path = Path(__file__).parents[1] / "tests" / "effort" / "worlds.py"
    spec = importlib.util.spec_from_file_location("effort_worlds", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def count(worlds: ModuleType, *, kind: str, effect: float, sizes: tuple[int, int],
          n: int) -> dict[str, float]:
    """Shares of n worlds: hours moved, difference apart, truth of the key class inside."""
    rng = np.random.default_rng([SEED, int(1000 * effect), worlds.NULLS.index(kind), *sizes])
    moved = apart = held = 0
    for _world in range(n):
        panel, classes = worlds.make_panel(rng, kind=kind, effect=(effect, 0.0), sizes=sizes)
        marginal, pairs = audit_effort(panel, classes, rules=EffortRules())
        row, pair = marginal.iloc[0], pairs.iloc[0]
        moved += pair["audit_verdict"] == "move_hours" and pair["to_class"] == "key_account" \
            if effect else pair["audit_verdict"] == "move_hours"
        apart += pair["audit_reason"] != "not_apart"
        held += row["marginal_return_amount_ci_low"] <= effect * row["mean_return_amount"] \
            <= row["marginal_return_amount_ci_high"]
    return {"moved": moved / n, "apart": apart / n, "held": held / n}


def main() -> None:
    """Print one row a kind of world."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=N_REPLICATIONS)
    n = parser.parse_args().replications
    worlds = load_worlds()
    cases = [(sizes, kind, 0.0, n) for sizes in SIZES for kind in worlds.NULLS]
    cases += [(sizes, "size", effect, min(n, N_POWER)) for sizes in SIZES for effect in EFFECTS]
    print("| accounts | hours follow | effect | worlds | hours moved | returns apart "
          "| interval held |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for sizes, kind, effect, times in cases:
        found = count(worlds, kind=kind, effect=effect, sizes=sizes, n=times)
        print(f"| {sizes[0]} and {sizes[1]} | {kind} | {effect:.2f} | {times:,} | "
              f"{found['moved']:.1%} | {found['apart']:.1%} | {found['held']:.1%} |", flush=True)


if __name__ == "__main__":
    main()
