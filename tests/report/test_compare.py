"""What changed between two versions, on a small store: restated orders, rules, program, time."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from kamlib.cli import run_words
from kamlib.errors import InputError
from kamlib.report.compare import again, compare_versions, read_version
from kamlib.report.compare.predecessor import find_predecessor, write_changes
from kamlib.report.run import Options, run_report
from kamlib.report.store import Store, read_manifest
from kamlib.report.verify import compare_outputs
from kamlib.rules import load_rules
from kamlib.session.sections import SECTIONS

_spec = importlib.util.spec_from_file_location("small", Path(__file__).with_name("small.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)

LINES = [small.LINES[0], "10,A,2025-02-05,P,sale,1,80.00", "11,A,2025-08-05,P,sale,1,100.00",
         "12,B,2025-09-06,P,sale,1,40.25", *small.LINES[1:]]
# Net sales, sales of the analysis window (which a rule sets), and a chart.
ASKS = """from kamlib import open_report
from kamlib.handover import Handover, Metric
report = open_report(dataset, period=period, rules=rules, out=out, lang=lang)
facts = report.facts
sums = {name: float(facts[f"net_amount_{name}"].sum()) for name in ("period", "window")}
handover = Handover(metrics=(
    Metric("net_revenue", sums["period"], "amount", headline=True, anchor="facts"),
    Metric("window_sales", FACTOR * sums["window"], "amount", headline=True, anchor="facts"),
    Metric("aside", 1.0, "count")))
tiers = facts[["account_id"]].assign(
    net_amount=facts["net_amount_window"], n_orders=facts["n_orders_window"],
    tier=["core" if x >= 400 else "general" for x in facts["net_amount_window"]])
