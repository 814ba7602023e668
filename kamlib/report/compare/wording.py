"""What is said of two versions: numbers whose parts add up as printed, and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pandas as pd

from kamlib.labels import heading, kind_of, label
from kamlib.language import (
    N_,
    _,
    _n,
    fmt_list,
    fmt_money,
    fmt_month,
    fmt_number,
    fmt_share,
    join_items,
    join_sentences,
    translate,
)
from kamlib.report.compare.moves import CUT, FACT, GONE, NEW, NO_CLASS, WHY
from kamlib.report.compare.moves import RESTATED as TOUCHED
from kamlib.report.compare.moves import RULES as RULED
from kamlib.report.compare.parts import CODE, OTHER, PARTS, REAL, RESTATED, RULES, Change
from kamlib.report.compare.result import Comparison

# Digits that a number is shown with, by unit; shares are shown in percent.
DIGITS = {"amount": 0, "share": 1, "years": 1, "index": 1, "ratio": 2}
SMALL_AMOUNT = 1000  # money below this is shown with its cents
SCHEMES = {"tier": N_("Tier"), "stage": N_("Lifecycle stage"), "rfm_class": N_("RFM class"),
           "loyalty_class": N_("Satisfaction and loyalty")}
PART_NAMES = {RESTATED: N_("restated data"), RULES: N_("changed rules"),
              CODE: N_("changed program"), OTHER: N_("a package or a parameter")}
MINUS = "\N{MINUS SIGN}"
N_RULES = 4


def show_change(change: Change) -> dict[str, str]:
    """Return a change as printed: was, now, change and its parts, which add up as printed too."""
    digits = _digits(change)
    scale = Decimal(100) if change.unit == "share" else Decimal(1)
    if change.was is None or change.now is None:
        return {"was": _shown(change.was, scale, digits, change.unit),
                "now": _shown(change.now, scale, digits, change.unit), "change": ""}
    was, now = (_rounded(x * scale, digits) for x in (change.was, change.now))
    parts = {name: _rounded(x * scale, digits) for name, x in change.parts.items()}
    left = now - was - sum(parts.values(), Decimal(0))
    if left:  # rounding only: where it shows least
        largest = max(parts, key=lambda name: (abs(parts[name]), name == REAL))
        parts[largest] += left
    return {"was": _shown(change.was, scale, digits, change.unit),
            "now": _shown(change.now, scale, digits, change.unit),
            "change": _signed(now - was, digits),
            **{name: _signed(parts[name], digits) for name in PARTS if name in parts}}


def _digits(change: Change) -> int:
    sizes = [abs(x) for x in (change.was, change.now) if x is not None]
    if change.unit == "amount" and sizes and max(sizes) < SMALL_AMOUNT:
        return 2
    if change.unit == "share" and sizes and max(sizes) < Decimal("0.1"):
        return 2
    return DIGITS.get(change.unit, 0)


def _rounded(x: Decimal, digits: int) -> Decimal:
    return x.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)


def _shown(x: Decimal | None, scale: Decimal, digits: int, unit: str) -> str:
    if x is None:
        return _("not known")
    number = fmt_number(x * scale, digits)
    return f"{number}%" if unit == "share" else number


def _signed(x: Decimal, digits: int) -> str:
    if not x:
        return "0"
    return ("+" if x > 0 else MINUS) + fmt_number(abs(x), digits)


def summarise(comparison: Comparison) -> list[str]:
    """Say what changed, money first: net sales with its parts, restated data, rules, moves."""
    said = [_say_net(comparison), _say_restated(comparison), _say_rules(comparison),
            _say_moves(comparison)]
    return [sentence for sentence in said if sentence]


def summarise_briefly(comparison: Comparison) -> list[str]:
    """The one or two sentences for a version's first page."""
    return summarise(comparison)[:2]


def _say_net(comparison: Comparison) -> str:
    change, currency = comparison.changes[0], _currency(comparison)
    old = comparison.pair.old.name
    if change.was is None or change.now is None or change.change is None:
        return _("Net sales cannot be compared with those of {old}.", old=old)
    if not change.change:
        return _("Net sales are those of {old}: {amount}.", old=old,
                 amount=fmt_money(change.now, currency))
    amount = fmt_money(abs(change.change), currency)
    share = fmt_share(abs(change.change) / change.was, 1) if change.was > 0 else ""
    more = _("Net sales are {amount} above those of {old}", amount=amount, old=old) \
        if change.change > 0 else \
        _("Net sales are {amount} below those of {old}", amount=amount, old=old)
    told = [_part(name, change, currency) for name in PARTS if change.parts.get(name)]
    percent = _(" ({share})", share=share) if share else ""
    if len(told) == 1 and not change.not_split:
        return _("{more}{percent}, all of it {part}.", more=more, percent=percent,
                 part=_bare(next(n for n in PARTS if change.parts.get(n)), change))
    return _("{more}{percent}: {parts}.", more=more, percent=percent, parts=join_items(told))


def _part(name: str, change: Change, currency: str) -> str:
    x = change.parts[name]
    amount = ("+" if x > 0 else MINUS) + fmt_money(abs(x), currency)
    return _("{amount} {part}", amount=amount, part=_bare(name, change))


