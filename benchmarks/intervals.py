"""How often the 95 % intervals of loyalty, cross-selling and the review hold, in small companies.

    .venv/bin/python -m benchmarks.intervals                     200 companies of 80 accounts
    .venv/bin/python -m benchmarks.intervals --companies 40 --market /tmp/market

The market is the sample company with 4,000 accounts, made from a seed and prepared once (--market
keeps it). A company is 80 of its accounts, drawn by a seed of its own with all they ordered, sent
back and said; tiers, prices of the others and like accounts are then the company's own. An interval
is good when it holds what the same code finds in the whole market; only what a company of this size
could suggest with success is judged by the mean of all companies. Counted is by kind of figure,
over all rows that a company prints.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.likely import judge_likeness
from kamlib.errors import RefusedError
from kamlib.stats.intervals import wilson_interval

LEAST, MOST = 0.92, 0.98
N_MARKET, N_ACCOUNTS, PERIOD, SEED = 4000, 80, "2025Q4", 1
LOW, HIGH = "_ci_low", "_ci_high"
COLUMNS = ["table", "row", "figure", "value", "low", "high", "weight"]
TABLES = ("facts", "months", "holdings", "products", "past", "accounts", "relationships", "bids",
          "goods")
# What is suggested depends on how many accounts there are to learn from.
BY_COMPANIES = ("suggestions",)
# Rows of one kind that are not told apart in the printed table.
TOGETHER = ("spread", "pairs", "tenders", "wallets")
N_RESAMPLES = 500  # of the test of staying; a quarter of what a report draws
TRUE_SHARE, SCATTER = 0.4, 0.15  # of the wallet; of an estimate, on the logarithm


class Known(NamedTuple):
    """What every call needs beside the tables."""

    rules: Any
    window_start: Any
    as_of: Any
    history_from: Any


def open_market(folder: Path) -> tuple[dict[str, pd.DataFrame], Known]:
    """Make the market, or open it where it was kept."""
    from kamlib import open_report
    from kamlib.sample import make_sample

    os.environ["KAM_CACHE"] = str(folder / "cache")
    file = folder / "company" / "dataset.toml"
    if not file.is_file():
        make_sample(file.parent, seed=SEED, n_accounts=N_MARKET)
    report = open_report(file, period=PERIOD)
    tables = {"facts": report.facts, "months": report.months, "holdings": report.holdings,
              "products": report.products, "past": report.past_facts,
              "accounts": report.accounts, "relationships": report.read("relationships"),
              "bids": report.read("bids"), "goods": report.load("facts", "goods")}
    months = report.rules.measures.window_months
    return tables, Known(report.rules, report.period.window_start(months), report.period.as_of,
                         report.history_from)


def draw_company(market: dict[str, pd.DataFrame], *, seed: int) -> dict[str, pd.DataFrame]:
    """The tables of N_ACCOUNTS accounts of the market."""
    rng = np.random.default_rng(seed)
    chosen = set(rng.choice(market["facts"]["account_id"].to_numpy(), N_ACCOUNTS, replace=False))
    return {name: table[table["account_id"].isin(chosen)].reset_index(drop=True)
            for name, table in market.items()}


def list_figures(tables: dict[str, pd.DataFrame], known: Known) -> Iterator[tuple[Any, ...]]:
    """Every figure with an interval of one company, or of the market: COLUMNS."""
    from kamlib import segmentation

    tiers = segmentation.add_tier(tables["accounts"], tables["facts"],
                                  rules=known.rules.segmentation).fillna({"tier": "no_sales"})
    yield from _loyalty(tables, tiers, known)
    yield from _bonds(tables, tiers, known)
    yield from _products(tables, tiers, known)


def _loyalty(tables: dict[str, pd.DataFrame], tiers: pd.DataFrame,
             known: Known) -> Iterator[tuple[Any, ...]]:
    from kamlib import loyalty, segmentation
    from kamlib.loyalty.standing.foretell import follow_index, foretell_staying

    facts = tables["facts"]
    rules = known.rules.loyalty.model_copy(update={"n_resamples": N_RESAMPLES})
    found = loyalty.review_loyalty(
        facts, months=tables["months"], tiers=tiers, rules=rules, as_of=known.as_of,
        window_start=known.window_start, history_from=known.history_from,
        redraws=segmentation.redraw_tiers(facts, rules=known.rules.segmentation))
    yield from _rows("tenure", found.tenure, "tier", {"tenure_years": "n_known"})
    yield from _rows("repurchase", found.repurchase, "tier", {"repurchase_rate": "n_observed"})
    yield from _rows("frequency", found.frequency, "tier", {"mean_orders": "n_accounts"})
    yield from _rows("returns", found.returns, "tier", dict.fromkeys(
        ("amount_return_rate", "quantity_return_rate", "order_return_rate"), "n_accounts"))
    try:
        rows = follow_index(tables["past"], tables["products"], rules=rules)
        staying = foretell_staying(rows, rules=rules)
    except RefusedError:
        return
    yield from _rows("staying", staying, "predictor", {"roc_area": "n_left",
                                                       "difference": "n_left"})


def _bonds(tables: dict[str, pd.DataFrame], tiers: pd.DataFrame,
           known: Known) -> Iterator[tuple[Any, ...]]:
    from kamlib import loyalty

    given = {"accounts": tables["accounts"], "relationships": tables["relationships"],
             "wallet_estimates": estimate_wallets(tables["products"])}
    ties = loyalty.review_bonds(
        tables["facts"], tables=given, holdings=tables["holdings"], products=tables["products"],
        tiers=tiers, rules=known.rules.loyalty, window_start=known.window_start,
        as_of=known.as_of, history_from=known.history_from)
    yield from _rows("price premium", ties.premiums, "tier",
                     {"price_premium_rate": "paid_amount", "accepting_share": "n_rated"})
    yield from _rows("price premium", ties.opinions, "premium_opinion",
                     {"price_premium_rate": "paid_amount"})
    yield from _rows("newcomers", ties.newcomers, "newcomers",
                     {"newcomer_share": "n_accounts", "mean_margin_amount": "n_accounts"})
    yield from _rows("wallets", ties.wallets.assign(row=""), "row",
                     {"wallet_share": "n_estimates"})
    from kamlib.review.dealings import judge_bids

    for _, part in tables["bids"].groupby("account_id"):
        told = pd.DataFrame([judge_bids(part)])
        if told["n_bids"].iloc[0]:
            yield from _rows("tenders", told.assign(row=""), "row", {"win_rate": "n_bids"})


def _products(tables: dict[str, pd.DataFrame], tiers: pd.DataFrame,
              known: Known) -> Iterator[tuple[Any, ...]]:
    from kamlib import loyalty, segmentation

    rules = known.rules.cross_sell.model_copy(update={"n_gaps": 100})
    redraws = segmentation.redraw_tiers(tables["facts"], rules=known.rules.segmentation)
    made = loyalty.plan_cross_sell(tables["holdings"], products=None, tiers=tiers, rules=rules,
                                   accounts=tables["accounts"],
                                   like_rules=known.rules.likeness, redraws=redraws)
    yield from _rows("products held", made.counts, "tier", {"mean_products": "n_accounts"})
    yield from _rows("spread", made.spread, "product_id", {"holder_share": "n_holders"})
    pairs = made.pairs.assign(pair=made.pairs["if_product"] + ">" + made.pairs["then_product"])
    yield from _rows("pairs", pairs, "pair", {"confidence_share": "n_if", "pair_lift": "n_if",
                                              "size_lift": "n_if"})
    yield from _rows("suggestions", made.suggestions, "suggested_by",
                     {"bought_share": "n_suggested", "difference_share": "n_suggested"})


def _rows(name: str, table: pd.DataFrame, key: str,
          figures: dict[str, str]) -> Iterator[tuple[Any, ...]]:
    for row in table.to_dict("records"):
        for figure, weight in figures.items():
            ends = (row[figure], row[f"{figure}{LOW}"], row[f"{figure}{HIGH}"])
            yield (name, str(row[key]), figure,
                   *(float("nan") if pd.isna(x) else float(x) for x in ends), float(row[weight]))


def estimate_wallets(products: pd.DataFrame) -> pd.DataFrame:
    """Two estimates of each account's spending in each year, around a known share of it."""
    year = pd.to_datetime(products["quarter"]).dt.year
    sold = products.groupby([products["account_id"], year])["net_amount"].sum()
    sold = sold[sold > 0].rename_axis(["account_id", "year"]).reset_index()
    rng = np.random.default_rng(int(sold["net_amount"].sum()) % 2 ** 32)
    both = pd.concat([sold, sold], ignore_index=True)
    spent = both["net_amount"] / TRUE_SHARE * np.exp(rng.normal(0, SCATTER, len(both)))
    return both[["account_id", "year"]].assign(estimate_amount=spent, product_line=None)


