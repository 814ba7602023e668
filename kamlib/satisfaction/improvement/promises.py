"""What was promised after a survey, and what became of it."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.measures import PROMISE_STATUSES, follow_actions
from kamlib.satisfaction.improvement.compare import compare_groups
from kamlib.satisfaction.improvement.rules import ImprovementRules
from kamlib.satisfaction.survey.scoring import WaveScores, weighted_index

PROMISE_COLUMNS = ["action_id", "wave_id", "topic", "account_id", "owner_id", "opened_date",
                   "due_date", "closed_date", "promise_status", "overdue_days",
                   "net_amount_window", "result"]
CHANGES = ["change_index", "change_index_ci_low", "change_index_ci_high"]
TOPIC_COLUMNS = ["topic", "n_promised", "n_kept", "n_kept_late", "n_overdue", "n_pending",
                 "n_paired", *CHANGES, "movement", "n_promised_paired", "promised_change_index",
                 "promised_change_index_ci_low", "promised_change_index_ci_high"]
MOVEMENTS = {"above": "rose", "below": "fell", "": "no clear change"}


def list_promises(actions: pd.DataFrame, *, waves: pd.DataFrame, as_of: date,
                  amounts: pd.Series) -> pd.DataFrame:
    """Every promise that came out of a survey wave, as it stands on a day.

    actions: the table of that name; waves: survey_waves; amounts: sales by account_id. Where no
    action names its wave, each belongs to the last wave that had ended when it was made; where
    some do, the others have another origin and leave.
    Returns one row a promise, the longest overdue first: action_id, wave_id, topic, account_id,
    owner_id, opened_date, due_date, closed_date, promise_status (kept: closed by its due date or
    without one, kept_late, overdue, pending), overdue_days (days past due on as_of, gap otherwise),
    net_amount_window (sales of the account), result.
    Source: catalogue SAT-19.
    """
    known = follow_actions(actions, as_of=as_of)
    if known["wave_id"].isna().all():
        known["wave_id"] = _assign_waves(known, waves)
    known = known[known["wave_id"].notna()]
    if known.empty:
        raise RefusedError(_("No promise to mend something is on record (table actions), so none "
                             "can be followed. A list of promises with topic, owner and due date "
                             "would lift this."))
    known["net_amount_window"] = known["account_id"].map(amounts).astype("float64")
    return known.sort_values(["overdue_days", "opened_date", "action_id"],
                             ascending=[False, False, True], na_position="last",
                             ignore_index=True)[PROMISE_COLUMNS]


def judge_topics(promises: pd.DataFrame, *, now: WaveScores, before: WaveScores | None,
                 rules: ImprovementRules, level: float) -> pd.DataFrame:
    """What was promised after the wave before, topic by topic, and how that topic moved since.

    promises: from `list_promises`; a topic is a category of items, by its name.
    Returns one row a topic, most promises first: topic, n_promised, n_kept, n_kept_late, n_overdue,
    n_pending, then of all accounts in both waves: n_paired, change_index of the category (points)
    with Holm's interval, movement (rose, fell, no clear change, cannot tell; "" where the topic is
    no category); and of the accounts that were promised something: n_promised_paired,
    promised_change_index with Holm's interval.
    Those promised something are often those who complained most: part of their rise would have
    come without the promise (regression to the mean).
    """
    if before is None:
        raise RefusedError(_("There is no earlier wave, so there are no earlier promises to hold "
                             "against today's answers. The next wave would lift this."))
    made = promises[promises["wave_id"] == before.wave_id]
    if made.empty:
        raise RefusedError(_("No promise names the wave before this one, so nothing can be held "
                             "against today's answers. Promises with their wave would lift this."))
    counts = made.pivot_table(index="topic", columns="promise_status", values="action_id",
                              aggfunc="count").reindex(columns=list(PROMISE_STATUSES)).fillna(0)
    counts.columns = pd.Index([f"n_{status}" for status in PROMISE_STATUSES])
    counts.insert(0, "n_promised", counts.sum(axis=1))
    pairs = _pair_categories(now, before)
    pairs = pairs.assign(topic=pairs["category"].str.casefold())
    keys = counts.index.to_series().str.casefold()
    pairs = pairs[pairs["topic"].isin(set(keys))]
    promised = made[["account_id", "topic"]].drop_duplicates()
    promised["topic"] = promised["topic"].str.casefold()
    own = pairs.merge(promised, on=["account_id", "topic"])
    every = _changes(pairs, rules=rules, level=level)
    some = _changes(own, rules=rules, level=level, prefix="promised_")
    table = counts.reset_index().assign(key=keys.to_numpy()).merge(
        every, left_on="key", right_index=True, how="left").merge(
        some, left_on="key", right_index=True, how="left")
    table["movement"] = table["movement"].fillna("").astype("str")
    whole = [c for c in TOPIC_COLUMNS if c.startswith("n_")]
    return table.sort_values(["n_promised", "topic"], ascending=[False, True],
                             ignore_index=True)[TOPIC_COLUMNS].astype(
        dict.fromkeys(whole, "Int64"))


def _assign_waves(actions: pd.DataFrame, waves: pd.DataFrame) -> pd.Series:
    ended = waves.assign(end_date=pd.to_datetime(waves["end_date"])).sort_values("end_date")
    place = ended["end_date"].searchsorted(pd.to_datetime(actions["opened_date"]), side="right")
    ids = [None, *ended["wave_id"]]
    return pd.Series([ids[i] for i in place], index=actions.index, dtype="object")


def _pair_categories(now: WaveScores, before: WaveScores) -> pd.DataFrame:
    """Change of each account in each category: account_id, category, change_index."""
    both = []
    for wave in (now, before):
        scores = wave.scores.merge(wave.items[["item_id", "category"]], on="item_id")
        scores["key"] = scores["account_id"] + "\x1f" + scores["category"].fillna("")
        both.append(weighted_index(scores, by="key"))
    change = (both[0] - both[1]).dropna()
    parts = change.index.to_series().str.split("\x1f", expand=True)
    return pd.DataFrame({"account_id": parts.get(0, pd.Series(dtype="str")),
                         "category": parts.get(1, pd.Series(dtype="str")),
                         "change_index": change}).reset_index(drop=True)


def _changes(pairs: pd.DataFrame, *, rules: ImprovementRules, level: float,
             prefix: str = "") -> pd.DataFrame:
    found = compare_groups(pairs, by=["topic"], column="change_index", level=level,
                           min_pairs=rules.min_pairs).set_index("topic")
    if not prefix:
        few = found["n_paired"] < rules.min_pairs
        found["movement"] = found["side"].map(MOVEMENTS).mask(few, "cannot tell").astype("str")
    names = dict(zip(("mean", "low", "high"), CHANGES, strict=True))
    found = found.drop(columns="side").rename(
        columns={old: f"{prefix}{new}" for old, new in names.items()})
    return found.rename(columns={"n_paired": f"n_{prefix}paired"})
