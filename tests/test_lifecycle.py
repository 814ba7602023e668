"""Stages, movement, cohorts and rhythm on accounts whose truth is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import lifecycle
from kamlib.errors import InputError
from kamlib.language import NO_BREAK
from kamlib.lifecycle import LifecycleRules
from kamlib.lifecycle.evidence import measure_accounts
from kamlib.lifecycle.history import build_history, remove_season
from kamlib.lifecycle.stages import measure_rhythm
from kamlib.period import parse_period

RULES = LifecycleRules()
NO_SEASON = LifecycleRules(season_years=10)  # asks for more history than there is
AS_OF = date(2025, 12, 31)
PERIOD = parse_period("2025Q4")


def make_months(sales: dict[str, list[float]], *, end: str = "2025-12-01") -> pd.DataFrame:
    """account_months from sales a month, each list ending with the month `end`; 0 is no row."""
    rows = [(account, month, amount) for account, amounts in sales.items()
            for month, amount in zip(pd.date_range(end=end, periods=len(amounts), freq="MS"),
                                     amounts, strict=True) if amount]
    table = pd.DataFrame(rows, columns=["account_id", "month", "amount"])
    return table.assign(line_kind="sale", n_lines=1, n_purchase_days=1).astype(
        {"account_id": "str"})


def make_facts(months: pd.DataFrame, *, as_of: date = AS_OF, start: date = date(2025, 10, 1),
               unknown: tuple[str, ...] = ()) -> pd.DataFrame:
    """account_facts of the columns that the room reads, a sale on the 1st of each month."""
    now, opening = pd.Timestamp(as_of), pd.Timestamp(start) - pd.Timedelta(days=1)
    sales = months[(months["line_kind"] == "sale") & (months["month"] <= now)]
    by = sales.groupby("account_id")["month"]
    facts = pd.DataFrame({"first_sale_date": by.min(), "last_sale_date": by.max(),
                          "n_purchase_days": by.nunique().astype("Int64")})
    facts = facts.reindex(sorted(months["account_id"].unique()))
    gaps = sales.sort_values("month").groupby("account_id")["month"].apply(
        lambda days: days.diff().dt.days.dropna())
    by_gap = gaps.groupby(level=0)
    window = sales[sales["month"] > now - pd.DateOffset(years=1)]

    def active(day: pd.Timestamp) -> pd.Series:
        recent = sales[(sales["month"] <= day) & (sales["month"] > day - pd.Timedelta(days=365))]
        return pd.Series(facts.index.isin(recent["account_id"]), index=facts.index)

    before = pd.Series(facts.index.isin(sales.loc[sales["month"] <= opening, "account_id"]),
                       index=facts.index)
    known = pd.Series(~facts.index.isin(unknown), index=facts.index)
    opened, closed = active(opening), active(now)
    came = closed & ~opened
    facts = facts.assign(
        start_date=facts["first_sale_date"].where(known), is_start_known=known,
        tenure_days=(now - facts["first_sale_date"]).dt.days.where(known).astype("Int64"),
        days_since_last_sale=(now - facts["last_sale_date"]).dt.days.astype("Int64"),
        n_repeat_days=(facts["n_purchase_days"] - 1).clip(lower=0), gap_mean_days=by_gap.mean(),
        gap_sd_days=by_gap.std(), first_to_last_days=by_gap.sum(),
        log_gap_sum=np.log(gaps).groupby(level=0).sum(),
        first_to_as_of_days=(now - facts["first_sale_date"]).dt.days.astype("Int64"),
        lapse_date=(facts["last_sale_date"] + pd.Timedelta(days=365)).where(
            lambda day: day <= now), n_lines=facts["n_purchase_days"], adjustment_amount_window=0.0,
        net_amount_window=window.groupby("account_id")["amount"].sum(),
        is_active_opening=opened, is_active_closing=closed, is_new=came & ~before & known,
        is_first_seen=came & ~before & ~known, is_lost=opened & ~closed,
        is_recovered=came & before)
    facts["net_amount_window"] = facts["net_amount_window"].fillna(0.0)
    facts["margin_known_amount_window"] = facts["net_amount_window"]
    facts["margin_amount_window"] = 0.3 * facts["net_amount_window"]
    return facts.rename_axis("account_id").reset_index().astype({"account_id": "str"})


def stage_of(sales: dict[str, list[float]], *, rules: LifecycleRules = RULES,
             unknown: tuple[str, ...] = ()) -> pd.DataFrame:
    months = make_months(sales)
    facts = make_facts(months, unknown=unknown)
    return lifecycle.stage_accounts(months, facts, as_of=AS_OF, rules=rules).set_index("account_id")


def noisy(rng: np.random.Generator, level: np.ndarray, *, cv: float) -> list[float]:
    """Sales that scatter around a level: gamma with the given coefficient of variation."""
    return [float(x) for x in level * rng.gamma(1 / cv**2, cv**2, len(level))]


# One account for each rule, and the rule that has to fire.
LEVEL = [100.0, 110.0, 90.0] * 16
CASES: dict[str, tuple[list[float], str, str]] = {
    "young": ([50.0, 60.0, 40.0, 50.0], "exploration", "young"),
    "few": ([50.0] + [0.0] * 39 + [50.0] + [0.0] * 5, "exploration", "few_purchases"),
    "short": ([100.0] * 10, "undetermined", "short_history"),
    "falling": ([float(500 - 10 * i) for i in range(48)], "decline", "falling"),
    "rising": ([float(20 + 10 * i) for i in range(48)], "formation", "rising"),
    "level": (LEVEL, "stability", "level"),
    "low": ([900.0] * 12 + [100.0, 90.0, 110.0] * 12, "undetermined", "low_level"),
    "swinging": ([0.0, 0.0, 0.0, 0.0, 0.0, 600.0] * 3, "formation", "swinging_young"),
    "old": ([10.0] + [0.0, 0.0, 0.0, 0.0, 0.0, 600.0] * 7, "undetermined", "swinging_old"),
    "gone": ([100.0] * 30 + [0.0] * 14, "inactive", "silent"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_rule_fires_on_its_account(name: str) -> None:
    sales = {key: [1.0, *amounts] if key == "swinging" else amounts
             for key, (amounts, _, _) in CASES.items()}
    row = stage_of(sales).loc[name]
    assert (row["stage"], row["stage_reason"]) == CASES[name][1:]


def test_evidence_is_shown_only_where_it_was_asked() -> None:
    stages = stage_of({name: case[0] for name, case in CASES.items()}, rules=NO_SEASON)
    judged = stages["slope_q_value"].notna()
    assert not judged[["young", "few", "short", "gone"]].any()
    assert judged[["falling", "rising", "level", "old"]].all()
    # 500, 490, …: the median slope of the last 36 months is -10 a month, their mean 205.
    assert stages.loc["falling", "slope_rate"] == pytest.approx(-10 / 205)
    assert stages.loc["falling", "n_months"] == 36
    # Blocks of 300 each: no variation between quarters.
    assert stages.loc["level", "sales_cv"] == pytest.approx(0.0)
    assert stages.loc["low", "level_share"] == pytest.approx(1200 / 10800)


def test_unknown_start_is_judged_once_it_is_known_for_longer_than_formation() -> None:
    sales = {"A": CASES["falling"][0], "B": LEVEL[:20], "C": LEVEL}
    found = stage_of(sales, unknown=("A", "B"))["stage_reason"]
    assert found[["A", "B"]].tolist() == ["falling", "unknown_start"]
    judged = stage_of(sales, unknown=("A", "B"), rules=LifecycleRules(unknown_start="judged"))
    assert judged["stage_reason"][["A", "B"]].tolist() == ["falling", "level"]
    never = stage_of(sales, unknown=("A", "B"), rules=LifecycleRules(unknown_start="undetermined"))
    assert (never["stage_reason"][["A", "B"]] == "unknown_start").all()


def orders_to_months(days: dict[str, np.ndarray], rng: np.random.Generator) -> pd.DataFrame:
    """account_months of orders on days since the start of 2022, worth 100 give or take 30 %."""
    rows = [(account, pd.Timestamp("2022-01-01") + pd.Timedelta(days=int(day)),
             100 * float(rng.gamma(11, 1 / 11))) for account, at in days.items() for day in at]
    table = pd.DataFrame(rows, columns=["account_id", "day", "amount"])
    table["month"] = table["day"].dt.to_period("M").dt.to_timestamp()
    months = table.groupby(["account_id", "month"], as_index=False).agg(
        amount=("amount", "sum"), n_purchase_days=("day", "nunique"), n_lines=("day", "size"))
    return months.assign(line_kind="sale").astype({"account_id": "str"})


def test_few_orders_are_not_called_volatility_but_swinging_wants_are() -> None:
    # Six orders a year in Erlang gaps, for four years. The even ones want the same in every
    # quarter; what the others want swings from quarter to quarter with a deviation of its mean.
    rng = np.random.default_rng(8)
    days = {}
    for i in range(200):
        ticks = rng.gamma(2, 1 / 2, 200).cumsum()
        days[f"even{i:03}"] = ticks[ticks < 24] * 1461 / 24
        if i < 50:
            wants = np.concatenate([[0.0], rng.gamma(1, 1, 16).cumsum()]) * 1.5
            days[f"swings{i:03}"] = np.interp(ticks[ticks < wants[-1]], wants, np.arange(17)) * 91.3
    months = orders_to_months(days, rng)
    gaps = {account: np.diff(np.unique(at.astype(int))) for account, at in days.items()}
    facts = pd.DataFrame({"gap_sd_days": {a: g.std(ddof=1) for a, g in gaps.items()},
                          "gap_mean_days": {a: g.mean() for a, g in gaps.items()},
                          "n_repeat_days": {a: len(g) for a, g in gaps.items()},
                          "first_to_last_days": {a: g.sum() for a, g in gaps.items()},
                          "log_gap_sum": {a: np.log(g).sum() for a, g in gaps.items()}})
    rhythm = measure_rhythm(facts)
    assert rhythm.max() == pytest.approx(2**-0.5, abs=0.1)  # Erlang gaps of two stages
    history = remove_season(build_history(months, as_of=AS_OF), rules=NO_SEASON)
    table = measure_accounts(history, accounts=days, rules=NO_SEASON, gap_cv=rhythm)
    kind = table["account_id"].str.rstrip("0123456789")
    beyond, all_of_it = ((table[name] <= NO_SEASON.stable_cv).groupby(kind).mean()
                         for name in ("demand_cv", "sales_cv"))
    assert beyond["even"] >= 0.9 and all_of_it["even"] <= 0.65
    assert beyond["swings"] <= 0.3
    assert (table["demand_cv"] <= table["sales_cv"]).all()


def test_no_rhythm_is_taken_out_where_few_accounts_show_one() -> None:
    sales = {name: case[0] for name, case in CASES.items()}
    found = stage_of(sales)
    judged = found["sales_cv"].notna()
    assert (found["demand_cv"] == found["sales_cv"])[judged].all()


def test_the_rules_decide_which_variation_counts() -> None:
    rng = np.random.default_rng(2)
    months = make_months({f"A{i:02}": [100.0, *(100.0 * (rng.random(47) < 0.4))]
                          for i in range(40)})
    found = {basis: lifecycle.stage_accounts(
        months, make_facts(months), as_of=AS_OF, rules=LifecycleRules(
            variation_basis=basis, season_years=10, stable_cv=0.5)) for basis in (
            "all", "beyond_rhythm")}
    for basis, name in (("all", "sales_cv"), ("beyond_rhythm", "demand_cv")):
        table = found[basis]
        no_trend = table["stage_reason"].isin(["level", "low_level", "swinging_old"])
        assert ((table[name] <= 0.5) == (table["stage_reason"] != "swinging_old"))[no_trend].all()
    assert (found["all"]["stage"] == "stability").sum() + 5 < (
        found["beyond_rhythm"]["stage"] == "stability").sum()


def test_action_ends_a_relation_that_falls_and_earns_nothing() -> None:
    months = make_months({"A": CASES["falling"][0], "B": LEVEL})
    facts = make_facts(months)
    paid = lifecycle.stage_accounts(months, facts, as_of=AS_OF, rules=RULES)
    assert paid["stage_action"].tolist() == ["win_back", "keep"]
    facts["margin_amount_window"] = -1.0
    unpaid = lifecycle.stage_accounts(months, facts, as_of=AS_OF, rules=RULES)
    assert unpaid["stage_action"].tolist() == ["new_terms_or_end", "keep"]


def test_an_unfinished_month_is_left_out() -> None:
    months = make_months({"A": LEVEL})
    whole = build_history(months, as_of=date(2025, 11, 30))
    part = build_history(months, as_of=date(2025, 12, 30))
    pd.testing.assert_frame_equal(part, whole)
    assert part["month"].max() == pd.Timestamp("2025-11-01")


def test_only_sale_lines_make_the_history() -> None:
    months = make_months({"A": LEVEL})
    back = months.assign(line_kind="return", amount=-50.0)
    pd.testing.assert_frame_equal(build_history(pd.concat([months, back]), as_of=AS_OF),
                                  build_history(months, as_of=AS_OF))


def test_season_is_not_called_volatility() -> None:
    rng = np.random.default_rng(5)
    year = np.array([0.3, 0.2, 0.4, 0.8, 1.0, 1.2, 2.6, 2.4, 1.6, 0.8, 0.4, 0.3])
    sales = {f"A{i}": noisy(rng, 100 * np.tile(year, 4), cv=0.15) for i in range(20)}
    seasonal = stage_of(sales)
    assert (seasonal["stage"] == "stability").all()
    blind = stage_of(sales, rules=NO_SEASON)
    assert (blind["stage_reason"] == "swinging_old").all()


def test_short_or_dead_portfolios_have_no_season() -> None:
    short = remove_season(build_history(make_months({"A": LEVEL[:20]}), as_of=AS_OF), rules=RULES)
    dead = remove_season(build_history(make_months({"A": [5.0, *[0.0] * 30, 5.0]}), as_of=AS_OF),
                         rules=RULES)
    assert (short["season_index"] == 1).all() and (dead["season_index"] == 1).all()


def test_known_stages_are_recovered() -> None:
    rng = np.random.default_rng(11)
    t = np.arange(48)
    levels = {"stability": np.full(48, 100.0), "decline": 250 * np.exp(-0.04 * t),
              "formation": 40 * np.exp(0.04 * t), "exploration": np.full(4, 20.0)}
    sales = {f"{stage}{i:02}": noisy(rng, rng.uniform(0.3, 3) * level, cv=0.6)
             for stage, level in levels.items() for i in range(30)}
    found = stage_of(sales)["stage"]
    truth = found.index.str.rstrip("0123456789")
    right = pd.Series(found.to_numpy() == truth, index=truth).groupby(level=0).mean()
    assert right["exploration"] == 1
    assert (right[["stability", "decline", "formation"]] >= 0.9).all(), right


def test_no_trend_gives_few_false_declines() -> None:
    # Benjamini & Hochberg (1995), theorem 1: with every null hypothesis true, the chance of even
    # one rejection is the level. So 5 % of 300 is a generous bound, and 4 families bind closer.
    wrong = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        chance = rng.uniform(0.3, 1.0, 300)
        # Each history begins with a sale, as real ones do.
        sales = {f"A{i:03}": [50.0, *(np.array(noisy(rng, np.full(40, 100.0), cv=0.8))
                                      * (rng.random(40) < chance[i]))] for i in range(300)}
        stages = stage_of(sales)
        assert stages["slope_q_value"].notna().sum() > 280
        wrong.append(int((stages["stage"] == "decline").sum()))
    assert max(wrong) <= 15
    assert sum(wrong) <= 4, wrong


def test_the_month_of_the_first_sale_is_no_evidence() -> None:
    # It holds a sale by definition; the other 20 months decide.
    sales = {name: [first, *[80.0, 0.0, 120.0, 90.0] * 5]
             for name, first in (("A", 1.0), ("B", 9999.0))}
    history = remove_season(build_history(make_months(sales), as_of=AS_OF), rules=NO_SEASON)
    table = measure_accounts(history, accounts=sales, rules=NO_SEASON)
    assert table["n_months"].tolist() == [20, 20]
    same = ["sales_cv", "slope_rate", "slope_rate_ci_low", "slope_rate_ci_high", "slope_q_value"]
    assert table.loc[0, same].tolist() == table.loc[1, same].tolist()


def test_mix_shares_and_previous() -> None:
    months = make_months({name: case[0] for name, case in CASES.items()})
    result = run(months)
    mix = result.mix.set_index("stage")
    assert mix.index.tolist() == ["exploration", "formation", "stability", "decline",
                                  "undetermined", "inactive"]
    assert mix["n_accounts"].sum() == len(CASES)
    assert mix["account_share"].sum() == pytest.approx(1)
    assert mix["net_amount_share"].sum() == pytest.approx(1)
    assert pd.isna(mix.loc["inactive", "account_share"])
    assert mix.loc["stability", "net_amount_window"] == pytest.approx(1200.0)


def make_bridge(months: pd.DataFrame, *, has_previous: bool = True) -> pd.DataFrame:
    """account_bridge of 2025 against 2024: all change is volume."""
    years = months.pivot_table(index="account_id", columns=months["month"].dt.year,
                               values=["amount", "n_lines"], aggfunc="sum").fillna(0.0)
    columns = {name: years.get((value, year), 0.0) for name, value, year in (
        ("gross_amount_before", "amount", 2024), ("gross_amount", "amount", 2025),
        ("n_lines_before", "n_lines", 2024), ("n_lines", "n_lines", 2025))}
    table = pd.DataFrame(columns, index=years.index)
    table["volume_amount"] = table["gross_amount"] - table["gross_amount_before"]
    nothing = ["price_amount", "mix_amount", "quantity_unknown_amount", "returned_amount_before",
               "returned_amount", "adjustment_amount_before", "adjustment_amount"]
    table = table.assign(**dict.fromkeys(nothing, 0.0)).reset_index()
    return table if has_previous else table.iloc[:0]


def run(months: pd.DataFrame, *, rules: LifecycleRules = RULES,
        has_previous: bool = True) -> lifecycle.Lifecycle:
    before = make_facts(months, as_of=PERIOD.previous_end, start=date(2025, 7, 1))
    return lifecycle.build_lifecycle(
        months, make_facts(months), rules=rules, period=PERIOD, history_from=date(2022, 1, 1),
        account_bridge=make_bridge(months, has_previous=has_previous), window_days=365,
        facts_previous=before if has_previous else None)


# Falls only from summer 2025 on: proven in December, not yet in September.
FALLEN = [*[100.0 + (7 * i) % 11 for i in range(41)], 60.0, 50.0, 40.0, 30.0, 20.0, 10.0, 5.0]


def test_transitions_use_the_same_rules_on_what_was_known() -> None:
    result = run(make_months({"A": FALLEN, "B": LEVEL, "C": [100.0] * 24 + [0.0] * 20,
                              "D": [30.0, 20.0, 25.0]}))
    pairs = result.transitions.set_index(["stage_previous", "stage"])["n_accounts"]
    assert pairs.to_dict() == {("not_yet", "exploration"): 1, ("stability", "stability"): 1,
                               ("stability", "decline"): 1, ("inactive", "inactive"): 1}
    assert result.fallen["account_id"].tolist() == ["A"]
    assert result.fallen.loc[0, "slope_rate"] < 0
    assert result.fallen.loc[0, "net_amount_window"] == pytest.approx(sum(FALLEN[-12:]))


def test_history_that_does_not_reach_leaves_transitions_empty() -> None:
    result = run(make_months({"A": FALLEN, "B": LEVEL}), has_previous=False)
    assert result.transitions.empty and result.fallen.empty
    assert result.mix["n_accounts_previous"].isna().all()
    amounts = result.movement.set_index("movement")["net_amount"]
    assert np.isnan(amounts["opening"]) and np.isnan(amounts["kept_change"])
    assert amounts["closing"] == pytest.approx(sum(FALLEN[-12:]) + 1200)
    handover = lifecycle.build_handover(result, rules=RULES)
    assert handover.headline[0] == (
        "2 accounts are active on 31 December 2025; who was before the period is not known.")
    metrics = {metric.name: metric for metric in handover.metrics}
    unknown = ["logo_retention", "net_account_rate", "loss_to_new_ratio", "lost_accounts"]
    assert [metrics[name].value for name in unknown] == [None] * 4
    assert metrics["active_accounts"].previous is None


# --- movement --------------------------------------------------------------------------------

def flags(opening: int, new: int, first_seen: int, recovered: int, lost: int) -> pd.DataFrame:
    kinds = ["kept"] * (opening - lost) + ["lost"] * lost + ["new"] * new + [
        "first_seen"] * first_seen + ["recovered"] * recovered
    kind = pd.Series(kinds)
    return pd.DataFrame({
        "account_id": [f"A{i:03}" for i in range(len(kinds))], "net_amount_window": 10.0,
        "is_active_opening": kind.isin(["kept", "lost"]), "is_new": kind == "new",
        "is_first_seen": kind == "first_seen", "is_recovered": kind == "recovered",
        "is_lost": kind == "lost", "is_active_closing": kind != "lost"})


def test_movement_by_hand() -> None:
    # Worked by hand after the catalogue's LOY-06 and REC-04: 100 + 20 + 1 + 2 - 7 = 116.
    # Logo churn = 7 / 100; net rate = 16 / 100; the source's "30 %" is lost / new: 7 / 20.
    movement = lifecycle.build_movement(flags(100, 20, 1, 2, 7))
    counts = movement.set_index("movement")["n_accounts"].to_dict()
    assert counts == {"opening": 100, "new": 20, "first_seen": 1, "recovered": 2, "lost": -7,
                      "kept_change": 0, "closing": 116}
    rates = lifecycle.movement_rates(movement).loc[0]
    assert rates["net_rate"] == pytest.approx(0.16)
    assert rates["logo_retention_share"] == pytest.approx(0.93)
    assert rates["loss_to_new_ratio"] == pytest.approx(0.35)


def test_accounts_without_a_group_are_unknown() -> None:
    groups = pd.Series({"A000": "east", "A001": None, "A002": ""})
    rates = lifecycle.movement_rates(lifecycle.build_movement(flags(3, 1, 0, 0, 1), groups=groups))
    assert rates[["group", "n_opening", "n_lost", "n_closing"]].values.tolist() == [
        ["east", 1, 0, 1], ["unknown", 2, -1, 2]]


def test_no_new_account_means_no_ratio() -> None:
    rates = lifecycle.movement_rates(lifecycle.build_movement(flags(10, 0, 0, 0, 3))).loc[0]
    assert np.isnan(rates["loss_to_new_ratio"])


def test_movement_that_does_not_tie_is_refused() -> None:
    facts = flags(5, 1, 0, 0, 1)
    facts.loc[0, "is_lost"] = True
    with pytest.raises(InputError) as error:
        lifecycle.build_movement(facts)
    assert str(error.value) == (
        "opening + new + first seen + recovered - lost has to be closing; for 1 account(s) it is "
        "not (first: A000). Build account_facts again from the orders; flags are never edited by "
        "hand.")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 8), min_size=5, max_size=5), st.integers(1, 1000),
       st.integers(0, 2**32 - 1))
def test_accounts_and_sales_tie_in_every_group(counts: list[int], unit: int, seed: int) -> None:
    kept, new, first_seen, recovered, lost = counts
    facts = flags(kept + lost + 1, new, first_seen, recovered, lost)
    rng = np.random.default_rng(seed)
    facts["net_amount_window"] = rng.gamma(2, unit, len(facts)) * facts["is_active_closing"]
    previous = facts[facts["is_active_opening"]].assign(
        net_amount_window=lambda t: rng.gamma(2, unit, len(t)))
    groups = pd.Series(rng.choice(["east", "west"], len(facts)), index=facts["account_id"])
    table = lifecycle.build_movement(facts, previous=previous, groups=groups)
    for _, part in table.groupby("group"):
        steps = part[part["movement"] != "closing"]
        closing = part[part["movement"] == "closing"].iloc[0]
        assert steps["n_accounts"].sum() == closing["n_accounts"]
        assert steps["net_amount"].sum() == pytest.approx(closing["net_amount"])
    closing = table.loc[table["movement"] == "closing", "n_accounts"]
    assert closing.sum() == facts["is_active_closing"].sum()


# --- cohorts ---------------------------------------------------------------------------------

# Fader & Hardie (2007), J. Interactive Marketing 21(1):76-90, "Regular" customers: per cent of
# 1000 that are still there in years 0-4.
SURVIVORS = [1000, 631, 468, 382, 326]


def test_cohort_shares_are_the_published_survivors() -> None:
    quarters = pd.date_range("2024-10-01", periods=5, freq="QS")
    parts = [pd.DataFrame({"account_id": [f"A{i:04}" for i in range(n)], "month": day})
             for day, n in zip(quarters, SURVIVORS, strict=True)]
    months = pd.concat(parts).assign(line_kind="sale", n_lines=1, amount=1.0)
    cohorts = lifecycle.build_cohorts(months, make_facts(months), as_of=AS_OF,
                                      rules=LifecycleRules(cohort_unit="quarter"))
    assert cohorts.table["cohort"].unique().tolist() == ["2024Q4"]
    assert cohorts.table["active_share"].tolist() == pytest.approx([0.631, 0.468, 0.382, 0.326])


def test_half_years_follow_each_account_from_its_own_quarter() -> None:
    first = {"A": "2024-02-01", "B": "2024-05-01"}
    rows = [(a, day) for a, start in first.items() for day in
            pd.date_range(start, periods=3, freq="QS-FEB" if a == "A" else "QS-MAY")]
    months = pd.DataFrame(rows, columns=["account_id", "month"]).assign(
        line_kind="sale", n_lines=1, amount=1.0)
    table = lifecycle.build_cohorts(months, make_facts(months), as_of=AS_OF,
                                    rules=LifecycleRules(min_cohort_accounts=2)).table
    assert table["cohort"].unique().tolist() == ["2024H1"]
    # B's first quarter is 2024Q2, so the cohort has lived through 6 later ones by 2025Q4.
    assert table["n_active"].tolist() == [2, 2, 0, 0, 0, 0]


def test_who_is_in_no_cohort_is_counted_and_small_ones_are_refused() -> None:
    months = make_months({"A": LEVEL[:20], "B": LEVEL[:20], "U": LEVEL[:20], "C": LEVEL[:2],
                          "O": LEVEL})
    facts = make_facts(months, unknown=("U",))
    old = facts["account_id"] == "O"
    facts.loc[old, "start_date"] = pd.Timestamp("2015-01-01")
    cohorts = lifecycle.build_cohorts(months, facts, as_of=date(2025, 11, 30), rules=RULES)
    assert (cohorts.n_unknown_start, cohorts.n_before_history, cohorts.n_open) == (1, 1, 1)
    assert cohorts.table["n_accounts"].unique().tolist() == [2]
    assert cohorts.table["active_share"].isna().all() and cohorts.n_refused == 1


# --- rhythm and handover ---------------------------------------------------------------------

def kinds(result: lifecycle.Lifecycle) -> set[str]:
    handover = lifecycle.build_handover(result, rules=RULES, currency="CNY")
    return {finding.kind for finding in handover.findings}


def test_findings_are_silent_where_nothing_happened() -> None:
    assert kinds(run(make_months({"A": LEVEL, "B": LEVEL}))) == set()


@pytest.mark.parametrize(("sales", "kind", "amount"), [
    (CASES["falling"][0], "revenue_in_decline", sum(CASES["falling"][0][-12:])),
    (FALLEN, "fell_into_decline", sum(FALLEN[-12:])),
    ([100.0] * 33 + [0.0] * 14, "lost_accounts", 100.0),
    ([100.0] * 30 + [0.0] * 17 + [70.0], "recovered_accounts", 70.0),
    ([40.0, 30.0], "new_accounts", 70.0),
    ([*LEVEL[:43], 0.0, 0.0, 0.0, 0.0], "overdue_accounts", sum(LEVEL[35:43]))])
def test_each_finding_fires_with_its_money(sales: list[float], kind: str, amount: float) -> None:
    result = run(make_months({"A": sales, "B": LEVEL}))
    handover = lifecycle.build_handover(result, rules=RULES, currency="CNY")
    found = {finding.kind: finding.amount for finding in handover.findings}
    assert found[kind] == pytest.approx(amount)


def test_handover_names_accounts_owners_and_open_questions() -> None:
    result = run(make_months({"A": FALLEN, "B": LEVEL, "C": LEVEL[:10]}))
    accounts = pd.DataFrame({"account_id": ["A", "B"], "owner_id": ["M07", "M08"]})
    handover = lifecycle.build_handover(result, rules=RULES, currency="CNY", accounts=accounts)
    entry = handover.attention[0]
    assert (entry.account_id, entry.owner_id, entry.anchor) == (
        "A", "M07", "fell_into_decline")
    assert entry.amount == pytest.approx(sum(FALLEN[-12:]))
    metrics = {metric.name: metric for metric in handover.metrics}
    assert metrics["active_accounts"].value == 3 and metrics["active_accounts"].headline
    assert metrics["decline_amount"].value == pytest.approx(sum(FALLEN[-12:]))
    assert all(metric.ci_low is None for metric in handover.metrics)
    questions = [entry.question for entry in handover.unanswered]
    assert "Do the youngest accounts grow, hold or shrink?" in questions
    assert len(handover.headline) == 3


# A buys 400 less than in 2024, C stopped early in 2025 and is a lost account of the bridge.
SHRUNK = [100.0] * 36 + [60.0, 70.0, 65.0] * 4
STOPPED = [30.0] * 36
TARGETS = pd.DataFrame({
    "scope": "company", "metric": ["nrr", "nrr"], "kind": "rate", "target": [0.9, 0.5],
    "from_date": ["2025-01-01", "2024-01-01"], "to_date": ["2025-12-31", "2024-12-31"]})


def test_revenue_retention_is_handed_on_with_its_target() -> None:
    months = make_months({"A": SHRUNK, "B": [100.0] * 48})
    stopped = make_months({"C": STOPPED}, end="2024-12-01")
    handover = lifecycle.build_handover(run(pd.concat([months, stopped])), rules=RULES,
                                        currency="CNY", targets=TARGETS)
    metrics = {metric.name: metric for metric in handover.metrics}
    # 2024: 1200 + 1200 + 360; 2025: 780 + 1200 + 0.
    assert metrics["nrr"].value == pytest.approx(1980 / 2760)
    assert metrics["grr"].value == pytest.approx(1980 / 2760)
    assert (metrics["nrr"].target, metrics["nrr"].verdict, metrics["nrr"].n) == (0.9, "not met", 3)
    assert (metrics["grr"].target, metrics["grr"].verdict) == (None, "")
    assert [name for name, metric in metrics.items() if metric.headline] == [
        "nrr", "active_accounts", "decline_amount"]
    assert handover.headline[0].replace(NO_BREAK, " ") == (
        "The accounts of a year ago bring 1.98 k CNY where they brought 2.76 k CNY (72 %): 780 CNY "
        "went with those that stopped or buy less, 0 CNY came with those that buy more.")
    found = {finding.kind: finding for finding in handover.findings}
    assert found["revenue_retention"].amount == pytest.approx(360 + 420)
    assert found["revenue_retention"].sentence.replace(NO_BREAK, " ") == (
        "Of what was sold a year ago, 780 CNY is gone: 360 CNY with 1 account that stopped "
        "buying, 420 CNY with accounts that buy less. Those that grew bring 0 CNY more.")


def test_refused_retention_is_no_number_but_a_question() -> None:
    result = run(make_months({"A": FALLEN, "B": LEVEL}), has_previous=False)
    handover = lifecycle.build_handover(result, rules=RULES, targets=TARGETS)
    metrics = {metric.name: metric for metric in handover.metrics}
    assert (metrics["nrr"].value, metrics["nrr"].verdict) == (None, "")
    assert "median_life" not in metrics
    questions = {entry.question: entry for entry in handover.unanswered}
    assert questions["How much of last year's revenue is still there?"].reason.startswith(
        "The known history does not hold two whole analysis windows")
    assert "How long do relationships last?" in questions
    assert "How surprising is the silence of each account?" in questions


def test_nobody_is_overdue_where_the_data_stops_before_the_period() -> None:
    months = make_months({"A": [*LEVEL[:43], 0.0, 0.0, 0.0, 0.0], "B": LEVEL})
    result = lifecycle.build_lifecycle(
        months, make_facts(months), rules=RULES, period=PERIOD, history_from=date(2022, 1, 1),
        account_bridge=make_bridge(months), window_days=365, is_open=True)
    handover = lifecycle.build_handover(result, rules=RULES)
    assert result.overdue.table.empty
    metrics = {metric.name: metric.value for metric in handover.metrics}
    assert metrics["overdue_accounts"] is None
    assert "overdue_silence" not in {entry.anchor for entry in handover.attention}
    reasons = {entry.question: entry.reason for entry in handover.unanswered}
    assert reasons["Which accounts are silent for longer than usual?"].startswith(
        "The data stops before the period's end")
    assert "How surprising is the silence of each account?" not in reasons


def test_an_account_is_named_for_its_first_reason_only() -> None:
    silent = [*LEVEL[:43], 0.0, 0.0, 0.0, 0.0]  # overdue, and for that reason buys less
    fallen = lifecycle.build_handover(run(make_months({"A": FALLEN, "B": LEVEL})), rules=RULES)
    assert [(entry.account_id, entry.anchor) for entry in fallen.attention] == [
        ("A", "fell_into_decline")]
    months = make_months({"B": LEVEL, "S": silent, "D": SHRUNK})
    handover = lifecycle.build_handover(run(months), rules=RULES, currency="CNY")
    assert [(entry.account_id, entry.anchor) for entry in handover.attention] == [
        ("S", "overdue_silence"), ("D", "revenue_changes")]
    by_account = {entry.account_id: entry for entry in handover.attention}
    assert by_account["D"].amount == pytest.approx(420)
    assert by_account["D"].reason.replace(NO_BREAK, " ") == (
        "Bought 420 CNY less than in the 12 months before (780 CNY after 1.20 k CNY).")
    assert by_account["S"].reason.startswith("No order for 152 days: one was expected by")
    none = lifecycle.build_handover(run(months), rules=LifecycleRules(n_attention=0))
    assert none.attention == ()


def test_row_order_and_unit_of_money_do_not_matter() -> None:
    months = make_months({name: case[0] for name, case in CASES.items()})
    stages = run(months).stages
    shuffled = run(months.sample(frac=1, random_state=1)).stages
    pd.testing.assert_frame_equal(shuffled, stages)
    cents = run(months.assign(amount=months["amount"] * 100)).stages
    money = ["net_amount_window"]
    pd.testing.assert_frame_equal(cents.drop(columns=money), stages.drop(columns=money))
    assert cents["net_amount_window"].tolist() == pytest.approx(
        (100 * stages["net_amount_window"]).tolist())


def test_inputs_are_not_changed() -> None:
    months = make_months({"A": FALLEN, "B": LEVEL})
    facts, kept = make_facts(months), (months.copy(), make_facts(months))
    bridge = make_bridge(months)
    lifecycle.build_lifecycle(months, facts, period=PERIOD, rules=RULES, facts_previous=facts,
                              account_bridge=bridge, history_from=date(2022, 1, 1), window_days=365)
    pd.testing.assert_frame_equal(bridge, make_bridge(months))
    pd.testing.assert_frame_equal(months, kept[0])
    pd.testing.assert_frame_equal(facts, kept[1])


def test_no_decline_is_not_claimed_where_no_trend_could_be_tested() -> None:
    months = make_months({"A": [100.0] * 4, "B": [50.0, 0.0, 60.0]})
    result = run(months, has_previous=False)
    handover = lifecycle.build_handover(result, rules=RULES, currency="CNY")
    decline = next(m for m in handover.metrics if m.name == "decline_amount")
    assert decline.value is None
    assert decline.n is None
    assert "No history is long enough to tell whether an account declines." in handover.headline
    assert "Which accounts decline?" in [u.question for u in handover.unanswered]
