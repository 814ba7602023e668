"""The list of the account pages beside a version; and where they lie."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.labels import label
from kamlib.language import _, using
from kamlib.report.layout import render_page
from kamlib.report.store import read_manifest, write_whole
from kamlib.review import AUDIENCES

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def pages_of(home: Path) -> Path:
    """Return the folder of the account pages of a version.

    >>> pages_of(Path("2025Q4/v001")).as_posix()
    '2025Q4/v001.accounts'
    """
    return home.with_name(f"{home.name}.accounts")


def anchor_of(account_id: str) -> str:
    """Return the name of an account's row in the list: safe in every link, never two alike.

    >>> anchor_of("0132"), anchor_of("../x")
    ('account-0132', 'account-d6b96a97')
    """
    if account_id and set(account_id) <= PLAIN:
        return f"account-{account_id}"
    mark = hashlib.sha256(account_id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"account-{mark[:8]}"


def about_of(folder: Path) -> Path:
    """Return the file that says what the pages of an edition were made of, beside its folder.

    >>> about_of(Path("v001.accounts/internal")).as_posix()
    'v001.accounts/internal.json'
    """
    return folder.with_name(f"{folder.name}.json")


def write_stub(home: Path, *, lang: str, names: Mapping[str, str]) -> None:
    """Write the list to which a version's first page links, while it has no page to list."""
    if not (pages_of(home) / "index.html").exists():
        write_account_index(home, lang=lang, names=names)


def write_account_index(home: Path, *, lang: str, names: Mapping[str, str]) -> None:
    """Write the list of the account pages that there are beside a version.

    names: of the accounts. Those that the version's first page calls for attention have a row from
    the start, since it links there and never changes; without a page the row says so.
    """
    manifest = read_manifest(home)
    with using(lang):
        editions, accounts = _read_editions(pages_of(home))
        listed = {account["account_id"] for account in accounts}
        wanted = [row for row in _read_attention(home, names) if row["account_id"] not in listed]
        html = render_page(
            "accounts.html.j2", lang=lang, editions=editions, anchor_of=anchor_of,
            accounts=[*accounts, *wanted], missing=bool(wanted),
            dataset_name=manifest["dataset"]["name"], period=manifest["period"]["label"],
            currency=manifest["dataset"]["currency"], home=f"../{home.name}/index.html",
            names={"internal": _("internal"), "customer": _("for the customer")})
    write_whole(pages_of(home) / "index.html", html)


def _read_attention(home: Path, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """A row without a page for each account that the version's first page names, sorted."""
    path = home / "attention.parquet"
    if not path.is_file():
        return []
    table = pd.read_parquet(path, columns=["account_id", "owner_id"])
    first = table.sort_values(["account_id", "owner_id"]).drop_duplicates("account_id")
    return [{"account_id": account_id, "name": names.get(account_id) or account_id,
             "owner": owner or "", "tier": "", "amount": None, "links": {}}
            for account_id, owner in first.itertuples(index=False)]


def _read_editions(folder: Path) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """How many pages each edition has, and by account a link for each."""
    rows: dict[str, dict[str, Any]] = {}
    editions = {}
    for audience in AUDIENCES:
        try:
            about = json.loads(about_of(folder / audience).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        editions[audience] = len(about["listed"])
        for row in about["listed"]:
            known = rows.setdefault(row["account_id"], {**row, "tier": label(row["tier"]),
                                                        "links": {}})
            known["links"][audience] = f"{audience}/{row['file']}"
    return editions, sorted(rows.values(), key=lambda r: (-(r["amount"] or 0.0), r["account_id"]))