def judge(figures: pd.DataFrame, truths: pd.DataFrame) -> pd.DataFrame:
    """One row a kind: n_printed, told_share (of all that could be), held_share, fits.

    figures: of all companies, with `company`; truths: of the market. It fits when the interval of
    held_share, over as many intervals as companies printed it, reaches into LEAST to MOST.
    """
    keys = COLUMNS[:3]
    true = truths.drop_duplicates(keys).set_index(keys)["value"].to_dict()
    for key, part in figures[figures["table"].isin(BY_COMPANIES)].groupby(keys):
        true[key] = float(np.average(part["value"], weights=part["weight"]))
    true |= {key: TRUE_SHARE for key in true if key[0] == "wallets"}
    bids = truths[truths["table"] == "tenders"]
    true |= {key: float(np.average(bids["value"], weights=bids["weight"]))
             for key in true if key[0] == "tenders"}
    told = figures.assign(truth=[true.get(key, np.nan) for key in
                                 figures[keys].itertuples(index=False, name=None)])
    told.loc[told["table"].isin(TOGETHER), "row"] = "all rows"
    return count_held(told)


def count_held(told: pd.DataFrame) -> pd.DataFrame:
    """Count by kind: table, row, figure, truth, n_companies, told_share, held_share, fits."""
    rows = []
    for key, part in told[told["truth"].notna() & told["value"].notna()].groupby(COLUMNS[:3]):
        shown = part[part["low"].notna()]
        if shown.empty:
            continue
        held = (shown["low"] <= shown["truth"]) & (shown["truth"] <= shown["high"])
        n = shown["company"].nunique()
        low, high = wilson_interval(float(held.mean()) * n, n)
        rows.append([*key, shown["truth"].mean(), n, len(shown) / len(part), held.mean(),
                     high >= LEAST and low <= MOST])
    return pd.DataFrame(rows, columns=[*COLUMNS[:3], "truth", "n_companies", "told_share",
                                       "held_share", "fits"])


