"""How a notebook shows what is no table: charts, sentences, the row accounting."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from kamlib.figures.table import TableView
from kamlib.labels import heading, label
from kamlib.language import _, _n, current, fmt_count, fmt_list, translate
from kamlib.schema import load_schema, name_table
from kamlib.session.csv_text import write_csv_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_EMBEDDED = 4_000  # characters of a chart's data that a page carries in itself


@dataclass(frozen=True)
class ReadingView:
    """One computed sentence."""

    sentence: str

    def __repr__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        return f'<p class="reading">{escape(self.sentence)}</p>'


@dataclass(frozen=True)
class ReasonView:
    """Why there is nothing to show in this place; a page may leave out what else it would say."""

    reason: str

    def __repr__(self) -> str:
        return self.reason

    def _repr_html_(self) -> str:
        return f'<p class="reason">{escape(self.reason)}</p>'


@dataclass(frozen=True)
class LinesView:
    """A few sentences, the most important first."""

    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(self.sentences)

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(s)}</li>" for s in self.sentences)
        return f'<ul class="headline">{items}</ul>'


@dataclass(frozen=True)
class FigureView:
    """A drawn figure: its SVG, the text for those who cannot see it, the data to download."""

    name: str
    svg: str
    alt: str
    csv: str
    href: str = ""

    @classmethod
    def of(cls, name: str, ax: Axes, data: pd.DataFrame | None, *,
           out: Path | None = None, embed: bool = False) -> FigureView:
        """Draw an Axes' figure once and close it; embed: keep all data in the page."""
        from kamlib.figures.describe import describe_axes
        from kamlib.figures.svg import render_svg

        figure = ax.get_figure(root=True)
        assert figure is not None  # for the type checker: the Axes was drawn in one
        alt = describe_axes(ax)
        csv = ""
        if data is not None and len(data):  # a chart of nothing has nothing to download
            csv = write_csv_text(data)
        # A page of a megabyte is slow to open: the data lies beside it.
        if len(csv) > MAX_EMBEDDED and not embed:
            href = f"data/{name}.csv" if out else ""
            if out:
                (out / "data").mkdir(exist_ok=True, parents=True)
                (out / href).write_text("\ufeff" + csv, encoding="utf-8", newline="")
            return cls(name, render_svg(figure, name=name), alt, "", href)
        return cls(name, render_svg(figure, name=name), alt, csv)

    def __repr__(self) -> str:
        return f"Figure {self.name}: {self.alt}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[
            dict[str, str], dict[str, dict[str, str]]]:
        # no caption: the chart's title says the finding already
        about = {"alt": self.alt, "caption": "", "name": self.name,
                 "download": f"{self.name}.csv", "csv": self.csv, "href": self.href}
        return ({"image/svg+xml": self.svg, "text/plain": repr(self)}, {"image/svg+xml": about})


def describe_reason(table: str, reason: str) -> str:
    """Say in words why rows of a table were set aside; a company's own reason is its own name.

    >>> describe_reason("orders", "missing:account_id"), describe_reason("orders", "test rows")
    ('Empty: Account', 'test rows')
    >>> describe_reason("orders", "rule:free_is_free")
    'the amount of a free line is 0'
    """
    kind, _colon, name = reason.partition(":")
    if kind == "rule":
        rule = load_schema()[table].rules[name]
        return rule.message_zh if current() == "zh" else rule.message
    if not name:
        return label(kind)
    columns = fmt_list(_name_column(table, column) for column in name.split(","))
    return _("{reason}: {columns}", reason=label(f"row_{kind}"), columns=columns)


def _describe_check(table: str, n: int, message: str) -> str:
    return _("{table}: {n} {message}", table=name_table(table), n=fmt_count(n),
             message=translate(message))


def _name_column(table: str, column: str) -> str:
    name = heading(column)
    known = load_schema()[table].columns.get(column)
    # The dictionary names what no page shows, by the words that Chinese exports use.
    return known.zh[0] if name == column and known and known.zh and current() == "zh" else name


@dataclass(frozen=True)
class ChecksView:
    """Row accounting: read = kept + excluded + quarantined, with reasons and oddities."""

    accounting: pd.DataFrame
    reasons: pd.DataFrame
    checks: pd.DataFrame

    def __repr__(self) -> str:
        total = self.accounting[["read", "kept", "excluded", "quarantined"]].sum()
        return _("{read} rows read = {kept} kept + {excluded} excluded + {quarantined} quarantined",
                 **{str(name): fmt_count(n) for name, n in total.items()})

    def _repr_html_(self) -> str:
        total = _("{title}.", title=repr(self))
        parts = [f'<p class="reading">{escape(total)}</p>']
        shown = self.accounting[self.accounting["table"].isin(
            ["accounts", "orders", *self.reasons["table"]])]
        shown = shown.assign(table=shown["table"].map(name_table))
        parts.append(TableView(shown, name="rows", caption=_(
            "Rows of accounts, orders and of every table that lost some"))._repr_html_())
        if len(self.reasons):
            told = [describe_reason(table, reason) for table, reason in
                    self.reasons[["table", "reason"]].itertuples(index=False)]
            parts.append(TableView(
                self.reasons.assign(reason=told, table=self.reasons["table"].map(name_table)),
                name="row_reasons", caption=_("Why rows were left out"))._repr_html_())
        if len(self.checks):
            items = "".join(
                f"<li>{escape(_describe_check(table, n, message))}</li>"
                for table, n, message in
                self.checks[["table", "n", "message"]].itertuples(index=False))
            title = _n("{n} thing looks odd but is usable:",
                       "{n} things look odd but are usable:", len(self.checks))
            parts.append(f"<p>{escape(title)}</p><ul>{items}</ul>")
        return "\n".join(parts)
