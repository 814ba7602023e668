"""Quoted numbers held against their targets again, with what chance leaves open."""

from __future__ import annotations

from kamlib.language import _, fmt_count, fmt_range
from kamlib.satisfaction.audit.kinds import is_comparable
from kamlib.satisfaction.audit.printed import show
from kamlib.satisfaction.audit.quoted import FAILS, FITS, OPEN, Check, Quoted
from kamlib.satisfaction.survey.index import judge
from kamlib.stats.intervals import wilson_interval

# Of a sum or a count nobody says whether more is better.
JUDGED = ("index", "rate", "share", "mean")


def check_target(quoted: Quoted, *, level: float) -> list[Check]:
    """Hold a number against its target of the same kind; more is better.

    First as printed, then, of a rate with its n, with Wilson's interval; without a spread a mean
    or an index has none.
    """
    if quoted.kind not in JUDGED or not quoted.printed or not quoted.span or \
            not quoted.target or not is_comparable(quoted):
        return []
    target = quoted.target.exact
    if quoted.span.low < target <= quoted.span.high:
        return [Check(quoted.quote_id, "against_target", OPEN, _(
            "{quoted} is rounded, and its target of {target} lies within the rounding.",
            quoted=quoted.printed, target=quoted.target))]
    is_reached = quoted.span.low >= target
    stated = {"met": True, "not met": False}.get(quoted.stated_verdict)
    fields = {"quoted": quoted.printed, "target": quoted.target}
    if stated is not None and stated != is_reached:
        sentence = _("{quoted} reaches the target of {target}, which is said to be missed.",
                     **fields) if is_reached else _(
            "{quoted} misses the target of {target}, which is said to be met.", **fields)
        return [Check(quoted.quote_id, "against_target", FAILS, sentence)]
    return [_weigh_chance(quoted, is_reached, level)]


def _weigh_chance(quoted: Quoted, is_reached: bool, level: float) -> Check:
    assert quoted.printed and quoted.target
    plain = _("{quoted} reaches the target of {target}", quoted=quoted.printed,
              target=quoted.target) if is_reached else _(
        "{quoted} misses the target of {target}", quoted=quoted.printed, target=quoted.target)
    if quoted.kind not in ("rate", "share"):
        return Check(quoted.quote_id, "against_target", FITS, _(
            "{plain}, as printed; its margin of error is unknown without the spread.",
            plain=plain))
    if not quoted.n:
        return Check(quoted.quote_id, "against_target", OPEN, _(
            "{plain}, but without its n nobody knows how sure that is.", plain=plain))
    n_hits = quoted.n_counted
    if n_hits is None:
        n_hits = min(quoted.n, max(0, round(quoted.printed.exact * quoted.n / 100)))
    low, high = wilson_interval(min(n_hits, quoted.n), quoted.n, level=level)
    verdict = judge(100 * low, 100 * high, float(quoted.target.exact))
    fields = {"plain": plain, "n": fmt_count(quoted.n),
              "range": fmt_range(100 * low, 100 * high, lambda x: show(x, 1, is_percent=True))}
    if verdict == "cannot tell":
        return Check(quoted.quote_id, "against_target", OPEN, _(
            "{plain}, but {n} answers are compatible with {range}: too few to tell.", **fields))
    return Check(quoted.quote_id, "against_target", FITS, _(
        "{plain}; {n} answers are compatible with {range}.", **fields))
