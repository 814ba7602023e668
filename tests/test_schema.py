"""The data dictionary: complete, without contradictions, and told in full messages."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.schema import (
    Column,
    Reference,
    known_by,
    load_schema,
    read_schema,
    require_columns,
    require_known,
    table,
    write_data_readme,
)

DATA_README = Path(__file__).parents[1] / "data" / "README.md"
COLUMNS = [(t.name, c.name) for t in load_schema().values() for c in t.columns.values()]
RULES = [(t.name, rule) for t in load_schema().values() for rule in t.rules]
SQL_TYPES = {"text": "VARCHAR", "date": "DATE", "decimal": "DECIMAL(18,4)", "integer": "BIGINT",
             "number": "DOUBLE", "boolean": "BOOLEAN"}

# Table, its columns; * is the event date, ? a column that may be empty. From the dictionary.
DICTIONARY = """
accounts: account_id name parent_id? party_role account_type? category? region? country? \
city_tier? industry? size_class? employees? service_line? star? customer_since? \
payment_terms_days? credit_limit_amount? referrer_id? developed_by? developed_date? \
last_checked_date? transport? coverage_radius_km? influence_score?
account_owners: account_id owner_id owner_grade? from_date*
products: product_id name product_line brand? category? launch_date?
orders: order_id line_no? account_id order_date* product_id? channel? line_kind quantity? amount \
cost_amount? discount_amount? retail_price? original_order_id? is_tender? is_dropship? \
cancel_reason?
quotas: account_id product_line month* quota_quantity available_quantity? demand_quantity?
targets: scope scope_id? metric kind from_date* to_date target
contracts: contract_id account_id start_date* end_date renewed? annual_amount?
invoices: invoice_id account_id invoice_date* due_date amount is_disputed?
payments: payment_id invoice_id paid_date* amount
survey_waves: wave_id name start_date* end_date reference_from? reference_to? scale_min scale_max \
validity_rule? scale_map?
survey_items: wave_id item_id text category weight? is_reversed? kind
survey_invitations: wave_id account_id contact_role? mode? sent_date* reminded_date? returned_date?
survey_answers: wave_id questionnaire_id account_id item_id score? importance_score? \
competitor_score? answered_date*
actions: action_id account_id? wave_id? topic owner_id? opened_date* due_date? closed_date? result?
complaints: complaint_id account_id opened_date* first_response_date? resolved_date? \
complaint_class? product_id? source?
contacts: contact_id account_id contact_date* owner_id kind hours? cost_amount?
effort: owner_id account_id month* hours cost_amount?
checks: account_id check_date* topic rating rater
relationships: account_id rated_date* rater level trend n_key_people? has_exclusive_information? \
accepts_premium? visibility?
stakeholders: account_id role authority strength rated_date*
opportunities: opportunity_id account_id? owner_id? product_id? created_date* amount? \
closed_date? outcome lost_reason? value_score? difficulty_score?
opportunity_stages: opportunity_id stage entered_date*
bids: bid_id account_id bid_date* amount rival_amount? outcome
samples: sample_id account_id promised_date* delivered_date? is_accepted?
wallet_estimates: account_id product_line? year estimate_amount source estimated_date*
stock: account_id product_id counted_date* quantity
credit_factors: account_id factor rating rated_date*
promotions: promotion_id account_id? product_line? requested_date? approved_date? start_date* \
end_date planned_amount? cost_amount?
needs: account_id dimension kind importance fit? noted_date*
narratives: scope scope_id? topic author written_date* text
exchange_rates: currency month rate
quoted_figures: quote_id source quoted_date* label quoted kind topic? n? n_counted? n_items? \
scale_min? scale_max? scale_step? part_of? weight? target? target_kind? stated_verdict?
"""


def declared() -> dict[str, Any]:
    return tomllib.loads((files("kamlib") / "schema.toml").read_text(encoding="utf-8"))


def as_value(column: Column, text: str) -> object:
    read: dict[str, Callable[[str], object]] = {
        "date": date.fromisoformat, "decimal": Decimal, "integer": int, "number": float,
        "boolean": {"true": True, "false": False}.__getitem__, "text": str}
    return read[column.type](text)


def test_every_table_and_column_of_the_dictionary_is_declared() -> None:
    written = [f"{t.name}: " + " ".join(
        c.name + ("*" if c.name == t.event_date else "" if c.required else "?")
        for c in t.columns.values()) for t in load_schema().values()]
    assert written == DICTIONARY.strip().splitlines()


def test_a_dated_row_always_has_its_date() -> None:
    dated = [t for t in load_schema().values() if t.event_date]
    assert len(dated) == 28
    assert all(t.columns[t.event_date].required for t in dated)
    assert {t.columns[t.event_date].type for t in dated} == {"date"}


@pytest.mark.parametrize(("name", "column_name"), COLUMNS)
def test_a_column_explains_itself_and_its_example_is_allowed(name: str, column_name: str) -> None:
    column = table(name).columns[column_name]
    assert column.meaning and column.meaning_zh and column.zh and column.en
    assert not column.meaning.endswith(".")
    assert all(alias == alias.lower() and alias.isascii() for alias in column.en)
    assert not any(alias.isascii() for alias in column.zh)
    value = as_value(column, column.example)
    assert not column.values or value in column.values
    assert column.min is None or value >= column.min  # type: ignore[operator]
    assert column.max is None or value <= column.max  # type: ignore[operator]
    assert not column.references or column.type == "text"


@pytest.mark.parametrize("name", load_schema())
def test_an_alias_names_one_column_of_a_table(name: str) -> None:
    aliases = [alias for c in table(name).columns.values() for alias in (*c.zh, *c.en)]
    assert len(aliases) == len(set(aliases))


def test_money_and_quantities_are_decimal() -> None:
    money = [c for t in load_schema().values() for c in t.columns.values()
             if c.name.endswith(("amount", "quantity", "price"))]
    assert len(money) > 20
    assert {c.type for c in money} == {"decimal"} and all(c.unit for c in money)


@pytest.mark.parametrize("name", load_schema())
def test_rules_run_in_duckdb_and_hold_for_empty_columns(name: str) -> None:
    each = table(name)
    columns = ", ".join(f"CAST(NULL AS {SQL_TYPES[c.type]}) AS {c.name}"
                        for c in each.columns.values())
    for rule in each.rules.values():
        broken = duckdb.sql(f"SELECT COUNT(*) FROM (SELECT {columns}) WHERE NOT ({rule.holds})")
        assert broken.fetchall() == [(0,)]
        assert rule.message and rule.message_zh


BROKEN = [
    ("orders", "sale_not_negative", {"line_kind": "'sale'", "amount": "-1"}),
    ("orders", "back_not_positive", {"line_kind": "'return'", "amount": "1"}),
    ("orders", "free_is_free", {"line_kind": "'free'", "amount": "1"}),
    ("orders", "sale_quantity_not_negative", {"line_kind": "'free'", "quantity": "-1"}),
    ("orders", "back_quantity_not_positive", {"line_kind": "'cancellation'", "quantity": "1"}),
    ("orders", "sale_cost_not_negative", {"line_kind": "'sale'", "cost_amount": "-1"}),
    ("orders", "back_cost_not_positive", {"line_kind": "'return'", "cost_amount": "1"}),
    ("accounts", "parent_is_another", {"account_id": "'A'", "parent_id": "'A'"}),
    ("accounts", "referrer_is_another", {"account_id": "'A'", "referrer_id": "'A'"}),
    ("opportunities", "decided_is_dated", {"outcome": "'won'"}),
    ("opportunities", "open_is_not_closed",
     {"outcome": "'open'", "closed_date": "DATE '2025-01-01'"}),
    ("survey_waves", "scale_grows", {"scale_min": "5", "scale_max": "5"}),
    ("exchange_rates", "rate_is_positive", {"rate": "0"}),
    ("quoted_figures", "counted_within_n", {"n_counted": "29", "n": "28"}),
    ("quoted_figures", "scale_rises", {"scale_min": "5", "scale_max": "5"}),
    ("quoted_figures", "step_is_positive", {"scale_step": "0"}),
    ("quoted_figures", "part_of_another", {"part_of": "'F1'", "quote_id": "'F1'"}),
]
LATER_FIRST = [
    ("targets", "ends_after_start", "from_date", "to_date"),
    ("contracts", "ends_after_start", "start_date", "end_date"),
    ("invoices", "due_after_issue", "invoice_date", "due_date"),
    ("survey_waves", "ends_after_start", "start_date", "end_date"),
    ("survey_waves", "reference_ends_after_start", "reference_from", "reference_to"),
    ("survey_invitations", "reminded_after_sent", "sent_date", "reminded_date"),
    ("survey_invitations", "returned_after_sent", "sent_date", "returned_date"),
    ("actions", "closed_after_opened", "opened_date", "closed_date"),
    ("complaints", "response_after_opened", "opened_date", "first_response_date"),
    ("complaints", "resolved_after_opened", "opened_date", "resolved_date"),
    ("opportunities", "closed_after_created", "created_date", "closed_date"),
    ("promotions", "ends_after_start", "start_date", "end_date"),
    ("promotions", "approved_after_requested", "requested_date", "approved_date"),
]


def holds(name: str, rule: str, values: dict[str, str]) -> bool:
    each = table(name)
    columns = ", ".join(f"CAST({values.get(c.name, 'NULL')} AS {SQL_TYPES[c.type]}) AS {c.name}"
                        for c in each.columns.values())
    found = duckdb.sql(f"SELECT COALESCE({each.rules[rule].holds}, TRUE) FROM (SELECT {columns})")
    return bool(found.fetchall()[0][0])


@pytest.mark.parametrize(("name", "rule", "values"), BROKEN)
def test_a_rule_refuses_what_it_forbids(name: str, rule: str, values: dict[str, str]) -> None:
    assert not holds(name, rule, values)


@pytest.mark.parametrize(("name", "rule", "first", "second"), LATER_FIRST)
def test_dates_in_order_hold_and_others_do_not(
        name: str, rule: str, first: str, second: str) -> None:
    day, next_day = "DATE '2025-01-01'", "DATE '2025-01-02'"
    assert holds(name, rule, {first: day, second: day})
    assert not holds(name, rule, {first: next_day, second: day})


def test_every_rule_is_shown_to_refuse_something() -> None:
    shown = {case[:2] for case in BROKEN} | {case[:2] for case in LATER_FIRST}
    assert shown == set(RULES)


def test_each_kind_of_order_line_can_be_right() -> None:
    for kind, amount in [("sale", 5), ("sale", 0), ("return", -5), ("cancellation", -5),
                         ("adjustment", -5), ("adjustment", 5), ("free", 0)]:
        values = {"line_kind": f"'{kind}'", "amount": str(amount), "quantity": str(amount),
                  "cost_amount": str(amount)}
        assert all(holds("orders", rule, values) for rule in table("orders").rules)


def test_a_reference_to_a_key_of_several_columns_takes_them_all() -> None:
    assert Reference(("wave_id", "item_id"), "survey_items", ("wave_id", "item_id")) in \
        table("survey_answers").references
    assert table("accounts").references[0] == Reference(("parent_id",), "accounts", ("account_id",))


@pytest.mark.parametrize(("change", "message"), [
    (lambda d: d["contracts"].update(event_date="start_dat"),
     "schema.toml: contracts has no column 'start_dat'. Did you mean 'start_date'?"),
    (lambda d: d["contracts"].update(key=["contract_nr"]),
     "schema.toml: contracts has no column 'contract_nr'. Did you mean 'contract_id'?"),
    (lambda d: d["orders"]["columns"]["channel"].update(type="string"),
     ("schema.toml: orders.channel has type 'string'. "
      "Known: text, date, decimal, integer, number, boolean.")),
    (lambda d: d["payments"]["columns"]["invoice_id"].update(references="invoice"),
     "schema.toml: payments.invoice_id references 'invoice'. Did you mean 'invoices'?"),
    (lambda d: d["payments"]["columns"]["invoice_id"].update(references="orders"),
     ("schema.toml: payments.invoice_id references 'orders', whose key is ''. "
      "Add the other columns.")),
    (lambda d: d["payments"]["columns"]["invoice_id"].update(refers="invoices"),
     ("schema.toml: payments.invoice_id is not well declared: "
      "Column.__init__() got an unexpected keyword argument 'refers'.")),
])
def test_a_contradiction_in_the_dictionary_is_refused(change: Any, message: str) -> None:
    broken = copy.deepcopy(declared())
    change(broken)
    with pytest.raises(InputError) as caught:
        read_schema(broken)
    assert str(caught.value) == message


def test_an_unknown_unit_is_refused() -> None:
    broken = declared()
    broken["orders"]["columns"]["quantity"]["unit"] = "piece"
    with pytest.raises(InputError) as caught:
        read_schema(broken)
    assert str(caught.value) == ("schema.toml: orders.quantity has unit 'piece'. "
                                 f"Known: {', '.join(broken['units'])}.")


def test_an_unknown_table_gets_the_nearest_name() -> None:
    with pytest.raises(InputError) as caught:
        table("order")
    assert str(caught.value) == (
        "There is no table 'order' in the data dictionary. Did you mean 'orders'? It has: "
        f"{', '.join(load_schema())}.")


def test_missing_columns_are_named_beside_those_that_are_there() -> None:
    frame = pd.DataFrame({"acount_id": ["A1"], "amount": [1.0]})
    require_columns(frame, ["amount"], name="orders")
    with pytest.raises(InputError) as caught:
        require_columns(frame, ["account_id", "amount", "order_date"], name="orders")
    assert str(caught.value) == (
        "orders lacks account_id, order_date; it has acount_id, amount. "
        "Did you mean 'acount_id'? Add or rename the columns.")


def test_a_table_without_columns_is_said_to_have_none() -> None:
    with pytest.raises(InputError) as caught:
        require_columns(pd.DataFrame(), ["month"], name="effort")
    assert str(caught.value) == (
        "effort lacks month; it has no columns. Add or rename the columns.")


def test_the_schema_is_read_once() -> None:
    assert load_schema() is load_schema()


def test_limits_are_said_in_signs() -> None:
    columns = table("accounts").columns
    assert [columns[name].limits for name in ("star", "employees", "party_role", "name")] == \
        ["1–5", "≥ 0", "customer, supplier, partner", ""]


def test_the_readme_of_the_data_folder_is_the_schema() -> None:
    assert DATA_README.read_text(encoding="utf-8") == write_data_readme()


def test_the_readme_shows_a_column_with_all_that_is_known_of_it() -> None:
    line = "| `star` | integer | stars |  | 1–5 | star level given by the company | 4 |"
    assert line in write_data_readme().splitlines()
    assert all(f"### {name}" in write_data_readme().splitlines() for name in load_schema())


def test_what_was_known_on_a_day() -> None:
    rows = pd.DataFrame({
        "opened_date": pd.to_datetime(["2025-01-31", "2025-01-31", "2025-02-01"]),
        "first_response_date": pd.to_datetime(["2025-01-31", "2025-02-01", None]),
        "resolved_date": pd.to_datetime(["2025-01-31", "2025-02-03", None])})
    known = known_by(rows, name="complaints", day=date(2025, 1, 31))
    assert known["resolved_date"].isna().tolist() == [False, True]
    assert known["first_response_date"].isna().tolist() == [False, True]
    assert rows["resolved_date"].isna().tolist() == [False, False, True]  # the caller's are kept
    invoices = pd.DataFrame({"invoice_date": pd.to_datetime(["2025-01-05"]),
                             "due_date": pd.to_datetime(["2025-03-05"])})
    assert known_by(invoices, name="invoices", day=date(2025, 1, 31)).equals(invoices)


def test_later_rows_and_later_dates_are_refused() -> None:
    rows = pd.DataFrame({"opened_date": pd.to_datetime(["2025-01-05", "2025-03-01"]),
                         "resolved_date": pd.to_datetime(["2025-02-20", "2025-03-02"])})
    with pytest.raises(InputError) as caught:
        require_known(rows, name="complaints", day=date(2025, 1, 31))
    assert str(caught.value) == (
        "What is judged on 2025-01-31 may rest only on what was known then, but complaints holds "
        "later dates: 1 in opened_date, 2 in resolved_date. Pass the rows of known_by.")
    require_known(known_by(rows, name="complaints", day=date(2025, 1, 31)), name="complaints",
                  day=date(2025, 1, 31))
    with pytest.raises(InputError, match=r"The rows of accounts carry no date.*Leave this table"):
        require_known(pd.DataFrame({"account_id": ["A"]}), name="accounts", day=date(2025, 1, 31))
