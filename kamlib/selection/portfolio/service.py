"""What key accounts and others are owed against what they got, and the relationship programme."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.period import add_months
from kamlib.rule_table import check_conditions
from kamlib.selection.criteria import Known
from kamlib.selection.rules import SelectionRules
from kamlib.stats.intervals import add_proportion

KINDS = {"visits": "visit", "calls": "call", "meetings": "meeting"}
TABLE_OF = {**dict.fromkeys(KINDS, "contacts"), "hours": "effort", "senior_owner":
            "account_owners", "promotions": "promotions", "surveys": "survey_invitations"}
SERVICE_COLUMNS = ["owed_to", "service", "owed", "n_accounts", "n_met", "met_share",
                   "met_share_ci_low", "met_share_ci_high", "mean_delivered"]
GAP_COLUMNS = ["account_id", "owed_to", "service", "owed", "n_delivered", "net_amount", "owner_id"]
PHASES = ("phase_build", "phase_develop", "phase_maintain")
PHASE_COLUMNS = ["relation_phase", "programme_step", "n_accounts", "n_steps_known", "n_done",
                 "done_share", "done_share_ci_low", "done_share_ci_high"]
PROGRAMME_COLUMNS = ["account_id", "n_steps", "n_done", "n_steps_unknown", "completion_share",
                     "build_share", "develop_share", "maintain_share", "steps_missing",
                     "n_overdue_actions", "oldest_due_date", "owner_id"]


def compare_service(criteria: pd.DataFrame, keys: pd.DataFrame, known: Known, *,
                    rules: SelectionRules) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Hold what was delivered in the last twelve months against what accounts are owed.

    criteria: from `measure_criteria`; keys: the list. Returns the services, one row a class
    (owed_to: on_key_list, off_key_list) and service: owed, n_accounts, n_met, met_share with its
    interval, mean_delivered; the gaps, one row an account and service that it did not get in
    full, largest accounts first; and the tables that are missing (account_owners also where no
    owner has a grade), whose services were not asked.
    An account that began within the twelve months is owed the part of its time.
    Refused without any of these tables. Source: catalogue PRT-04, whose contents are ours.
    """
    rows = criteria[criteria["n_orders"].fillna(0) > 0][["account_id", "net_amount", "owner_id",
                                                         "tenure_years"]]
    listed = keys.loc[keys["is_listed"], "account_id"]
    is_key = rows["account_id"].isin(listed)
    rows = rows.assign(owed_to=np.where(is_key, "on_key_list", "off_key_list"),
                       part=rows["tenure_years"].fillna(1.0).clip(upper=1.0))
    missing = sorted({TABLE_OF[e.service] for e in rules.entitlements
                      if not _is_recorded(e.service, known)})
    parts = [_hold(rows[rows["owed_to"] == one.owed_to], one.owed_to, one.service,
                   one.at_least, _deliver(one.service, known))
             for one in rules.entitlements if TABLE_OF[one.service] not in missing]
    if not parts:
        raise RefusedError(_("What was delivered cannot be told: of the tables contacts, "
                             "account_owners, effort, promotions and survey_invitations none that "
                             "an entitlement asks for is there. One of them would lift this."))
    all_rows = pd.concat(parts, ignore_index=True)
    all_rows["is_met"] = all_rows["n_delivered"] >= all_rows["owed"] - 1e-9
    table = all_rows.groupby(["owed_to", "service"], sort=False, as_index=False).agg(
        owed=("whole", "first"), n_accounts=("account_id", "size"), n_met=("is_met", "sum"),
        mean_delivered=("n_delivered", "mean"))
    table = add_proportion(table, successes="n_met", n="n_accounts", name="met_share",
                           level=rules.confidence_level)[SERVICE_COLUMNS]
    gaps = all_rows[~all_rows["is_met"]].sort_values(
        ["owed_to", "net_amount", "account_id", "service"], ascending=[False, False, True, True],
        ignore_index=True)[GAP_COLUMNS]
    return table, gaps, missing


