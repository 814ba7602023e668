"""Tables as HTML: named, aligned, escaped, the same each time."""

from __future__ import annotations

import pandas as pd

from kamlib.figures.table import TableView
from kamlib.language import NO_BREAK, using

TIERS = pd.DataFrame({
    "account_id": ["007", "<script>alert(1)</script>"],
    "verdict": ["met", None],
    "n_orders": pd.array([12345, None], dtype="Int64"),
    "net_amount": [41_783_000.4, float("nan")],
    "margin_share": [0.611, 0.5], "margin_share_ci_low": [0.58, float("nan")],
    "margin_share_ci_high": [0.64, float("nan")],
    "last_sale_date": pd.to_datetime(["2025-12-31", None]),
})


def html(view: TableView) -> str:
    return view._repr_html_().replace(NO_BREAK, " ")


def test_whole_table():
    assert html(TableView(TIERS, name="tiers", caption="A & B", currency="CNY")) == """\
<table id="tiers">
<caption>A &amp; B</caption>
<thead><tr><th scope="col">Account</th><th scope="col">Verdict</th>\
<th scope="col" class="n">Orders</th><th scope="col" class="n">Net sales (CNY)</th>\
<th scope="col" class="n">Margin share</th><th scope="col" class="d">Last sale</th></tr></thead>
<tbody>
<tr><td>007</td><td>Met</td><td class="n">12,345</td><td class="n">41,783,000</td>\
<td class="n">61 % (58–64)</td><td class="d">2025-12-31</td></tr>
<tr><td>&lt;script&gt;alert(1)&lt;/script&gt;</td><td>–</td><td class="n">–</td>\
<td class="n">–</td><td class="n">50 %</td><td class="d">–</td></tr>
</tbody></table>"""


def test_an_estimated_amount_has_no_more_digits_than_its_interval_supports():
    table = pd.DataFrame({"clv_amount": [4_299_432.7, -81.26], "gross_amount": [4_299_432.7, 7.0],
                          "clv_amount_ci_low": [3_224_780.0, -90.0],
                          "clv_amount_ci_high": [5_471_721.0, 2.4]})
    shown = html(TableView(table, name="values"))
    assert "4,300,000 (3,220,000–5,470,000)" in shown
    assert "-81 (-90 to 2)" in shown
    assert ">4,299,433<" in shown  # a sum of the ledger is told in full


def test_hostile_names_caption_and_columns_are_escaped():
    frame = pd.DataFrame({'<img src=x onerror="1">': ['"><b>']})
    text = html(TableView(frame, name='x"><b>', caption="<b>"))
    assert "<b>" not in text
    assert "<img" not in text


def test_text_form_is_fixed():
    assert repr(TableView(TIERS, name="tiers")) == "Table tiers: 2 rows × 8 columns"


def test_long_table_is_cut_and_says_so():
    text = html(TableView(pd.DataFrame({"n_orders": range(2000)}), name="long", max_rows=10))
    assert text.count("<tr>") == 11
    assert text.endswith('<p class="more">1,990 more rows in tables.xlsx.</p>')


def test_empty_table_keeps_its_headings_and_says_why_it_is_empty():
    nothing = TIERS.head(0)
    text = html(TableView(nothing, name="none"))
    assert text.count("<th ") == 6
    assert '<tr><td colspan="6">Nothing to list.</td></tr>' in text
    nothing.attrs["reason"] = "Too few orders < 3."
    assert "Too few orders &lt; 3." in html(TableView(nothing, name="none"))


def test_chinese_dates_and_shares():
    with using("zh"):
        text = html(TableView(TIERS, name="tiers"))
    assert "2025-12-31" in text
    assert "61% (58–64)" in text


def test_numbers_without_a_unit_keep_three_digits_and_years_stay_whole():
    frame = pd.DataFrame({"year": [2025], "p": [0.01234], "big": [1234567.891], "flag": [True]})
    cells = [part.split("</td>")[0] for part in html(TableView(frame, name="t")).split("<td")[1:]]
    assert [cell.split(">")[1] for cell in cells] == ["2025", "0.0123", "1,234,568", "yes"]


def test_small_shares_are_not_shown_as_zero():
    text = html(TableView(pd.DataFrame({"loss_share": [0.004, 0.25, 0.0]}), name="t"))
    assert [cell in text for cell in (">0.4 %<", ">25.0 %<", ">0.0 %<")] == [True] * 3


def test_the_frame_is_not_changed():
    before = TIERS.copy(deep=True)
    html(TableView(TIERS, name="tiers"))
    pd.testing.assert_frame_equal(TIERS, before)
