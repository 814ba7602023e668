"""Sentences, numbers and dates in both languages, and whether the catalogue is complete."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from string import Formatter
from threading import Thread

import numpy as np
import pandas as pd
import pytest

from kamlib import language
from kamlib.errors import InputError
from kamlib.language import (
    NO_BREAK,
    _n,
    fmt_amount,
    fmt_count,
    fmt_date,
    fmt_list,
    fmt_money,
    fmt_month,
    fmt_number,
    fmt_range,
    fmt_share,
    join_items,
    join_sentences,
    translate,
    translate_cell,
    using,
)
from kamlib.locale.extract import (
    Message,
    extract_messages,
    find_hidden_texts,
    read_catalogue,
    update_catalogue,
)

ROOT = Path(__file__).parents[1]
CHINESE_HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'


def both(formatter, *values, **options):
    """The English form with plain spaces, and the Chinese form."""
    with using("en"):
        english = formatter(*values, **options).replace(NO_BREAK, " ")
    with using("zh"):
        return english, formatter(*values, **options).replace(NO_BREAK, " ")


# Chinese groups by ten thousand (万) and a hundred million (亿).
@pytest.mark.parametrize(("amount", "currency", "english", "chinese"), [
    (41_783_000, "CNY", "41.8 M CNY", "4,180万元"),
    (980_400, "CNY", "980 k CNY", "98.0万元"),
    (412, "CNY", "412 CNY", "412元"),
    (1_250_000_000, "GBP", "1.25 bn GBP", "12.5亿 GBP"),
    (999_600, "GBP", "1.00 M GBP", "100万 GBP"),
    (-2_000_000, "CNY", "-2.00 M CNY", "-200万元"),
    (0, "CNY", "0 CNY", "0元"),
    (0.354, "CNY", "0.35 CNY", "0.35元"),
    (12_000, "", "12.0 k", "1.20万"),
    (float("nan"), "CNY", "–", "–"),
])
def test_money_has_three_digits(amount, currency, english, chinese):
    assert both(fmt_money, amount, currency) == (english, chinese)


def test_large_money_is_not_a_million_millions():
    assert both(fmt_money, 4.5e12, "CNY") == ("4,500 bn CNY", "45,000亿元")


@pytest.mark.parametrize(("share", "digits", "english", "chinese"), [
    (0.61, 0, "61 %", "61%"), (0.615, 1, "61.5 %", "61.5%"), (-0.0001, 0, "0 %", "0%"),
    (12.3456, 0, "1,235 %", "1,235%"), (None, 0, "–", "–"), (np.float64(1), 0, "100 %", "100%"),
])
def test_shares(share, digits, english, chinese):
    assert both(fmt_share, share, digits) == (english, chinese)


def test_dates_and_months():
    assert both(fmt_date, date(2025, 12, 31)) == ("31 December 2025", "2025年12月31日")
    assert both(fmt_month, pd.Timestamp("2025-12-01")) == ("December 2025", "2025年12月")
    assert both(fmt_date, pd.NaT) == both(fmt_month, None) == ("–", "–")


def test_counts_and_numbers():
    assert both(fmt_count, np.int64(1234567)) == ("1,234,567", "1,234,567")
    assert both(fmt_amount, 1234.5) == ("1,234", "1,234")
    assert both(fmt_number, 3.14159, 2) == ("3.14", "3.14")
    assert fmt_number(float("inf"), 1) == "∞"
    assert {fmt_count(x) for x in (None, pd.NA, float("nan"))} == {"–"}


def test_a_number_is_rounded_as_it_is_written():
    # As a double, 2.675 lies below; as printed it is a tie, which goes to the even digit.
    assert fmt_number(2.675, 2) == "2.68"


def test_ranges_and_lists():
    assert both(fmt_range, 0.58, 0.64, fmt_share) == ("58–64 %", "58–64%")
    assert both(fmt_range, -0.02, 0.03, fmt_share) == ("-2 to 3 %", "-2至3%")
    assert both(fmt_range, 980_000, 1_200_000, lambda x: fmt_money(x, "CNY")) == (
        "980 k CNY–1.20 M CNY", "98.0–120万元")
    assert both(fmt_range, None, 3, fmt_count) == ("–", "–")
    assert both(fmt_list, ["a", "b", "c"]) == ("a, b and c", "a、b和c")
    assert both(fmt_list, []) == ("", "")


def test_sentences_and_entries_are_joined_as_the_language_does():
    assert both(join_sentences, ["a.", "b."]) == ("a. b.", "a.b.")
    assert both(join_items, ["a", "b"]) == ("a; b", "a；b")


def test_plural_form_follows_the_number():
    assert _n("{n} of {all}", "{n} from {all}", 1, all="x") == "1 of x"
    assert _n("{n} of {all}", "{n} from {all}", 1200, all="x") == "1,200 from x"


def test_unknown_language_is_refused_whole():
    with pytest.raises(InputError) as refused:
        language.use("chinese")
    assert str(refused.value) == "There is no language 'chinese'. Give lang one of: en, zh."
    assert language.current() == "en"


def test_language_is_not_shared_between_threads():
    seen = []
    with using("zh"):
        thread = Thread(target=lambda: seen.append(language.current()))
        thread.start()
        thread.join()
        assert language.current() == "zh"
    assert seen == ["en"]
    assert language.current() == "en"


def test_empty_text_is_not_the_catalogues_header():
    with using("zh"):
        assert translate("") == ""
        assert translate_cell("01_sales", "x", "") == ""


def test_untranslated_cell_stays_as_it_is():
    with using("zh"):
        assert translate_cell("no_such_notebook", "x", "# Why?") == "# Why?"


@pytest.fixture
def project(tmp_path):
    """A tiny project: two texts in code, one prose cell, an empty catalogue."""
    (tmp_path / "kamlib" / "locale").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "kamlib" / "a.py").write_text(
        'x = _("Net " "sales of {name}", name=1), _n("{n} row", "{n} rows", 2)\n')
    (tmp_path / "kamlib" / "locale" / "zh.po").write_text(CHINESE_HEADER)
    write_cell(tmp_path, "# Why?")
    return tmp_path


def write_cell(project, source):
    cells = [{"cell_type": "markdown", "id": "question", "source": [source]},
             {"cell_type": "code", "id": "open", "source": ["_('not this')"]}]
    (project / "notebooks" / "01_sales.ipynb").write_text(json.dumps({"cells": cells}))


def translated(project, text, chinese):
    path = project / "kamlib" / "locale" / "zh.po"
    old = f'msgid "{text}"\nmsgstr ""'
    assert old in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(
        old, f'msgid "{text}"\nmsgstr "{chinese}"'), encoding="utf-8")


def test_texts_and_cells_are_found(project):
    assert extract_messages(project) == [
        Message("", "Net sales of {name}"), Message("", "{n} row", "{n} rows"),
        Message("01_sales#question", "# Why?")]


def test_texts_of_templates_rules_and_parameters_are_found(project):
    templates = project / "kamlib" / "report" / "templates"
    templates.mkdir(parents=True)
    (templates / "page.html.j2").write_text(
        '<b>{{ _("Why") }}</b>{{ _("of {n}", n=fmt_count(n)) }}{{ label("core") }}\n')
    (project / "kamlib" / "rules.py").write_text(
        'share = rule(0.4, unit="share", source="SEG-01", help="a " "cut", gt=0)\n')
    cell = {"cell_type": "code", "id": "parameters", "metadata": {"tags": ["parameters"]},
            "source": ['lang: str = "en"  # en or zh\n', 'out: str = ""']}
    (project / "notebooks" / "02_tiers.ipynb").write_text(json.dumps({"cells": [cell]}))
    found = {message.singular for message in extract_messages(project) if not message.context}
    assert found == {"Net sales of {name}", "{n} row", "Why", "of {n}", "share", "a cut",
                     "en or zh"}


def test_catalogue_keeps_translations_and_is_stable(project):
    assert update_catalogue(project) == 3
    translated(project, "Net sales of {name}", "{name}净额")
    assert update_catalogue(project) == 2
    once = (project / "kamlib" / "locale" / "zh.po").read_bytes()
    update_catalogue(project)
    assert (project / "kamlib" / "locale" / "zh.po").read_bytes() == once
    assert read_catalogue(project).get("Net sales of {name}").string == "{name}净额"


def test_reworded_cell_keeps_its_translation_as_fuzzy_until_somebody_looks(project):
    update_catalogue(project)
    translated(project, "# Why?", "# 为什么?")
    write_cell(project, "# Why not?")
    assert update_catalogue(project) == 3
    entry = read_catalogue(project).get("# Why not?", "01_sales#question")
    assert (entry.string, entry.fuzzy) == ("# 为什么?", True)
    assert update_catalogue(project) == 3


def test_text_that_is_no_literal_is_reported(project):
    (project / "kamlib" / "b.py").write_text('y = _(\n    f"{x}")\nz = _n("a", name, 2)\n')
    assert find_hidden_texts(project) == ["kamlib/b.py:1", "kamlib/b.py:3"]


def test_text_inside_another_is_reported(project):
    (project / "kamlib" / "b.py").write_text(
        'y = _("a {b}", b=_("c"))\n'
        'z = _n("{n} of {b}", "{n} of {b}", 2,\n'
        '       b=fmt_list(_("{x}", x=x) for x in xs))\n'
        'many = fmt_list(_("{x}", x=x) for x in xs)\n'
        'w = _("a {b}", b=many) + _("c") if _("d") else N_("e")\n')
    assert find_hidden_texts(project) == ["kamlib/b.py:1", "kamlib/b.py:3"]


def test_every_text_of_kamlib_is_a_literal_and_stands_by_itself():
    assert find_hidden_texts(ROOT) == []


def fields(text):
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}


def test_every_text_has_its_chinese_with_the_same_fields():
    catalogue = read_catalogue(ROOT)
    lacking, changed = [], []
    for message in extract_messages(ROOT):
        entry = catalogue.get(message.key, message.context or None)
        string = entry.string if entry and not entry.fuzzy else ""
        chinese = string if isinstance(string, str) else "".join(string)
        if not chinese:
            lacking.append((message.context, message.singular[:60]))
        elif not message.context and fields(chinese) != fields(message.plural or message.singular):
            changed.append((message.singular, chinese))
    assert (len(lacking), lacking[:5], changed) == (0, [], [])
