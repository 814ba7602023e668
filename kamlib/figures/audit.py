"""What a reader sees of the audit of quoted numbers; the checks come from `satisfaction.audit`."""

from __future__ import annotations

import pandas as pd

from kamlib.language import _, _n, fmt_count, fmt_list, join_sentences
from kamlib.satisfaction.audit.quoted import FAILS, FITS, MIXED, OPEN

# What a page shows of the checks; the published table has every column.
AUDIT_COLUMNS = ("quote_id", "label", "quoted", "check", "verdict", "seen")
FIGURE_COLUMNS = ("quote_id", "label", "quoted", "verdict", "seen")
N_NAMED = 3


def read_audit(figures: pd.DataFrame) -> str:
    """Say in one reading how many quoted numbers add up, and which do not and why.

    figures: from `judge_figures`, one row a quoted number.
    """
    if figures.empty:
        return _("No table of quoted numbers (quoted_figures) is given, so none was checked.")
    n = figures["verdict"].value_counts()
    sentences = [_n("Of {n} quoted number {fits} adds up.", "Of {n} quoted numbers {fits} add up.",
                    len(figures), fits=fmt_count(n.get(FITS, 0)))]
    if n.get(FAILS, 0):
        sentences.append(_("Not adding up: {names}.", names=_name(figures, FAILS)))
    if n.get(MIXED, 0):
        sentences.append(_("Kinds are mixed up: {names}.", names=_name(figures, MIXED)))
    if n.get(OPEN, 0):
        sentences.append(_n("{n} cannot be judged.", "{n} cannot be judged.", int(n[OPEN])))
    return join_sentences(sentences)


def _name(figures: pd.DataFrame, verdict: str) -> str:
    chosen = figures[figures["verdict"] == verdict]
    names = [_("{quoted} “{label}” ({quote_id}; {source})", quoted=row["quoted"],
               label=row["label"], quote_id=row["quote_id"], source=row["source"])
             for row in chosen.head(N_NAMED).to_dict("records")]
    rest = len(chosen) - len(names)
    others = [_n("{n} other number", "{n} other numbers", rest)] if rest else []
    return fmt_list([*names, *others])
