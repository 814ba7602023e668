"""The review of one account: fixtures of the catalogue, and what each section refuses."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.errors import InputError, RefusedError
from kamlib.figures import dealings as figure_dealings
from kamlib.figures import review as figures
from kamlib.language import NO_BREAK
from kamlib.measures import LikeRules
from kamlib.review import (
    FOR_CUSTOMER,
    ReviewRules,
    check_audience,
    check_records,
    checks,
    dealings,
    is_withheld,
    margin,
    mix,
    novelties,
    quota,
    records,
    review_account,
    split_quota,
    stock,
    trend,
)
from kamlib.review.quota import GIVEN, PARTS

_spec = importlib.util.spec_from_file_location("review_world", Path(__file__).with_name("world.py"))
world = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(world)
RULES = ReviewRules()


def plain(text):
    return text.replace(NO_BREAK, " ")


def split(q, d, a, o):
    row = split_quota(pd.DataFrame([[q, d, a, o]], columns=list(GIVEN)))
    return row[list(PARTS)].iloc[0].tolist()


# Catalogue, ABR-03 and E24: quota, demand, available, ordered.
@pytest.mark.parametrize(("numbers", "parts"), [
    ((100, 60, 60, 60), [40, 0, 0, 0]), ((100, 120, 100, 115), [0, 0, 0, 15]),
    ((100, 90, 70, 50), [10, 20, 20, 0]), ((100, 120, 60, 60), [0, 40, 0, 0]),
    ((0, 50, 50, 5), [0, 0, 0, 5])])
def test_the_difference_between_quota_and_orders_by_its_reason(numbers, parts):
    assert split(*numbers) == parts


@given(*[st.integers(0, 10_000)] * 4)
def test_the_reasons_add_up_to_the_difference_and_never_overlap(q, d, a, o):
    no_demand, short, not_ordered, over = split(q, d, a, o)
    assert no_demand + short + not_ordered - over == q - o
    assert min(no_demand, short, not_ordered, over) >= 0
    assert not (not_ordered and over)


def test_no_reason_is_given_where_demand_or_supply_is_not_known():
    account = world.account(quotas=world.quotas(
        ("2025-10-01", 50, 40, 50), ("2025-11-01", 50, None, 50), ("2025-12-01", 50, 50, None)))
    table = quota.build_quota(account)
    assert table["quota_note"].tolist() == ["", "demand_unknown", "available_unknown"]
    # Ordered were 40 pieces in October, none in November, 80 in December.
    assert table["ordered_quantity"].tolist() == [40, 0, 80]
    assert table[list(PARTS)].iloc[0].tolist() == [10, 0, 0, 0]
    assert table[list(PARTS)].iloc[1:].isna().all(axis=None)
    lines = quota.sum_quota(table)
    assert lines[["n_quota_months", "n_split_months"]].iloc[0].tolist() == [3, 1]
    assert "2 months are left out" in figures.read_quota(lines)
    unknown = world.account(quotas=world.quotas(("2025-10-01", 50, None, 50)))
    with pytest.raises(RefusedError, match="what the account asked for is not known"):
        quota.sum_quota(quota.build_quota(unknown))
    with pytest.raises(RefusedError, match="holds nothing about this account in the period"):
        quota.build_quota(world.account(quotas=world.quotas(("2025-09-01", 50, 40, 50))))


def test_every_base_is_named_and_an_unknown_one_is_no_zero():
    table = trend.compare_trend(world.account()).set_index("comparison")
    assert table.loc["previous", ["now_label", "base_label"]].tolist() == ["2025Q4", "2025Q3"]
    assert table.loc["previous", "change_rate"] == pytest.approx(0.2)
    assert table.loc["year_before", ["base_net_amount", "change_rate"]].isna().all()
    # January to December: 1,200 after 1,000.
    assert table.loc["year_to_date", ["now_net_amount", "base_net_amount"]].tolist() == [1200, 1000]
    said = plain(figures.read_trend(table.reset_index(), currency="EUR"))
    assert "20.0 % more than in 2025Q3" in said
    assert "does not hold them: 2024Q4." in said


def test_the_year_to_date_is_not_compared_before_the_known_history():
    early = world.account()
    table = trend.compare_trend(early.__class__(**{
        **early.__dict__, "history_from": early.period.start})).set_index("comparison")
    assert table.loc["year_to_date", ["now_net_amount", "base_net_amount"]].isna().all()


def test_mix_and_gaps_are_held_against_like_accounts_without_the_account_itself():
    account = world.account()
    table = mix.build_mix(account).set_index("product_line")
    # Five others bought pens only, B0 a third of its sales in paper; A itself is not among them.
    assert table.loc["Pens", "n_peers"] == 6
    assert table.loc["Pens", "peer_amount_share"] == pytest.approx((5 + 2 / 3) / 6)
    assert table.loc["Pens", "peer_n_products"] == 2
    assert table.loc["Paper", ["n_products_bought", "n_products_offered"]].tolist() == [0, 1]
    (gap,) = mix.find_gaps(account, rules=RULES).to_dict("records")
    assert (gap["product_id"], gap["n_peer_buyers"], gap["n_peers"]) == ("P3", 6, 6)
    # Six of six, listed from three on: p^6 / 2 = 0.025 P(K >= 3), by hand 0.01998 on both sides
    # at p = 0.5847 (P(K >= 3) = 0.7993); the plain mid-P interval would begin at 0.607.
    assert gap["peer_buyer_share_ci_low"] == pytest.approx(0.5847, abs=0.00005)
    assert gap["peer_buyer_share_ci_high"] == 1.0
    alone = world.account(likeness=LikeRules(by="profile", min_like=9))
    with pytest.raises(RefusedError, match="Too few other accounts"):
        mix.find_gaps(alone, rules=RULES)
    assert mix.build_mix(alone)["n_peers"].isna().all()


def test_the_review_compares_by_products_in_common_or_by_profile_and_says_which():
    everyone = world.goods(("A", "P1", 10), ("A", "P2", 10),
                           *((f"B{i}", p, 10) for i in range(6) for p in ("P1", "P2", "P3")),
                           *((f"C{i}", "P3", 10) for i in range(6)))
    by_holdings = world.account(everyone=everyone, likeness=LikeRules(n_like=6))
    assert (by_holdings.peers.way, by_holdings.peers.n) == ("like_holdings", 6)
    # One product in common with anybody is too few to be alike by holdings.
    one = world.goods(("A", "P1", 10), *((f"B{i}", "P1", 10) for i in range(6)))
    by_profile = world.account(everyone=one, likeness=LikeRules())
    assert (by_profile.peers.way, by_profile.peers.n) == ("like_profile", 6)
    assert set(mix.build_mix(by_profile)["peer_group"]) == {"like_profile"}


def test_the_card_tells_people_contacts_conversion_and_dates_in_disorder():
    contacts = pd.DataFrame({"contact_id": ["1", "2"], "account_id": "A", "kind": ["call", "visit"],
                             "contact_date": pd.to_datetime(["2024-01-05", "2025-03-02"])})
    found = records.build_card(world.account(contacts=contacts, about={
        "account_id": "A", "name": "Alpha", "developed_date": pd.Timestamp("2024-04-26"),
        "customer_since": pd.Timestamp("2024-04-01")})).set_index("item")["content"]
    assert found["last_contact"] == "Visit on 2 March 2025; 1 in the analysis window"
    assert found["found_to_order"] == "10 days"  # 26 April to 6 May 2024
    assert found["dates_in_disorder"] == "Customer since lies before Won on"
    assert "roles_known" not in found  # the data set has no such table


def test_a_new_account_without_a_check_is_told_apart():
    rows = pd.DataFrame({"account_id": ["A", "B"], "owner_id": "",
                         "last_checked_date": pd.to_datetime([None, None]),
                         "start_date": pd.to_datetime(["2025-11-01", "2024-11-01"])})
    table = records.check_records(rows, as_of=pd.Timestamp("2025-12-31"), rules=RULES)
    assert table.set_index("account_id")["record_state"].to_dict() == {
        "A": "new_no_file", "B": "never"}


def test_brands_reach_the_margin_line_of_500_a_month():
    # Catalogue ABR-05: brands of 500 and more; 1,500 in three months are 500 a month.
    goods = world.goods(("A", "P1", 6000), ("A", "P3", 5999.88))
    table = margin.build_margins(world.account(everyone=goods), rules=RULES).set_index("brand")
    assert table.loc["Basic", ["margin_amount", "monthly_margin_amount"]].tolist() == [1500, 500]
    assert table["is_over_line"].to_dict() == {"Basic": True, "Pro": False}
    assert table.loc["Basic", "margin_share"] == 0.25


def test_the_retailers_margin_is_not_ours():
    table = margin.build_retail_margins(world.account(), rules=RULES)
    # Paid 1,200, sold for 1,500: 300 of 1,500 are 20 %; ours would be 25 % of 1,200.
    assert table[["paid_amount", "retail_amount", "retail_margin_amount"]].iloc[0].tolist() == [
        1200, 1500, 300]
    assert table.loc[0, "retail_margin_share"] == pytest.approx(0.2)
    bare = world.goods(("A", "P1", 100), retail=0)
    with pytest.raises(RefusedError, match="No retail price is known"):
        margin.build_retail_margins(world.account(everyone=bare), rules=RULES)


def test_a_record_is_overdue_after_half_a_year():
    # Catalogue REC-06: as_of - last_checked > 183 days.
    rows = pd.DataFrame({"account_id": ["A", "B", "C"], "owner_id": ["x", "x", "y"],
                         "last_checked_date": pd.to_datetime(["2025-07-01", "2025-06-30", None])})
    table = check_records(rows, as_of=pd.Timestamp("2025-12-31"), rules=RULES)
    assert table.set_index("account_id")["record_state"].to_dict() == {
        "A": "checked", "B": "overdue", "C": "never"}
    assert records.list_overdue(table, owner_id="x")["account_id"].tolist() == ["B"]
    with pytest.raises(RefusedError, match="not known"):
        records.list_overdue(table[table["account_id"] == "C"], owner_id="")


def test_cards_of_a_customer_and_of_one_who_never_bought():
    card = records.build_card(world.account()).set_index("item")["content"]
    assert card["card_kind"] == "card_managed"
    assert plain(card["purchases"]) == "Pens 100 %"
    needs = pd.DataFrame({"dimension": ["price", "delivery"]})
    potential = records.build_card(world.account(facts={"n_orders": 0}, needs=needs))
    content = potential.set_index("item")["content"]
    assert content[["card_kind", "known_needs"]].tolist() == ["card_potential", "delivery; price"]
    assert "Terms" not in figure_dealings.read_card(potential)


def test_stock_lasts_as_long_as_at_the_pace_of_its_own_orders():
    counted = pd.DataFrame({"product_id": ["P1", "P1", "P2"], "quantity": [99.0, 12.0, 5.0],
                            "counted_date": pd.to_datetime(["2025-06-30", "2025-12-31",
                                                            "2025-12-31"])})
    table = stock.build_cover(world.account(stock=counted), rules=RULES).set_index("product_id")
    # 120 pieces in 365 days; what is no longer ordered has no pace.
    assert table.loc["P1", "cover_days"] == pytest.approx(12 / (120 / 365))
    assert table["is_long_cover"].to_dict() == {"P2": True, "P1": False}


def test_new_products_that_were_ordered_and_stand_on_the_shelf():
    with pytest.raises(RefusedError, match="column launch_date of products would lift this"):
        novelties.list_new_products(world.account())
    launched = world.PRODUCTS.assign(launch_date=pd.to_datetime(
        ["2025-03-01", "2024-12-31", "2025-10-01"]))
    counted = pd.DataFrame({"product_id": ["P1", "P1"], "quantity": [5.0, 0.0],
                            "counted_date": pd.to_datetime(["2025-06-30", "2025-11-30"])})
    account = world.account(products=launched, stock=counted)
    table = novelties.list_new_products(account).set_index("product_id")
    # The window begins on 1 January 2025: P2 is older, P3 was launched and not ordered.
    assert table.index.tolist() == ["P3", "P1"]
    assert table["is_ordered"].to_dict() == {"P3": False, "P1": True}
    assert table.loc["P1", "ordered_quantity"] == 120
    assert not table.loc["P1", "is_on_shelf"]  # sold out at the latest count
    assert pd.isna(table.loc["P3", "is_on_shelf"])  # never counted, which is not "no"
    found = review_account(account, audience="customer", rules=RULES)
    rows = found["suggestions"][found["suggestions"]["based_on"] == "new_products"]
    assert rows[["suggestion", "number_text"]].to_numpy().tolist() == [
        ["Show Ink at the next visit.", "1 of 2 new products"]]
    assert figure_dealings.read_new_products(found["new_products"]) == (
        "1 of 2 products launched in the analysis window were ordered. 0 of 1 that were counted "
        "stand on the shelf.")
    old = world.PRODUCTS.assign(launch_date=pd.Timestamp("2020-01-01"))
    with pytest.raises(RefusedError, match="No product was launched"):
        novelties.list_new_products(world.account(products=old))


def test_ratings_carry_rater_and_date_and_the_one_before():
    rated = pd.DataFrame({
        "topic": ["display", "display", "compliance"], "rating": [2.0, 4.0, 5.0],
        "check_date": pd.to_datetime(["2025-03-01", "2025-09-01", "2025-09-01"]),
        "rater": ["R1", "R2", "R2"]})
    account = world.account(checks=rated)
    table = checks.build_checks(account).set_index("check_topic")
    assert table.loc["display", ["rating", "rater", "previous_rating"]].tolist() == [4, "R2", 2]
    assert checks.build_display(account)["check_topic"].tolist() == ["display"]


def test_no_win_of_a_few_tenders_keeps_its_interval():
    bids = pd.DataFrame({"outcome": ["lost", "lost", "open"], "amount": [110.0, 130.0, 9.0],
                         "rival_amount": [100.0, 100.0, None]})
    row = dealings.build_tenders(world.account(bids=bids)).iloc[0]
    assert row[["n_bids", "n_open_bids", "n_bids_won", "win_rate"]].tolist() == [2, 1, 0, 0]
    # Clopper and Pearson for 0 of 2: 1 - 0.025 ** (1 / 2).
    assert row["win_rate_ci_high"] == pytest.approx(1 - 0.025 ** 0.5, abs=1e-9)
    assert row["price_gap_share"] == pytest.approx(0.2)


def test_payments_late_open_and_disputed():
    invoices = pd.DataFrame({
        "invoice_id": ["1", "2", "3", "4"], "amount": [100.0, 100.0, 50.0, 70.0],
        "account_id": "a", "invoice_date": pd.Timestamp("2025-02-01"),
        "due_date": pd.to_datetime(["2025-03-01", "2025-04-01", "2025-12-01", "2025-12-01"]),
        "is_disputed": [False, False, False, True]})
    payments = pd.DataFrame({"invoice_id": ["1", "2"], "amount": [100.0, 100.0],
                             "paid_date": pd.to_datetime(["2025-03-05", "2025-05-01"])})
    row = dealings.judge_payments(world.account(invoices=invoices, payments=payments),
                                  rules=RULES).iloc[0]
    # Paid 4 and 30 days late, one still open after 30; the disputed one is not counted.
    assert row[["n_invoices_due", "n_paid_late", "n_disputed"]].tolist() == [3, 2, 1]
    assert row["mean_late_days"] == pytest.approx((4 + 30 + 30) / 3)
    assert row[["open_invoice_amount", "overdue_amount"]].tolist() == [50, 50]


def test_a_finding_rests_on_a_number_and_without_evidence_there_is_none():
    account = world.account(quotas=world.quotas(("2025-11-01", 100, 100, 100)))
    found = review_account(account, audience="internal", rules=RULES)
    swot = found["swot"]
    assert (swot["number_text"] != "").all()
    assert set(found["suggestions"]["sentence"]) <= set(swot["sentence"])
    (left,) = swot[swot["based_on"] == "quota_lines"].to_dict("records")
    assert left["number_text"] == "100 pieces at a quota of 100"
    bare = review_account(world.account(facts={"n_orders": 0}, everyone=world.goods()),
                          audience="internal", rules=RULES)
    assert bare["swot"].empty
    assert bare.headline == ("Alpha has never ordered.",)
    assert bare.refused["trend"] == "This account has never ordered."
    offs = pd.DataFrame({"cancel_reason": ["unknown"], "n_orders": [1],
                         "cancelled_amount": [77_183.6]})
    off = review_account(world.account(facts={"n_orders": 0}, everyone=world.goods(),
                                       call_offs=offs), audience="internal", rules=RULES)
    assert off.headline[0] == "Alpha has no order that stands: what it ordered was called off."
    assert off.headline[1].endswith("EUR).")
    assert off.refused["trend"] == "What this account ordered was called off."


def test_the_customers_edition_computes_only_what_it_may_hold(monkeypatch):
    for name in ("build_margins", "build_standing", "judge_payments", "list_complaints"):
        for module in (margin, dealings):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, lambda *a, **k: pytest.fail("was computed"))
    found = review_account(world.account(), audience="customer", rules=RULES)
    withheld = {name for name, table in found.tables.items() if is_withheld(table)}
    assert withheld == set(found.tables) - FOR_CUSTOMER
    assert {"standing", "margins", "payments", "complaints", "checks", "card"} <= withheld
    assert set(found["swot"]["based_on"]) <= FOR_CUSTOMER
    columns = {c for name in FOR_CUSTOMER for c in found[name].columns}
    assert not {c for c in columns if "margin" in c and "retail" not in c}
    with pytest.raises(InputError, match="There is no audience 'client'"):
        check_audience("client")


def test_every_figure_and_reading_is_drawn_of_its_table():
    account = world.account(quotas=world.quotas(("2025-10-01", 50, 40, 50)))
    found = review_account(account, audience="internal", rules=RULES)
    for plot, name, said in (
            (figures.plot_months, "months", "December 2025 was the best month with 800"),
            (figures.plot_mix, "mix", "Pens is 100 % of what this account buys"),
            (figures.plot_quota, "quota_lines", "Most of the unused quota was not asked for"),
            (figures.plot_retail_margins, "retail_margins", "The retailer's margin: Pens")):
        assert plain(plot(found[name]).get_title()).startswith(said)
    assert "1 product was bought" in figures.read_goods(found["top_goods"])
    assert figures.read_gaps(found["gaps"]) == (
        "6 of 6 like accounts (accounts of the same profile) buy Ink, this one does not.")
