"""The sales overview as charts and readings: development, targets, concentration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, MonthLocator
from matplotlib.ticker import FixedFormatter

from kamlib.figures import theme
from kamlib.figures.comparison import (
    COMPARISONS,
    find_base,
    money_label,
    net_of,
    say_net,
    say_no_base,
    signed_money,
    signed_share,
)
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_money,
    fmt_month,
    fmt_number,
    fmt_share,
    join_sentences,
)
from kamlib.sales import Sales

# What a page shows of a wide table; the published one has every column.
SUMMARY_COLUMNS = ("comparison", "base_label", "net_amount", "base_net_amount", "change_amount",
                   "change_rate", "returned_amount", "base_returned_amount", "n_accounts",
                   "base_n_accounts")
TREND_COLUMNS = ("month", "net_amount", "returned_amount", "month_before_net_amount",
                 "month_change_rate", "year_before_net_amount", "year_change_rate",
                 "moving_average_amount", "is_complete")
CONCENTRATION_COLUMNS = ("span", "n_accounts", "net_amount", "top_1_share", "top_5_share",
                         "top_10_share", "hhi", "effective_accounts", "n_below_zero")

ORDER_COLUMNS = ("rank", "order_id", "account_id", "order_date", "gross_amount", "order_share",
                 "quantity", "unit_price")

SPAN_COLOURS = {"period": theme.ACCENT, "year_before": theme.CATEGORY[1],
                "previous": theme.TIER_COLOURS["general"]}
MONTHS = 36  # months that a chart has room for
BAR_DAYS = 24


def plot_trend(sales: Sales, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Bars: net sales by month, the period's in colour; lines: a year before, moving average."""
    ax = ax or theme.new_axes(9.0, 4.4)
    table = sales.trend.tail(MONTHS)
    if table.empty:
        return theme.say_nothing(ax, theme.first_reason(sales.refused, "trend"))
    whole, inside = (table[name].astype("bool") for name in ("is_complete", "is_in_period"))
    for part, colour, edge, name in (
            (table[~inside & whole], theme.FAINT, theme.FAINT, _("earlier months")),
            (table[inside & whole], theme.ACCENT, theme.ACCENT, sales.period.label),
            (table[~whole], "white", theme.MUTED, _("month not complete"))):
        if len(part):
            ax.bar(part["month"], part["net_amount"], width=BAR_DAYS, color=colour,
                   edgecolor=edge, label=name)
    months = table["month"]
    if table["year_before_net_amount"].notna().any():
        ax.plot(months, table["year_before_net_amount"], color=theme.CATEGORY[1], linewidth=1.1,
                alpha=0.9, label=_("same month a year before"))
    if table["moving_average_amount"].notna().any():
        ax.plot(months, table["moving_average_amount"], color=theme.INK, linewidth=2,
                label=_n("mean of {n} month", "mean of the last {n} months",
                         sales.rules.moving_average_months))
    ax.set_title(say_net(sales, currency))
    ticks = range(1, 13, 1 if len(table) <= 12 else 6)
    ax.xaxis.set_major_locator(MonthLocator(bymonth=ticks))  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(DateFormatter("%Y-%m"))  # type: ignore[no-untyped-call]
    ax.set_xlabel(_("month"))
    ax.set_ylabel(money_label(_("net sales of the month"), currency))
    theme.amount_axis(ax)
    ax.legend(loc="upper left", bbox_to_anchor=(0.0, -0.16), ncols=5, fontsize=9,
              columnspacing=1.2, handlelength=1.4)
    return ax


