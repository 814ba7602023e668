"""Charts and readings of loyalty: numbers are read off the Axes."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from kamlib.figures import loyalty as figures
from kamlib.figures.theme import plain_title
from kamlib.language import NO_BREAK
from kamlib.loyalty import LoyaltyRules, review_loyalty

PLOTS = [figures.plot_tenure, figures.plot_repurchase, figures.plot_returns,
         figures.plot_benchmark]
READS = [figures.read_tenure, figures.read_repurchase, figures.read_frequency,
         figures.read_returns, figures.read_called_off, figures.read_benchmark, figures.read_aims]
TIERS = ["core"] * 6 + ["important"] * 6 + ["general"] * 6


def build_result(tiers):
    n = len(tiers)
    facts = pd.DataFrame({
        "account_id": [f"{i:03d}" for i in range(n)],
        "tenure_days": pd.array([2922] * 6 + [1461] * 6 + [731] * 6, dtype="Int64")[:n],
        "n_orders_window": pd.array([4] * n, dtype="Int64"),
        "n_purchase_days_window": pd.array([4] * 12 + [1] * 6, dtype="Int64")[:n],
        "first_sale_date": pd.Timestamp("2024-01-10"), "start_date": pd.Timestamp("2024-01-10"),
        "second_sale_date": ([pd.Timestamp("2024-02-10")] * 12 + [pd.NaT] * 6)[:n],
        "is_start_known": True, "first_to_as_of_days": pd.array([721] * n, dtype="Int64"),
        "gap_mean_days": 30.0,
        "gross_amount_window": 100.0, "net_amount_window": 90.0,
        "returned_amount_window": ([0.0] * 6 + [5.9, 6.1] * 3 + [10.0] * 6)[:n]})
    months = pd.DataFrame({"account_id": facts["account_id"], "month": pd.Timestamp("2025-03-01"),
                           "line_kind": "sale", "n_orders": 4, "n_purchase_days": 4,
                           "quantity": 10.0, "amount": 100.0})
    called_off = months.head(1).assign(line_kind="paired_sale", n_orders=1, amount=500.0)
    months = pd.concat([months, called_off]) if n else months
    return review_loyalty(facts, months=months, rules=LoyaltyRules(n_resamples=100),
                          tiers=pd.DataFrame({"account_id": facts["account_id"], "tier": tiers}),
                          window_start=date(2025, 1, 1), as_of=date(2025, 12, 31))


@pytest.fixture(scope="module")
def result():
    return build_result(TIERS)


@pytest.fixture(scope="module")
def nothing():
    return build_result([])


def plain(text):
    return text.replace(NO_BREAK, " ")


def test_tenure_means_are_the_marks(result):
    ax = figures.plot_tenure(result)
    means = next(line for line in ax.lines if line.get_label() == "mean")
    assert means.get_ydata() == pytest.approx([8.0, 4.0, 2.0], abs=0.005)
    assert ax.get_ylabel() == "tenure (years)"
    assert ax.get_xticklabels()[0].get_text() == "Core\n6 of 6 known"


def test_rates_are_bars_beside_the_published_marks(result):
    ax = figures.plot_returns(result)
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0, 0.06, 0.1])
    assert ax.lines[0].get_ydata().tolist() == [0.01, 0.05, 0.10]
    assert plain(plain_title(ax)) == "5.3 % of what was sold came back"
    again = figures.plot_repurchase(result)
    assert [bar.get_height() for bar in again.patches] == [1, 1, 0]
    assert again.lines[0].get_ydata().tolist() == [0.9, 0.7, 0.4]


def test_benchmark_shows_nine_cells_with_their_verdicts(result):
    ax = figures.plot_benchmark(result)
    texts = [plain(text.get_text()) for text in ax.texts]
    assert len(texts) == 9
    # Student, 5 degrees, over six accounts of 5.9 or 6.1 %: 6.0 +- 2.571 * 0.1095 / sqrt(6).
    assert texts[5] == "6.0 % (5.9–6.1 %)\npublished: over 1 to 5 %\nWORSE"
    # Clopper-Pearson, none of six accounts: 1 - 0.025 ** (1 / 6) = 45.9 %.
    assert texts[2] == "0.0 % (0.0–45.9 %)\npublished: up to 1 %\nCANNOT TELL"
    assert sum(text.endswith("\nWORSE") for text in texts) == 1
    assert plain_title(ax) == "1 of 9 figures is worse than the published one"


def test_benchmark_reading_names_the_class_between(result):
    assert "Between two published ranges: important return rate." in figures.read_benchmark(result)


@pytest.mark.parametrize("plot", PLOTS)
def test_empty_result_says_so_on_the_chart(plot, nothing):
    assert plain_title(plot(nothing)) == "There is nothing to show"


@pytest.mark.parametrize("read", READS)
def test_every_reading_is_a_sentence_without_gaps(read, result, nothing):
    for text in (read(result), read(nothing)):
        assert text.endswith(".")
        assert "nan" not in text


def test_called_off_orders_are_no_returns(result):
    assert plain(figures.read_called_off(result)) == (
        "1 order was called off in full within days: 500, 21.7 % of all ordered. It is in none of "
        "the return rates; with it on both sides 5.3 % would be 25.9 %.")
