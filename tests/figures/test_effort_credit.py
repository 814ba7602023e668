"""Charts and readings of effort and credit, on the sample company and where nothing is known."""

from __future__ import annotations

import pandas as pd
import pytest

from kamlib import credit, effort, segmentation
from kamlib.effort.rules import EffortRules
from kamlib.figures import credit as paying
from kamlib.figures import effort as working
from kamlib.handover import join_handovers
from kamlib.language import NO_BREAK
from kamlib.schema import load_schema


@pytest.fixture(scope="module")
def known(sample_report):
    report = sample_report.speak()
    classes = segmentation.add_classes(
        report.accounts, report.facts, read=report.read_if_given, period=report.period,
        history_from=report.history_from, rules=report.rules)
    span = {"profit": report.profit, "period": report.period,
            "history_from": report.history_from, "window_start": report.period.window_start(12)}
    return report, classes, span


def both(known, tables):
    report, classes, span = known
    return (effort.review_effort(report.facts, months=report.months, classes=classes,
                                 keys=report.key_accounts, tables=tables,
                                 rules=report.rules.effort, **span),
            credit.review_credit(report.facts, accounts=report.accounts, tiers=classes,
                                 tables=tables, rules=report.rules.credit, **span))


@pytest.fixture(scope="module")
def sample(known):
    return both(known, {n: known[0].read_if_given(n) for n in (*effort.TABLES, *credit.TABLES)})


@pytest.fixture(scope="module")
def nothing(known):
    return both(known, {n: pd.DataFrame(columns=list(load_schema()[n].columns))
                        for n in (*effort.TABLES, *credit.TABLES)})


def charts(work, money):
    return {"shares": working.plot_shares(work), "people": working.plot_people(work),
            "returns": working.plot_returns(work), "audit": working.plot_audit(work),
            "ageing": paying.plot_ageing(money), "series": paying.plot_series(money),
            "behaviour": paying.plot_behaviour(money), "grades": paying.plot_grades(money),
            "losses": paying.plot_losses(money), "test": paying.plot_test(money)}


def readings(work, money):
    return [working.read_shares(work), working.read_people(work), working.read_returns(work),
            working.read_audit(work), paying.read_receivables(money),
            paying.read_behaviour(money), paying.read_disputes(money), paying.read_grades(money),
            paying.read_conflicts(money), paying.read_scorecard(money),
            paying.read_series(money), paying.read_oddities(money)]


def plain(text: str) -> str:
    return text.replace(NO_BREAK, " ")


def test_charts_show_the_tables(sample):
    work, money = sample
    drawn = charts(work, money)
    rows = work.shares.set_index("business_class")
    heights = [patch.get_height() for patch in drawn["shares"].patches]
    assert heights == pytest.approx([*rows["account_share"].iloc[:3],
                                     *rows["time_share"].iloc[:3]])
    assert [p.get_height() for p in drawn["ageing"].patches][:6] == pytest.approx(
        money.ages["open_invoice_amount"].iloc[:6].tolist())
    assert all(ax.get_title() for ax in drawn.values())
    assert drawn["series"].lines[0].get_ydata()[-1] == pytest.approx(
        money.receivables.set_index("dso_method").loc["count_back", "dso_days"])


def test_sums_tie_out(known, sample):
    work, money = sample
    owed = money.owing["open_invoice_amount"].sum()
    assert money.ages["open_invoice_amount"].sum() == pytest.approx(owed)
    assert money.receivables["receivable_amount"].iloc[0] == pytest.approx(owed)
    assert money.behaviour["n_invoices"].iloc[:-1].sum() == money.payers["n_invoices"].sum()
    # A key account is one on the list, here as in the chapter that makes it.
    assert work.shares["n_accounts"].iloc[0] == len(known[0].key_accounts) == 20
    assert set(work.mismatches["account_id"]) <= known[0].key_accounts
    assert work.shares["hours"].iloc[-1] == work.shares["hours"].iloc[:-1].sum()
    assert money.grades["n_accounts"].sum() == len(known[1])
    # The sample's hours were made without any effect on sales.
    assert work.pairs["audit_verdict"].tolist() == ["no_evidence"]


def test_readings_and_handover_of_the_sample(known, sample):
    work, money = sample
    assert all(readings(work, money))
    told = {"accounts": known[0].accounts, "currency": "CNY"}
    handed = join_handovers(effort.build_handover(work, **told),
                            credit.build_handover(money, **told))
    assert [plain(s).split(" ")[0] for s in handed.headline[:3]] == ["Key", "Customers", "No"]
    kinds = {f.kind: f.amount for f in handed.findings}
    assert kinds["overdue"] == pytest.approx(money.owing["overdue_amount"].sum())
    assert {"best_people", "conflict_upper_weak", "conflict_over_limit",
            "largest_account"} <= set(kinds)
    assert [u.table for u in handed.unanswered] == ["targets"]
    assert all(a.reason and a.amount > 0 for a in handed.attention)


def test_where_nothing_is_known_every_place_says_why(known, nothing):
    work, money = nothing
    assert all(plain(ax.get_title()) == "There is nothing to show"
               for name, ax in charts(work, money).items() if name != "losses")
    assert all(readings(work, money))
    assert "The table of effort" in working.read_shares(work)
    assert "The table of invoices" in paying.read_receivables(money)
    # Who leaves is lost all the same; what is owed is not known to be anything.
    assert money.losses["net_amount_share"].sum() == pytest.approx(1)
    handed = join_handovers(
        effort.build_handover(work, accounts=known[0].accounts),
        credit.build_handover(money, accounts=known[0].accounts))
    assert {u.table for u in handed.unanswered} == {
        "effort", "account_owners", "targets", "invoices", "payments", "credit_factors"}


def test_without_a_key_account_nothing_is_said_of_them(known):
    report, classes, span = known
    given = {name: report.read_if_given(name) for name in effort.TABLES}
    work = effort.review_effort(report.facts, months=report.months, classes=classes, keys=(),
                                tables=given, rules=report.rules.effort, **span)
    assert work.shares["n_accounts"].iloc[0] == 0
    texts = [working.read_shares(work), working.read_people(work), working.read_audit(work)]
    assert all(text.startswith("No account is on the key account list") for text in texts[:2])
    assert "–" not in texts[0].split(";")[1] and "nan" not in " ".join(texts)
    assert plain(working.plot_people(work).get_title()) == "No account is on the key account list"
    handed = effort.build_handover(work, accounts=report.accounts)
    assert handed.headline[0] == texts[1]
    assert "key_time_share" not in {metric.name for metric in handed.metrics}


def test_an_hour_worth_moving_is_said(sample):
    work = sample[0]
    pairs = work.pairs.assign(audit_verdict="move_hours", audit_reason="",
                              from_class="ordinary", to_class="key_account",
                              difference_amount=400.0, difference_amount_ci_low=100.0,
                              difference_amount_ci_high=700.0)
    moved = effort.Effort(**{**work.__dict__, "pairs": pairs, "rules": EffortRules()})
    assert plain(effort.say_audit(moved, currency="CNY")) == (
        "The data justify moving hours from ordinary to key accounts: an hour brought 400 CNY "
        "more there (100–700 CNY).")