def read_summary(sales: Sales, *, currency: str = "") -> str:
    """Say what came in, what went back and what is left, and the change against both bases."""
    if sales.summary.empty:
        reason = theme.first_reason(sales.refused, "summary")
        return reason if pd.isna(net_of(sales)) else _(
            "Net sales of {period} are {net}. {reason}", period=sales.period.label,
            net=fmt_money(net_of(sales), currency), reason=reason)
    row = sales.summary.to_dict("records")[0]
    texts = [_("{n} accounts bought for {gross} in {period} and returned {returned}; net sales "
               "are {net}.", n=fmt_count(row["n_accounts"]), period=sales.period.label,
               gross=fmt_money(row["gross_amount"], currency),
               returned=fmt_money(row["returned_amount"], currency),
               net=fmt_money(row["net_amount"], currency))]
    # A year has one base: the previous year is the year before.
    return join_sentences(dict.fromkeys(
        [*texts, *(_change(sales, name, currency) for name in COMPARISONS)]))


def read_trend(sales: Sales, *, currency: str = "") -> str:
    """Say the period's largest month, what the season does there, and what is not complete."""
    table = sales.trend
    if table.empty:
        return theme.first_reason(sales.refused, "trend")
    inside = table[table["is_in_period"].astype("bool") & table["net_amount"].notna()]
    texts = list(_month_sentences(inside, currency))
    n_open = int((~table["is_complete"].astype("bool")).sum())
    if n_open:
        texts.append(_n("{n} month is not complete and must not be read as a fall.",
                        "{n} months are not complete and must not be read as a fall.", n_open))
    return join_sentences(texts or [_("No month of the period has sales.")])


