"""What became of earlier warnings, and what is new since the last cut."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.warning.features import KEYS
from kamlib.warning.wording import describe_signs

FATES = ("came_true", "came_back", "false_alarm", "missed", "not_judged")
FATE_COLUMNS = ["cut_date", *(f"n_{fate}" for fate in FATES),
                *(f"{fate}_amount" for fate in FATES)]
LESSON_COLUMNS = ["account_id", "fate", "net_amount_window", "signs_shown", "leave_probability",
                  "is_warned_now"]
CHANGE_COLUMNS = ["account_id", "warning_change", "net_amount_window", "signs_shown",
                  "signs_before"]


def name_fates(flagged: pd.DataFrame, flags: pd.DataFrame, outcome: pd.DataFrame) -> pd.DataFrame:
    """Say what became of each warning on past cuts, and who left without one.

    flagged, flags: of `add_flags`, `find_flags`; outcome: of `mark_outcome`, one row each in the
    same order as flagged.
    Returns one row a cut and account that was warned of or left unwarned, sorted: cut_date,
    account_id, ``fate`` (came_true: left within the horizon; came_back: left, but bought again
    later; false_alarm: bought within the horizon; missed: left without a warning; not_judged: its
    usual gap is unknown or longer than the horizon), net_amount_window, signs_shown.
    """
    table = flagged.merge(outcome, on=KEYS)
    table = table[table["is_left"].notna()]
    warned, judged = table["is_warned"], table["is_judged"]
    left, back = (table[name].fillna(False).astype(bool) for name in ("is_left", "is_back"))
    fate = np.select(
        [warned & ~judged, warned & left & back, warned & left, warned, judged & left],
        ["not_judged", "came_back", "came_true", "false_alarm", "missed"], default="")
    table = table.assign(fate=pd.Series(fate, index=table.index, dtype="str"))
    told: pd.DataFrame = table.loc[fate != "", [*KEYS, "fate", "net_amount_window"]]
    # Words are dear: only the signs that are shown are put into them.
    shown = describe_signs(flags.merge(told[KEYS], on=KEYS)).rename("signs_shown")
    told = told.join(shown, on=KEYS)
    told["signs_shown"] = told["signs_shown"].astype("str").fillna("")
    return told.sort_values(KEYS, ignore_index=True)


def count_fates(fates: pd.DataFrame, cuts: pd.Series) -> pd.DataFrame:
    """Count fates by cut, with the sales of the window before it (FATE_COLUMNS); 0 for none."""
    known = pd.Index(sorted(cuts.unique()), name="cut_date")
    numbers = fates.pivot_table(index="cut_date", columns="fate", values="net_amount_window",
                                aggfunc=["size", "sum"]) if len(fates) else None
    table = pd.DataFrame(index=known)
    for kind, form in (("size", "n_{}"), ("sum", "{}_amount")):
        for fate in FATES:
            has = numbers is not None and (kind, fate) in numbers.columns
            column = numbers[(kind, fate)].reindex(known) if has and numbers is not None else \
                pd.Series(0.0, index=known)
            table[form.format(fate)] = column.fillna(0.0).astype(
                "int64" if kind == "size" else "float64")
    return table.reset_index()[FATE_COLUMNS]


def draw_lessons(fates: pd.DataFrame, watch: pd.DataFrame, forecasts: pd.DataFrame
                 ) -> pd.DataFrame:
    """List the fates of the latest cut whose outcome is known, most sales first.

    fates: of `name_fates`; watch: of `watch_accounts`, for who is warned of now; forecasts: of
    `forecast_past`, for the probability of then (NA where there was none).
    """
    if fates.empty:
        return pd.DataFrame(columns=LESSON_COLUMNS)
    last = fates[fates["cut_date"] == fates["cut_date"].max()]
    chances = forecasts[[*KEYS, "leave_probability"]] if len(forecasts) else \
        last[KEYS].assign(leave_probability=np.nan)
    table = last.merge(chances, on=KEYS, how="left")
    now = set(watch.loc[watch["is_warned"], "account_id"])
    table["is_warned_now"] = table["account_id"].isin(now)
    ordered: pd.DataFrame = table.sort_values(
        ["net_amount_window", "account_id"], ascending=[False, True], ignore_index=True)
    return ordered[LESSON_COLUMNS]


def compare_warnings(flagged: pd.DataFrame, flags: pd.DataFrame) -> pd.DataFrame:
    """Compare the warnings of the last cut with those of the cut before it.

    Returns one row an account warned of on either, new ones and most sales first:
    warning_change (new_warning:
    not warned of before; still_warned: on both; ended_warning: warned of before, no more),
    net_amount_window (at the last cut; at the one before for accounts that are no longer active),
    signs_shown, signs_before. Without rows where there is no cut before.
    """
    cuts = sorted(flagged["cut_date"].unique())
    if len(cuts) < 2:
        return pd.DataFrame(columns=CHANGE_COLUMNS)
    shown = describe_signs(flags[flags["cut_date"].isin(cuts[-2:])])
    now, before = (flagged[flagged["cut_date"] == cut].set_index("account_id")
                   for cut in (cuts[-1], cuts[-2]))
    warned_now = set(now.index[now["is_warned"]])
    warned_before = set(before.index[before["is_warned"]])
    rows = []
    for account in sorted(warned_now | warned_before):
        change = "still_warned" if account in warned_now & warned_before else \
            "new_warning" if account in warned_now else "ended_warning"
        source = now if account in now.index else before
        rows.append((account, change, float(source.at[account, "net_amount_window"]),
                     str(shown.get((cuts[-1], account), "")),
                     str(shown.get((cuts[-2], account), ""))))
    table = pd.DataFrame(rows, columns=CHANGE_COLUMNS)
    order = table["warning_change"].map({"new_warning": 0, "still_warned": 1, "ended_warning": 2})
    ordered: pd.DataFrame = table.assign(order=order).sort_values(
        ["order", "net_amount_window", "account_id"], ascending=[True, False, True],
        ignore_index=True)
    return ordered[CHANGE_COLUMNS]
