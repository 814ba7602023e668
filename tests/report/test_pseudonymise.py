"""A pseudonymised version holds no id, no name and no free text, in no file and in no form."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from kamlib.dataset import open_dataset
from kamlib.dataset.pseudonym_key import Pseudonyms, load_key
from kamlib.errors import InputError
from kamlib.report.accounts import AccountOptions, Choice, run_accounts
from kamlib.report.run import Options, run_report
from kamlib.report.verify import verify_version
from kamlib.schema import load_schema
from kamlib.session.suppress import hide_small_cells

_spec = importlib.util.spec_from_file_location("small", Path(__file__).with_name("small.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)

KEY = b"0123456789abcdef0123456789abcdef"
ACCOUNTS = [f"QID{i}" for i in range(8)]
NAMES = [f"Qname{i} Trading" for i in range(8)]
# Every one of these must be gone: account and group, owner, order, product, texts.
ORIGINALS = [*ACCOUNTS, *NAMES, "QOWNER1", "QORDER", "QPROD", "Qproduct name", "Qcancelled because",
             "Qresult of the talk", "Qnarrative", "QAUTHOR", "Qrare region", "Qother region"]
CHART = '''import matplotlib.pyplot as plt
from kamlib.handover import Attention
sums = report.facts.merge(report.accounts[["account_id", "name", "region"]], on="account_id")
axes = plt.subplots()[1]
axes.barh(sums["name"], sums["net_amount_window"])
axes.set_title(f"{sums['name'].iloc[0]} leads")
report.figure("names", axes, sums[["account_id", "name", "net_amount_window"]])'''
SHOWN = '''by_region = sums.groupby("region").agg(
    n_accounts=("account_id", "nunique"), net=("net_amount_window", "sum")).reset_index()
report.table("regions", by_region)'''
TOLD = '''worst = sums.iloc[0]
print(report.read("narratives")["text"].tolist(), report.largest_orders.to_string())
handover = Handover(headline=(f"{worst['name']} is {worst['account_id']}.",),
                    attention=(Attention(worst["account_id"], f"{worst['name']} fell", 1.0,
                                         report.accounts["owner_id"].iloc[0]),))
report.headline(handover)'''


def write_company(folder: Path) -> Path:
    lines = ["order_id,account_id,order_date,product_id,line_kind,quantity,amount,cancel_reason"]
    for i, account in enumerate(ACCOUNTS):
        lines += [f"QORDER{i}{m},{account},2025-{m:02d}-1{i},QPROD1,sale,1,{100 + i * m},"
                  for m in range(1, 13)]
    lines += ["QORDER99,QID1,2025-11-20,QPROD1,return,-1,-10,Qcancelled because broken",
              "QORDER98,QID2,2025-11-20,QPROD1,sale,1,QID3 wants it,"]
    file = small.write_dataset(folder, lines, extra="\n".join(
        f'[tables.{name}]\nsource = "{name}.csv"' for name in
        ("accounts", "account_owners", "products", "actions", "narratives", "targets")))
    regions = ["Qrare region", "Qother region", *["South"] * 6]
    (folder / "accounts.csv").write_text("account_id,name,party_role,parent_id,region\n" + "".join(
        f"{a},{n},customer,{'QID0' if i == 7 else ''},{r}\n"
        for i, (a, n, r) in enumerate(zip(ACCOUNTS, NAMES, regions, strict=True))))
    (folder / "account_owners.csv").write_text("account_id,owner_id,from_date\n" + "".join(
        f"{a},QOWNER1,2024-01-01\n" for a in ACCOUNTS))
    (folder / "products.csv").write_text(
        "product_id,name,product_line\nQPROD1,Qproduct name,Pens\n")
    (folder / "actions.csv").write_text(
        "action_id,account_id,opened_date,topic,result\nQACT1,QID1,2025-06-01,delivery,"
        "Qresult of the talk\n")
    (folder / "narratives.csv").write_text(
        "scope,scope_id,period_end,topic,author,text,written_date\n"
        "account,QID1,2025-12-31,outlook,QAUTHOR,Qnarrative about QID1,2025-12-01\n")
    (folder / "targets.csv").write_text(
        "scope,scope_id,metric,kind,from_date,to_date,target\n"
        "account,QID1,net_amount,amount,2025-01-01,2025-12-31,5\n"
        "region,South,net_amount,amount,2025-01-01,2025-12-31,5\n")
    return file


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("pseudonyms")
        patch.setenv("KAM_CACHE", str(folder / "cache"))
        file = write_company(folder / "QID1 data")
        small.write_notebook(folder / "notebooks", "01_demo", small.HAND_ON, CHART, SHOWN, TOLD,
                             small.hand_on("01_demo"))
        # A version with names lies before it, with which it must not be compared.
        small.write_notebook(folder / "skipped", "01_demo", small.HAND_ON, tables=("wallets",))
        named = Options(reports=folder / "reports", notebooks=folder / "skipped",
                        accept_quarantine=True)
        assert run_report(file, period="2025Q4", rules="", options=named).status == "published"
        options = Options(reports=folder / "reports", notebooks=folder / "notebooks", key=KEY,
                          accept_quarantine=True)
        result = run_report(file, period="2025Q4", rules="", options=options)
        assert result.status == "published", result.outcomes
        yield folder, file, result.folder


@pytest.fixture(scope="module")
def coded(version):
    return open_dataset(version[1], pseudonyms=Pseudonyms(KEY))


def unpack(path: Path) -> list[str]:
    """Everything that a file says: what is packed, in base64 or in Parquet, unpacked."""
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        return [frame.to_csv(), str(list(frame.columns))]
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return [book.read(name).decode("utf-8", "replace") for name in book.namelist()]
    text = path.read_text(encoding="utf-8")
    inner = re.findall(r"base64,([A-Za-z0-9+/=]+)", text)
    return [text, *(base64.b64decode(part).decode("utf-8", "replace") for part in inner)]


def test_no_file_of_the_version_holds_an_original(version):
    folder = version[2]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".html", ".ipynb", ".parquet", ".xlsx", ".json",
                                               ".csv"}
    found = [(path.name, word) for path in files for said in [path.name, *unpack(path)]
             for word in ORIGINALS if word.lower() in said.lower()]
    assert found == []
    told = (folder / "changes.html").read_text(encoding="utf-8")
    assert "There is nothing to compare with" in told
    code = Pseudonyms(KEY).code("QID1")
    assert any(code in said for path in files for said in unpack(path))


def test_the_manifest_says_so_and_holds_no_key(version):
    text = (version[2] / "manifest.json").read_text(encoding="utf-8")
    assert json.loads(text)["is_pseudonymised"] is True
    assert KEY.decode() not in text
    assert "codes in the place of ids" in (version[2] / "index.html").read_text(encoding="utf-8")


def test_a_quarantined_row_keeps_its_reason_alone(version):
    frame = pd.read_csv(version[2] / "quarantine" / "orders.csv")
    assert list(frame.columns) == ["reason"]
    assert frame["reason"].tolist() == ["wrong_type:amount"]


def test_codes_are_those_of_every_table_and_period_and_of_this_key_alone(coded):
    coded = {name: frame.execute() for name, frame in coded.tables.items()}
    assert set(coded["orders"]["account_id"]) == set(coded["accounts"]["account_id"]) == \
        {Pseudonyms(KEY).code(a) for a in ACCOUNTS}
    assert (coded["accounts"]["name"] == coded["accounts"]["account_id"]).all()
    assert coded["accounts"]["parent_id"].dropna().tolist() == [Pseudonyms(KEY).code("QID0")]
    targets = coded["targets"].set_index("scope")["scope_id"]
    assert (targets["account"], targets["region"]) == (Pseudonyms(KEY).code("QID1"), "South")
    assert Pseudonyms(b"x" * 32).code("QID1") != Pseudonyms(KEY).code("QID1")


def test_nothing_but_names_is_another(version, coded):
    plain = open_dataset(version[1], only=["orders"])
    names = list(plain.accounting["table"])
    coded = replace(coded, accounting=coded.accounting[
        coded.accounting["table"].isin(names)].reset_index(drop=True))
    pd.testing.assert_frame_equal(plain.accounting, coded.accounting)
    amounts = [sorted(each.tables["orders"].execute()["amount"]) for each in (plain, coded)]
    assert amounts[0] == amounts[1]


def test_regions_of_few_accounts_are_joined_until_there_are_enough(coded):
    regions = coded.tables["accounts"].execute()
    # Two regions of one account each are fewer than three together, so the next joins them.
    assert set(regions["region"]) == {"other, of few accounts each"}


def test_rows_of_few_accounts_are_emptied_and_never_one_alone():
    frame = pd.DataFrame({"tier": ["a", "b", "c"], "n_accounts": [1, 3, 40], "net": [7.0, 8.0, 9.0],
                          "n_orders": [1, 2, 3]})
    hidden, n = hide_small_cells(frame, min_accounts=3)
    assert n == 2
    assert hidden["net"].isna().tolist() == [True, True, False]
    assert hidden["n_orders"].isna().tolist() == [True, True, False]
    assert hidden["n_accounts"].tolist()[2] == 40
    same, none = hide_small_cells(frame.assign(account_id="x"), min_accounts=3)
    assert none == 0
    assert same["net"].tolist() == [7.0, 8.0, 9.0]


def test_pages_of_accounts_and_a_second_run_need_the_same_key(version):
    folder, file, _ = version
    options = Options(reports=folder / "reports", notebooks=folder / "notebooks", key=KEY,
                      accept_quarantine=True)
    assert run_report(file, period="2025Q4", rules="", options=options).status == "already there"
    other = AccountOptions(folder / "reports", folder / "notebooks", key=b"y" * 32)
    with pytest.raises(InputError, match="other data, rules or code"):
        run_accounts(file, period="2025Q4", rules="", choice=Choice(account_ids=("QID1",)),
                     options=other)


def test_the_version_can_be_verified_with_its_key(version, monkeypatch):
    folder, file, home = version
    monkeypatch.setenv("KAM_PSEUDONYM_KEY", KEY.decode())
    found = verify_version(home, dataset=file, notebooks=folder / "notebooks")
    assert (found.verdict, found.outputs.to_dict("records")) == ("equal", [])


def test_every_text_column_of_the_dictionary_has_been_decided():
    undecided = [f"{table.name}.{c.name}" for table in load_schema().values()
                 for c in table.columns.values()
                 if c.type == "text" and not c.values and not c.personal]
    assert undecided == []
    by_name: dict[str, set[str]] = {}
    for table in load_schema().values():
        for c in table.columns.values():
            if c.personal and c.name.endswith("_id"):
                by_name.setdefault(c.name, set()).add(c.personal)
    assert [name for name, kinds in by_name.items() if len(kinds) > 1] == []


def test_a_key_is_made_once_for_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("KAM_PSEUDONYM_KEY", raising=False)
    key = load_key(tmp_path / "dataset.toml")
    made = tmp_path / "dataset.pseudonym-key"
    assert made.stat().st_mode & 0o777 == 0o600
    assert len(key) == 64
    assert load_key(tmp_path / "dataset.toml") == key
    os.chmod(made, 0o644)
    with pytest.raises(InputError, match=r"can be read by others.*chmod 600"):
        load_key(tmp_path / "dataset.toml")
    with pytest.raises(InputError, match=r"The key file none\.key does not exist"):
        load_key(tmp_path / "dataset.toml", key_file=tmp_path / "none.key")
    monkeypatch.setenv("KAM_PSEUDONYM_KEY", "short")
    with pytest.raises(InputError, match="could be guessed"):
        load_key(tmp_path / "dataset.toml")