def plot_concentration(sales: Sales, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Grouped bars: what the largest 1, 5 and 10 accounts bring, beside the two bases."""
    ax = ax or theme.new_axes(8.0, 4.0)
    table = sales.concentration[sales.concentration["top_10_share"].notna()]
    if "period" not in set(table["span"]):
        return theme.say_nothing(ax, _no_sales(sales))
    ax.set_title(_concentration_title(sales))
    rows = {row["span"]: row for row in table.to_dict("records")}
    # A year has one base: the previous year is the year before.
    labels = {_span_label(sales, name): name for name in ("previous", "year_before", "period")
              if name in rows}
    spans = [(name, SPAN_COLOURS[name]) for name in reversed(labels.values())]
    for at, (name, colour) in enumerate(spans):
        places = np.arange(3) + (at - (len(spans) - 1) / 2) * 0.27
        shares = np.array([rows[name][f"top_{k}_share"] for k in (1, 5, 10)], "float64")
        ax.bar(places, shares, width=0.25, color=colour, label=_span_label(sales, name))
        for x, share in zip(places, shares, strict=True):
            if np.isfinite(share):
                ax.text(x, max(0.0, share) + 0.006, fmt_share(share, digits=int(share < 0.1)),
                        ha="center", fontsize=9, color=theme.INK)
    ax.set_xticks(range(3))
    ax.xaxis.set_major_formatter(FixedFormatter([
        _("the largest account"), _("the 5 largest"), _("the 10 largest")]))
    ax.set_ylabel(_("share of net sales (%)"))
    theme.share_axis(ax)
    ax.margins(y=0.12)
    ax.legend(loc="upper left")
    return ax


def read_concentration(sales: Sales, *, currency: str = "",
                       names: Mapping[str, str] | None = None) -> str:
    """Say to how many equal accounts sales amount, and what hangs on the largest order."""
    rows = {row["span"]: row for row in sales.concentration.to_dict("records")}
    row = rows.get("period")
    if row is None or pd.isna(row["top_10_share"]):
        return _no_sales(sales)
    texts = [_("Sales of {period} are spread as if {n} equal accounts brought them, of {total} "
               "(Herfindahl index {hhi}).", period=sales.period.label,
               n=fmt_number(row["effective_accounts"], 1), total=fmt_count(row["n_accounts"]),
               hhi=fmt_number(row["hhi"], 4))]
    base = find_base(sales)
    before = rows.get(base["comparison"]) if base else None
    if base and before and pd.notna(before["effective_accounts"]):
        texts.append(_("In {base} it was {n}.", base=base["base_label"],
                       n=fmt_number(before["effective_accounts"], 1)))
    if pd.notna(row["largest_order_amount"]):
        account = str(row["largest_order_account_id"])
        texts.append(_("The largest order, {order} of {account}, is {amount}: {share} of gross "
                       "sales.", order=row["largest_order_id"],
                       account=(names or {}).get(account, account),
                       amount=fmt_money(row["largest_order_amount"], currency),
                       share=fmt_share(row["largest_order_share"], digits=1)))
    if row["n_below_zero"]:
        texts.append(_n("{n} account returned more than it bought and counts as zero here.",
                        "{n} accounts returned more than they bought and count as zero here.",
                        int(row["n_below_zero"])))
    return join_sentences(texts)


def caption_changes(sales: Sales) -> str:
    """Name the base of the changes by account."""
    if not sales.base:
        return _("Accounts whose net sales changed")
    return _("Accounts whose net sales changed, against {base}", base=sales.base_label)


def orders_of(largest_orders: pd.DataFrame) -> pd.DataFrame:
    """Return the largest orders of the period, with their share of its gross sales.

    largest_orders: one row a span and rank. Returns its rows of the period with order_share and
    unit_price (a gap without a quantity).
    """
    rows = largest_orders[largest_orders["span"] == "period"].reset_index(drop=True)
    gross, total, quantity = (rows[c].astype("float64") for c in
                              ("gross_amount", "span_gross_amount", "quantity"))
    return rows.assign(order_share=gross / total.where(total > 0),
                       unit_price=gross / quantity.where(quantity > 0))


def _change(sales: Sales, comparison: str, currency: str) -> str:
    row = find_base(sales, comparison)
    if row is None:
        return say_no_base(sales, comparison)
    if pd.isna(row["change_rate"]):
        return _("Against {base}: {amount}.", base=row["base_label"],
                 amount=signed_money(row["change_amount"], currency))
    return _("Against {base}: {amount}, {share}.", base=row["base_label"],
             amount=signed_money(row["change_amount"], currency),
             share=signed_share(row["change_rate"], digits=1))


def _month_sentences(inside: pd.DataFrame, currency: str) -> Iterator[str]:
    if inside.empty:
        return
    rows = inside.sort_values("net_amount", ascending=False, kind="stable").to_dict("records")
    best = rows[0]
    if pd.isna(best["year_before_net_amount"]):
        yield _("The largest month was {month} with {amount}.", month=fmt_month(best["month"]),
                amount=fmt_money(best["net_amount"], currency))
    else:
        yield _("The largest month was {month} with {amount}, against {before} a year before.",
                month=fmt_month(best["month"]), amount=fmt_money(best["net_amount"], currency),
                before=fmt_money(best["year_before_net_amount"], currency))
    if pd.notna(best["seasonal_ratio"]):
        yield _("By its season alone that month is worth {ratio} average months.",
                ratio=fmt_number(best["seasonal_ratio"], 2))


def _no_sales(sales: Sales) -> str:
    return sales.refused.get("concentration") or _("No account has net sales above zero in "
                                                   "{period}.", period=sales.period.label)


def _concentration_title(sales: Sales) -> str:
    rows = {row["span"]: row for row in sales.concentration.to_dict("records")}
    now, base = rows["period"], find_base(sales)
    before = rows.get(base["comparison"]) if base else None
    if base is None or before is None or pd.isna(before["top_10_share"]):
        return _("The 10 largest accounts bring {share} of net sales",
                 share=fmt_share(now["top_10_share"], digits=1))
    return _("The 10 largest accounts bring {share} of net sales, against {before} in {base}",
             share=fmt_share(now["top_10_share"], digits=1), base=base["base_label"],
             before=fmt_share(before["top_10_share"], digits=1))


def _span_label(sales: Sales, span: str) -> str:
    if span == "period":
        return sales.period.label
    row = find_base(sales, span)
    return str(row["base_label"]) if row else label(span)