def follow_programme(criteria: pd.DataFrame, keys: pd.DataFrame, known: Known, *,
                     rules: SelectionRules) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How far the relationship programme is with each key account.

    Returns the steps, one row a phase (phase_build, phase_develop, phase_maintain) and step:
    n_accounts on the list, n_steps_known (a step is not known where its table or value is
    missing), n_done, done_share of the known with its interval; and one row a key account, least
    complete first: n_steps, n_done, n_steps_unknown, completion_share (of the known), the same of
    each phase, steps_missing, n_overdue_actions and oldest_due_date (promises past their date and
    not closed), owner_id.
    Source: catalogue PRT-05; the evidence of each step is a rule of ours.
    """
    rows = keys.loc[keys["is_listed"], ["account_id", "rank"]].merge(criteria, on="account_id")
    rows = rows.sort_values(["rank", "account_id"], ignore_index=True)
    if rows.empty:
        raise RefusedError(_("No account is on the list, so there is no programme to follow. A "
                             "reading with members would lift this."))
    rows = _add_evidence(rows, known)
    held = check_conditions(rows, rules.programme, origin="selection.programme")
    phase = {one.name: one.gives for one in rules.programme}
    steps = pd.DataFrame({
        "relation_phase": [phase[str(c)] for c in held], "programme_step": list(held),
        "n_accounts": len(held), "n_steps_known": [int(held[c].notna().sum()) for c in held],
        "n_done": [int(held[c].fillna(False).sum()) for c in held]})
    steps = add_proportion(steps, successes="n_done", n="n_steps_known", name="done_share",
                           level=rules.confidence_level)[PHASE_COLUMNS]
    done, there = held.fillna(False).astype(bool), held.notna()
    rows["n_steps"], rows["n_done"] = len(held.columns), done.sum(axis=1)
    rows["n_steps_unknown"] = (~there).sum(axis=1)
    rows["completion_share"] = done.sum(axis=1) / there.sum(axis=1).where(there.any(axis=1))
    for name in PHASES:
        own = [c for c in held if phase[str(c)] == name]
        n = there[own].sum(axis=1)
        rows[f"{name.removeprefix('phase_')}_share"] = done[own].sum(axis=1) / n.where(n > 0)
    rows["steps_missing"] = [", ".join(c for c, d, k in zip(held.columns, *pair, strict=True)
                                       if k and not d)
                             for pair in zip(done.to_numpy(), there.to_numpy(), strict=True)]
    table = rows.sort_values(["completion_share", "rank", "account_id"], ignore_index=True)
    return steps, table[PROGRAMME_COLUMNS]


def _is_recorded(service: str, known: Known) -> bool:
    """Whether there is anything from which a service could be seen."""
    found = known.table(TABLE_OF[service])
    if found is None:
        return False
    # Owners without any grade say nothing about who is a senior one.
    return service != "senior_owner" or bool(found["owner_grade"].notna().any())


def _hold(rows: pd.DataFrame, owed_to: str, service: str, at_least: float,
          delivered: pd.Series) -> pd.DataFrame:
    got = rows["account_id"].map(delivered).astype("float64").fillna(0.0)
    # Nobody is owed a fraction of a visit, nor of a senior owner.
    owed = (at_least * rows["part"]).round().clip(lower=min(1.0, at_least))
    return rows.assign(owed_to=owed_to, service=service, owed=owed, whole=at_least, n_delivered=got)


def _deliver(service: str, known: Known) -> pd.Series:
    """What each account got of a service in the last twelve months."""
    found = known.table(TABLE_OF[service])
    assert found is not None  # asked of tables that are there
    start = pd.Timestamp(add_months(known.as_of + timedelta(days=1), -12))

    def since(column: str) -> pd.DataFrame:
        return found[pd.to_datetime(found[column]) >= start]

    def owners() -> pd.Series:
        last = found.sort_values(["account_id", "from_date"]).groupby("account_id").last()
        return last["owner_grade"].fillna("").str.lower().isin(("senior", "高级")).astype(float)

    ways: dict[str, Callable[[], pd.Series]] = {
        "hours": lambda: since("month").groupby("account_id")["hours"].sum(),
        "senior_owner": owners,
        "promotions": lambda: since("start_date").groupby("account_id").size(),
        "surveys": lambda: since("sent_date").groupby("account_id").size()}
    if service in KINDS:
        rows = since("contact_date")
        return rows[rows["kind"].str.lower() == KINDS[service]].groupby("account_id").size()
    return ways[service]()


def _add_evidence(rows: pd.DataFrame, known: Known) -> pd.DataFrame:
    """What the steps of the programme may ask besides the criteria; gaps without a table."""
    day, ids = pd.Timestamp(known.as_of), rows["account_id"]
    start = pd.Timestamp(add_months(known.as_of + timedelta(days=1), -12))

    def count(name: str, chosen: Callable[[pd.DataFrame], pd.Series]) -> pd.Series:
        found = known.table(name)
        if found is None:
            return pd.Series(pd.NA, index=rows.index, dtype="Int64")
        sizes = found[chosen(found)].groupby("account_id").size()
        return ids.map(sizes).fillna(0).astype("Int64")

    def overdue(t: pd.DataFrame) -> pd.Series:
        return t["closed_date"].isna() & (pd.to_datetime(t["due_date"]) < day)

    added = {
        "n_needs": count("needs", lambda t: t["dimension"].notna()),
        "n_stakeholders": count("stakeholders", lambda t: _latest(t, "rated_date")),
        "n_open_opportunities": count("opportunities", lambda t: t["outcome"] == "open"),
        "n_overdue_actions": count("actions", overdue),
        "n_visits": count("contacts", lambda t: (t["kind"].str.lower() == "visit") & (
            pd.to_datetime(t["contact_date"]) >= start)),
        "n_open_complaints": count("complaints", lambda t: t["resolved_date"].isna()),
        "n_running_contracts": count("contracts", lambda t: (
            pd.to_datetime(t["start_date"]) <= day) & (pd.to_datetime(t["end_date"]) >= day))}
    needs, actions = known.table("needs"), known.table("actions")
    nothing = pd.Series(dtype="float64")
    fits = nothing if needs is None else needs.groupby("account_id")["fit"].mean()
    dues = nothing if actions is None else actions[overdue(actions)].groupby("account_id")[
        "due_date"].min()
    return rows.assign(**added, mean_fit=ids.map(fits).astype("float64"),
                       oldest_due_date=pd.to_datetime(ids.map(dues)).astype("datetime64[s]"))


def _latest(table: pd.DataFrame, column: str) -> pd.Series:
    return table[column] == table.groupby("account_id")[column].transform("max")


def one_owner(keys: pd.DataFrame) -> str:
    """The only owner of all key accounts; "" where there are several or none is known.

    >>> one_owner(pd.DataFrame({"is_listed": [True, True], "owner_id": ["M1", "M1"]}))
    'M1'
    """
    owners = keys.loc[keys["is_listed"], "owner_id"].dropna()
    owners = owners[owners != ""]
    return str(owners.iloc[0]) if owners.nunique() == 1 and len(owners) > 1 else ""


