"""Pieces of sentences that headline and findings share; every comparison names its base."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.language import N_, _, fmt_money, fmt_share, translate
from kamlib.sales.result import Sales
from kamlib.sales.spans import CENT

# What each part of the bridge did to sales, when it added to them and when it took from them.
DRIVERS = {
    "price": (N_("prices added {amount}"), N_("prices took {amount}")),
    "volume": (N_("volume added {amount}"), N_("volume took {amount}")),
    "mix": (N_("new and gone products added {amount}"), N_("new and gone products took {amount}")),
    "returned": (N_("fewer returns added {amount}"), N_("more returns took {amount}")),
    "quantity_unknown": (N_("sales without a quantity added {amount}"),
                         N_("sales without a quantity took {amount}")),
}


def say_change(change: float, rate: Any, base_label: str, currency: str) -> str:
    """Say how much more or less than in a base: money first, then percent where there is one."""
    if abs(change) < CENT:
        return _("as much as in {base}", base=base_label)
    values = {"change": fmt_money(abs(change), currency), "base": base_label}
    if pd.isna(rate):
        return (_("{change} more than in {base}", **values) if change > 0 else
                _("{change} less than in {base}", **values))
    values["rate"] = fmt_share(abs(rate), digits=1)
    return (_("{change} ({rate}) more than in {base}", **values) if change > 0 else
            _("{change} ({rate}) less than in {base}", **values))


def drivers(sales: Sales) -> dict[str, float]:
    """Amounts of the bridge against the base, new and gone products together; {} without one."""
    growth = sales.growth[sales.growth["comparison"] == sales.base]
    if growth.empty:
        return {}
    amounts = dict(zip(growth["component"], growth["amount"].astype("float64"), strict=True))
    mix = amounts["mix_new"] + amounts["mix_gone"]
    return {"base": amounts["base"], "price": amounts["price"], "volume": amounts["volume"],
            "mix": mix, "returned": amounts["returned"],
            "quantity_unknown": amounts["quantity_unknown"]}


def say_driver(name: str, amount: float, currency: str) -> str:
    """Say what one part of the bridge added or took."""
    added, took = DRIVERS[name]
    return translate(added if amount > 0 else took).format(
        amount=fmt_money(abs(amount), currency))
