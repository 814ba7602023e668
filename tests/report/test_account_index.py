"""The list of account pages: every link of a version's first page has a row from the start."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from bs4 import BeautifulSoup

from kamlib.report.account_index import anchor_of, pages_of, write_account_index, write_stub

NAMES = {"0012": "Alpha", "<b>&": "Evil <i>"}


def publish(folder: Path) -> Path:
    home = folder / "2025Q4" / "v001"
    home.mkdir(parents=True)
    manifest = {"dataset": {"name": "Small", "currency": "EUR"}, "period": {"label": "2025Q4"}}
    (home / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    attention = {"account_id": ["<b>&", "0012", "0012"], "owner_id": ["", "Li", "Chen"]}
    pd.DataFrame(attention).to_parquet(home / "attention.parquet")
    return home


def rows(home: Path) -> dict[str, str]:
    text = (pages_of(home) / "index.html").read_text(encoding="utf-8")
    page = BeautifulSoup(text, "html.parser")
    return {str(row["id"]): " ".join(row.get_text(" ").split()) for row in page.select("tr[id]")}


def test_accounts_of_the_first_page_have_a_row_before_they_have_a_page(tmp_path):
    home = publish(tmp_path)
    write_stub(home, lang="en", names=NAMES)
    found = rows(home)
    assert set(found) == {"account-0012", anchor_of("<b>&")}
    assert found["account-0012"] == "Alpha 0012 no page yet Chen –"
    assert found[anchor_of("<b>&")] == "Evil <i> <b>& no page yet –"


def test_a_row_takes_in_the_page_once_it_is_there(tmp_path):
    home = publish(tmp_path)
    pages = pages_of(home)
    pages.mkdir()
    (pages / "internal.json").write_text(json.dumps({"listed": [
        {"account_id": "0012", "name": "Alpha", "owner": "Chen", "tier": "core", "amount": 5.0,
         "file": "0012.html"}]}), encoding="utf-8")
    write_account_index(home, lang="en", names=NAMES)
    text = (pages / "index.html").read_text(encoding="utf-8")
    assert 'href="internal/0012.html"' in text
    assert text.count("no page yet") == 1
    assert set(rows(home)) == {"account-0012", anchor_of("<b>&")}