def measure(folder: Path, *, n_companies: int) -> pd.DataFrame:
    """Draw the companies and judge all their intervals."""
    market, known = open_market(folder)
    started = time.process_time()
    truths = pd.DataFrame(list(list_figures(market, known)), columns=COLUMNS)
    drawn = [draw_company(market, seed=seed) for seed in range(1, n_companies + 1)]
    print(f"the market's figures: {time.process_time() - started:.0f} s", flush=True)
    started = time.process_time()
    figures = pd.concat([pd.DataFrame(list(list_figures(tables, known)), columns=COLUMNS)
                         .assign(company=number) for number, tables in enumerate(drawn)],
                        ignore_index=True)
    print(f"a company: {(time.process_time() - started) / n_companies:.2f} s of processor time",
          flush=True)
    return pd.concat([judge(figures, truths), count_held(judge_likeness(market, drawn, known))],
                     ignore_index=True)


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=200)
    parser.add_argument("--market", default="", help="a folder that keeps the market")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kam-market-") as place:
        table = measure(Path(given.market or place), n_companies=given.companies)
    print("\n| table | row | figure | market | printed, % | held, % |")
    print("|---|---|---|---:|---:|---:|")
    for row in table.itertuples():
        print(f"| {row.table} | {row.row} | {row.figure} | {row.truth:,.3g} | "
              f"{100 * row.told_share:.0f} | {100 * row.held_share:.1f}"
              f"{'' if row.fits else ' MISSED'} |")
    print(f"\n{int(table['fits'].sum())} of {len(table)} kinds within {100 * LEAST:.0f} to "
          f"{100 * MOST:.0f} %, as far as {given.companies} companies can tell")


if __name__ == "__main__":
    main()