report.table("tiers", tiers)"""


def write_books(folder: Path, factor: int = 1) -> None:
    small.write_notebook(folder, "01_demo", f"FACTOR = {factor}\n{ASKS}",
                         small.hand_on("01_demo"))


def publish(folder: Path, period: str, rules: str = "", **options) -> Path:
    chosen = Options(reports=folder / "reports", notebooks=folder / "notebooks", **options)
    return run_report(folder / "data" / "dataset.toml", period=period, rules=rules,
                      options=chosen).folder


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """Two quarters; the fourth again after one old order of each was altered, with other rules."""
    folder = tmp_path_factory.mktemp("compare")
    small.write_dataset(folder / "data", LINES)
    write_books(folder / "notebooks")
    (folder / "rules.toml").write_text("[measures]\nwindow_months = 6\n", encoding="utf-8")
    publish(folder, "2025Q3")
    publish(folder, "2025Q4")
    altered = [line.replace("08-05,P,sale,1,100.00", "08-05,P,sale,1,130.50").replace(
        "10-05,P,sale,2,200.00", "10-05,P,sale,2,180.00") for line in LINES]
    small.write_dataset(folder / "data", altered)
    publish(folder, "2025Q4")
    publish(folder, "2025Q4", str(folder / "rules.toml"), reason="half a year")
    return folder


def version(store: Path, name: str):
    return read_version(store / "reports" / "small" / name)


def page_of(folder: Path, name: str = "changes.html") -> str:
    return " ".join(BeautifulSoup((folder / name).read_text(encoding="utf-8"),
                                  "html.parser").get_text(" ").split())


def parts_of(comparison, name: str) -> dict[str, float]:
    change = next(c for c in comparison.changes if c.name == name)
    return {part: float(x) for part, x in change.parts.items() if x}


def adds_up(comparison) -> bool:
    return all(sum(c.parts.values(), Decimal(0)) == c.change for c in comparison.changes)


def test_one_altered_old_order_is_named_with_month_account_and_amount(store):
    folder = store / "reports" / "small" / "2025Q4" / "v002"
    said = json.loads((folder / "changes.json").read_text(encoding="utf-8"))
    assert said["predecessor"]["version"] == 1
    assert said["is_same_period"]
    assert [[row[k] for k in ("month", "account_id", "was_amount", "change_amount")]
            for row in said["restated"]] == [["2025-08", "A", 100.0, 30.5],
                                             ["2025-10", "A", 200.0, -20.0]]
    page = page_of(folder)
    assert "Net sales of 2 months that were closed then were restated by +10.5 EUR" in page
    assert "the largest: A in August 2025 by +30.5 EUR" in page
    assert "October 2025 A 200 180 -20" in page
    net = next(m for m in said["metrics"] if m["name"] == "net_revenue")
    assert (net["was"], net["now"], net["change"]) == (450.5, 430.5, -20.0)
    assert {k: v for k, v in net["parts"].items() if v} == {"restated": -20.0}
    # What both versions publish besides says the same of the window.
    window = next(m for m in said["metrics"] if m["name"] == "window_sales")
    assert {k: v for k, v in window["parts"].items() if v} == {"restated": 10.5}
    first = page_of(folder, "index.html")
    assert "Net sales are 20 EUR below those of Fourth quarter 2025, version 1 (4.4 %), all of " \
        "it restated data." in first
    assert "restated by +10.5 EUR" in first


def test_a_first_version_says_that_there_is_nothing_before_it(store):
    folder = store / "reports" / "small" / "2025Q3" / "v001"
    assert "There is nothing to compare with" in page_of(folder)
    assert json.loads((folder / "changes.json").read_text())["predecessor"] is None
    assert "There is no earlier version to compare with." in page_of(folder, "index.html")
    manifest = read_manifest(folder)
    assert {"changes.html", "changes.json"} <= set(manifest["outputs"])


def test_the_first_version_of_a_period_is_held_against_the_period_before(store):
    folder = store / "reports" / "small" / "2025Q4" / "v001"
    said = json.loads((folder / "changes.json").read_text(encoding="utf-8"))
    assert (said["predecessor"]["period"], said["is_same_period"]) == ("2025Q3", False)
    found = compare_versions(version(store, "2025Q3/v001"), version(store, "2025Q4/v001"))
    assert parts_of(found, "net_revenue") == {"real": 310.25}  # 450.50 after 100 + 40.25
    assert found.restated.is_nothing
    assert adds_up(found)


def test_in_a_closed_period_changed_rules_are_all_of_a_change(store):
    found = compare_versions(version(store, "2025Q4/v002"), version(store, "2025Q4/v003"))
    assert found.pair.rules == ["measures.window_months"]
    assert parts_of(found, "net_revenue") == {}
    # The half year leaves out 100.00 of January and 80.00 of February.
    assert parts_of(found, "window_sales") == {"rules": -180.0}
    page = page_of(store / "reports" / "small" / "2025Q4" / "v003")
    assert "Rules changed: measures.window_months." in page
    assert "Tier: 1 of 3 accounts moved; they bought for 310 EUR in 6 months" in page
    # A bought for 100.00 and 80.00 before July; no cuts were published.
    assert "A Core General Net sales 490 → 310; Orders 4 → 2; rules of this class changed" in page


def test_further_runs_tell_rules_and_restated_data_from_time(store):
    old, new = version(store, "2025Q3/v001"), version(store, "2025Q4/v003")
    alone = compare_versions(old, new)
    assert alone.changes[1].not_split == ("restated", "rules")
    assert adds_up(alone)
    # A rule and a section that the program has given up since went with the program.
    rules = {**old.manifest["rules"], "gone": {"line": 1}}
    rules["measures"] = {**rules["measures"], "gone": 2}
    old = type(old)(old.folder, {**old.manifest, "rules": rules})
    shop = again.Workshop(store / "data" / "dataset.toml", store / "notebooks")
    found = again.split_further(old, new, workshop=shop)
    assert adds_up(found)
    assert not any(change.not_split for change in found.changes)
    # Twelve months to 2025Q3: 100 + 80 + 100 + 40.25, with today's August 30.50 more; to 2025Q4
    # 430.50 more, of which six months leave out the 100 and 80.
    assert parts_of(found, "window_sales") == {"restated": 30.5, "rules": -180.0, "real": 430.5}
    # 430.50 now, 140.25 then; today's data says 170.75 of then.
    assert parts_of(found, "net_revenue") == {"restated": 30.5, "real": 259.75}


def test_the_old_program_is_run_from_its_commit(store, tmp_path, monkeypatch):
    checkout = tmp_path / "checkout"
    shutil.copytree(again.ROOT / "kamlib", checkout / "kamlib",
                    ignore=shutil.ignore_patterns("__pycache__"))
    write_books(checkout / "notebooks", factor=2)
    git = ["git", "-C", str(checkout), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "old"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    monkeypatch.setattr(again, "ROOT", checkout)
    made = store / "reports" / "small" / "2025Q4"
    shutil.copytree(made / "v002", tmp_path / "v001")
    metrics = pd.read_parquet(tmp_path / "v001" / "metrics.parquet")
    metrics.loc[metrics["name"] == "window_sales", "value"] *= 2
    metrics.to_parquet(tmp_path / "v001" / "metrics.parquet")
    new = read_version(made / "v002")
    was = {**new.manifest, "notebooks": [{**new.manifest["notebooks"][0], "sha256": "f" * 64}]}
    shop = again.Workshop(store / "data" / "dataset.toml", store / "notebooks")
    found = again.split_further(type(new)(tmp_path / "v001", was), new, workshop=shop,
                                with_code="HEAD")
    assert found.pair.code == ["01_demo"]
    assert adds_up(found)
    # The program of the commit gave twice the sales of the window, which are 781.25.
    assert parts_of(found, "window_sales") == {"code": -781.25}
    assert not any(change.not_split for change in found.changes)
    worktrees = subprocess.run([*git, "worktree", "list"], check=True, capture_output=True,
                               text=True).stdout
    assert len(worktrees.splitlines()) == 1
    with pytest.raises(InputError, match="knows no commit 'nope'"):
        again.find_commit("nope")
    monkeypatch.setattr(again, "ROOT", tmp_path)
    with pytest.raises(InputError, match="does not run from a git checkout"):
        again.find_commit("HEAD")


def test_data_that_moved_on_is_refused(store, tmp_path):
    shutil.copytree(store, tmp_path / "store")
    small.write_dataset(tmp_path / "store" / "data", LINES)
    shop = again.Workshop(tmp_path / "store" / "data" / "dataset.toml", store / "notebooks")
    old, new = (version(store, name) for name in ("2025Q3/v001", "2025Q4/v003"))
    with pytest.raises(InputError, match=r"data has changed since .* \(orders\)"):
        again.split_further(old, new, workshop=shop)


def test_the_same_program_is_not_run_again(store):
    shop = again.Workshop(store / "data" / "dataset.toml", store / "notebooks")
    old, new = (version(store, f"2025Q4/v00{n}") for n in (2, 3))
    with pytest.raises(InputError, match="made by the same program"):
        again.split_further(old, new, workshop=shop, with_code="HEAD")


def test_a_run_made_again_without_the_one_before_is_equal(store, tmp_path):
    # `kam verify` runs in an empty store, so what it holds must not depend on a predecessor.
    made = store / "reports" / "small" / "2025Q4" / "v002"
    shutil.copytree(made, tmp_path / "v001")
    assert write_changes(read_version(tmp_path / "v001"), Store(tmp_path / "empty")) == [
        "There is no earlier version to compare with."]
    outputs, n_compared = compare_outputs(made, tmp_path / "v001")
    assert outputs.empty
    assert n_compared > 6


@pytest.mark.parametrize(("key", "value", "message"), [
    ("id", "other", "of two data sets, 'small' and 'other'"),
    ("currency", "USD", "currency was 'EUR' and is now 'USD'")])
def test_versions_with_nothing_in_common_are_refused(store, key, value, message):
    old, new = (version(store, f"2025Q4/v00{n}") for n in (1, 2))
    other = {**new.manifest, "dataset": {**new.manifest["dataset"], key: value}}
    with pytest.raises(InputError, match=message):
        compare_versions(old, type(new)(new.folder, other))


def test_a_predecessor_that_cannot_be_read_is_said(store, tmp_path):
    shutil.copytree(store / "reports", tmp_path / "reports")
    home = tmp_path / "reports" / "small" / "2025Q4"
    (home / "v001" / "metrics.parquet").unlink()
    assert write_changes(read_version(home / "v002"), Store(tmp_path / "reports")) == [
        "What changed since the version before could not be told."]
    assert "The version before cannot be read" in page_of(home / "v002")


def test_the_predecessor_is_of_the_period_or_of_the_one_before(store):
    reports, manifest = Store(store / "reports"), version(store, "2025Q4/v003").manifest
    assert find_predecessor(reports, manifest, 3).folder.name == "v002"
    assert find_predecessor(reports, manifest, 1).period == "2025Q3"
    assert find_predecessor(reports, version(store, "2025Q3/v001").manifest, 1) is None


def test_codes_and_names_never_stand_beside_each_other(store, tmp_path):
    shutil.copytree(store / "reports", tmp_path / "reports")
    home = tmp_path / "reports" / "small" / "2025Q4"
    path = home / "v002" / "manifest.json"
    coded = {**json.loads(path.read_text(encoding="utf-8")), "pseudonym_mark": "abc"}
    path.write_text(json.dumps(coded), encoding="utf-8")
    reports = Store(tmp_path / "reports")
    named = read_version(home / "v003").manifest
    assert find_predecessor(reports, named, 3).folder.name == "v001"
    assert find_predecessor(reports, coded, 4).folder.name == "v002"
    assert find_predecessor(reports, coded, 2) is None  # the quarter before has names
    with pytest.raises(InputError, match="name accounts in two ways"):
        compare_versions(read_version(home / "v001"), read_version(home / "v002"))


def test_the_command_writes_page_and_json_the_same_each_time(store, tmp_path, capsys):
    words = ["compare", "small/2025Q4/v001", "small/2025Q4/v002", "--reports",
             str(store / "reports")]
    page, pages = tmp_path / "a.html", []
    for _again in range(2):
        assert run_words([*words, "--out", str(page)]) == 0
        pages.append([page.read_bytes(), page.with_suffix(".json").read_bytes()])
    assert pages[0] == pages[1]
    assert "all of it restated data" in " ".join(capsys.readouterr().out.split())
    assert run_words([*words, "--lang", "zh"]) == 0
    made = store / "reports" / "small" / "compare" / "2025Q4-v001-to-2025Q4-v002.html"
    assert 'href="../2025Q4/v002/index.html"' in made.read_text(encoding="utf-8")
    assert run_words([*words, "--with-code", "HEAD"]) == 2
    assert "needs --dataset" in capsys.readouterr().err


def test_months_count_as_restated_only_when_their_orders_differ(store):
    old, new = (version(store, f"2025Q4/v00{n}") for n in (1, 2))
    same = {**new.manifest, "fingerprints": old.manifest["fingerprints"],
            "code": {**new.manifest["code"], "sha256": "f" * 64}}
    found = compare_versions(old, type(new)(new.folder, same))
    assert found.restated.sales.empty
    assert found.restated.n_unexplained == 2
    assert parts_of(found, "net_revenue") == {"code": -20.0}


def test_shown_parts_add_up_as_they_are_printed():
    from kamlib.report.compare.parts import Change
    from kamlib.report.compare.wording import show_change

    parts = {"restated": Decimal("0.4"), "rules": Decimal("0.4"), "code": Decimal(0),
             "real": Decimal("9999.2")}
    shown = show_change(Change("01", "x", "amount", "", Decimal("5000.4"), Decimal("15000.4"),
                               parts))
    assert shown == {"was": "5,000", "now": "15,000", "change": "+10,000", "restated": "0",
                     "rules": "0", "code": "0", "real": "+10,000"}


def test_the_json_holds_no_gap_that_json_does_not_know(store):
    for path in (store / "reports").rglob("changes.json"):
        text = path.read_text(encoding="utf-8")
        assert "NaN" not in text
        keys = list(json.loads(text))
        assert keys == sorted(keys)


def test_restated_amounts_are_those_of_the_published_months(store):
    found = compare_versions(version(store, "2025Q4/v001"), version(store, "2025Q4/v002"))
    months = [pd.read_parquet(store / "reports" / "small" / "2025Q4" / v / "tables" /
                              "account_months.parquet")["amount"].sum() for v in ("v001", "v002")]
    assert found.restated.amount == pytest.approx(months[1] - months[0], abs=1e-9)


def test_a_manifests_rules_become_a_rules_file_that_reads_the_same(tmp_path):
    chosen = load_rules("", sections=SECTIONS)
    file = tmp_path / "rules.toml"
    file.write_text(again.rules_to_toml(json.loads(json.dumps(chosen.to_dict()))),
                    encoding="utf-8")
    assert load_rules(file, sections=SECTIONS).to_dict() == chosen.to_dict()