def _bare(name: str, change: Change) -> str:
    if name != REAL:
        return translate(PART_NAMES[name])
    if change.not_split:
        return _("real change and {parts}, not told apart", parts=fmt_list(
            translate(PART_NAMES[n]) for n in change.not_split))
    return _("real change")


def _say_restated(comparison: Comparison) -> str:
    restated, currency = comparison.restated, _currency(comparison)
    if restated.sales.empty:
        return ""
    first = restated.sales.iloc[0]
    months = restated.sales["month"].nunique()
    head = _n("Net sales of {n} month that was closed then were restated by {amount}",
              "Net sales of {n} months that were closed then were restated by {amount}", months,
              amount=_money(restated.amount, currency))
    where = _("{account} in {month} by {amount}", month=fmt_month(first["month"]),
              account=name_account(first["account_id"], comparison),
              amount=_money(first["change_amount"], currency))
    return _("{head}; the largest: {where}.", head=head, where=where)


def _say_rules(comparison: Comparison) -> str:
    rules = comparison.pair.rules
    if not rules:
        return ""
    text = _("Rules changed: {rules}.", rules=fmt_list(rules, most=N_RULES))
    if any(RULES in change.not_split for change in comparison.changes):
        text = join_sentences([text, _("kam compare with --dataset splits their part off.")])
    return text


def _say_moves(comparison: Comparison) -> str:
    moves = comparison.moves
    if "tier" not in moves.n_classed:
        return ""
    rows = moves.table[moves.table["scheme"] == "tier"]
    if rows.empty:
        return _("No account changed its tier.")
    return _n("{n} account changed its tier; it bought for {amount} in {window}.",
              "{n} accounts changed their tier; they bought for {amount} in {window}.",
              len(rows), amount=fmt_money(rows["net_amount_window"].sum(), _currency(comparison)))


def say_kind(comparison: Comparison) -> str:
    """Say which comparison it is, and what that means for its parts."""
    if comparison.pair.is_time_out:
        return _("Both versions answer for the same closed period: nothing new can have happened "
                 "in it, so every change is restated data, changed rules or a changed program.")
    if comparison.pair.is_same_period:
        return _("Both versions answer for the same period, which was still open in the older "
                 "one: what came in since is real change.")
    return _("The versions answer for different periods: real change over time comes first, and "
             "restated data concerns the months that were closed in both.")


def explain_parts(comparison: Comparison) -> list[str]:
    """Say under the numbers what their parts are, and how to tell what was not told apart."""
    inside = {name for change in comparison.changes for name in change.not_split}
    hints = {
        RESTATED: _("What restated data did to numbers other than net sales takes another run to "
                    "tell: kam compare with --dataset."),
        RULES: _("What the changed rules did takes another run to tell: kam compare with "
                 "--dataset."),
        CODE: _("What the changed program did takes a run of the old one to tell: kam compare with "
                "--dataset and --with-code COMMIT."),
        OTHER: _("Neither time, data, rules nor program explain the rest: a package or a parameter "
                 "may.")}
    said = [_("The four parts of a row add up to its change.")]
    said += [text for name, text in hints.items() if name in inside]
    if comparison.with_code:
        said.append(_("The program before was run from commit {commit}.",
                      commit=comparison.with_code))
    return said


def name_scheme(scheme: str) -> str:
    """Return what a set of classes is called."""
    return translate(SCHEMES[scheme]) if scheme in SCHEMES else label(scheme)


def name_class(code: str) -> str:
    """Return a class by its name; an account without one has a dash."""
    return label(code) if code != NO_CLASS else "–"


def name_account(account: str, comparison: Comparison) -> str:
    """Return an account's name, or its id where no name was published."""
    return comparison.names.get(account, account) or _("all accounts")


def explain_move(reasons: Sequence[str], facts: Sequence[tuple[Any, ...]]) -> str:
    """Say why an account moved: the facts and cuts that carried it, data, rules."""
    told = {NEW: _("was in no class before"), GONE: _("is in no class any more"),
            TOUCHED: _("its past was restated"), RULED: _("rules of this class changed")}
    said = [told[reason] for reason in reasons if reason in (NEW, GONE)]
    said += [_say_fact(*fact) for fact in facts]
    said += [told[reason] for reason in reasons if reason in (TOUCHED, RULED)]
    return join_items(said) if said else _("its place among the others moved")


def _say_fact(kind: str, name: str, was: Any, now: Any) -> str:
    if kind == WHY:
        return label(now)
    fact = heading(name)
    text = {FACT: N_("{fact} {was} → {now}"), CUT: N_("the cut of {fact} {was} → {now}")}[kind]
    return translate(text).format(fact=fact, was=_fact(name, was), now=_fact(name, now))


def _fact(name: str, x: Any) -> str:
    digits = 1 if kind_of(name) == "index" or name.endswith("_index") else 0
    return fmt_number(None if pd.isna(x) else float(x), digits)


def _money(x: float, currency: str) -> str:
    sign = "+" if x > 0 else MINUS if x < 0 else ""
    return sign + fmt_money(abs(x), currency)


def _currency(comparison: Comparison) -> str:
    return str(comparison.pair.new.manifest["dataset"]["currency"])
