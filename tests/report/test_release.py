"""Reviews and releases: who, when, what was said, and the hash of what was released."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from kamlib.cli import run_words
from kamlib.errors import InputError
from kamlib.report.pages import render_index
from kamlib.report.release import (
    add_review,
    describe_versions,
    find_version,
    read_reviews,
    release_version,
    review_status,
    seal_version,
)
from kamlib.report.store import Store, StoreError

DAY = date(2026, 1, 15)


@pytest.fixture
def store(tmp_path) -> Store:
    for number in (1, 2):
        folder = tmp_path / "demo" / "2025Q4" / f"v{number:03d}"
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(f"page {number}", encoding="utf-8")
        sha256 = hashlib.sha256(f"page {number}".encode()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps({
            "version": number, "fingerprint": "f", "lang": "en", "reason": "",
            "published": f"2026-01-0{number}T00:00:00+00:00",
            "outputs": {"index.html": {"sha256": sha256}},
            "dataset": {"id": "demo", "name": "Demo"}, "period": {"label": "2025Q4"}}),
            encoding="utf-8")
    return Store(tmp_path)


@pytest.fixture
def folder(store) -> Path:
    return store.root / "demo" / "2025Q4" / "v002"


def test_a_version_is_a_draft_until_it_is_reviewed_and_released(store, folder):
    assert review_status(folder) == "draft"
    with pytest.raises(InputError, match="has not been reviewed"):
        release_version(folder, by="Li", note="Go", on=DAY)
    add_review(folder, by="Chen", note="Targets checked", on=DAY)
    assert review_status(folder) == "draft"
    release_version(folder, by="Li", note="For the board", on=date(2026, 1, 16))
    assert review_status(folder) == "released"
    said = read_reviews(folder)
    assert said["reviews"] == [{"by": "Chen", "date": "2026-01-15", "note": "Targets checked"}]
    assert said["release"] == {"by": "Li", "date": "2026-01-16", "note": "For the board",
                               "sha256": seal_version(folder)}
    assert review_status(folder.with_name("v001")) == "draft"
    table = describe_versions(store).set_index("version")
    assert table["status"].to_dict() == {1: "draft", 2: "released"}
    assert table.loc[2, ["released_by", "released_on", "n_reviews"]].tolist() == [
        "Li", "2026-01-16", 1]


@pytest.mark.parametrize("change", [
    lambda f: (f / "index.html").write_text("page 3", encoding="utf-8"),
    lambda f: (f / "more.html").write_text("", encoding="utf-8"),
    lambda f: (f / "index.html").rename(f / "first.html")])
def test_a_changed_version_has_no_valid_release(store, folder, change):
    add_review(folder, by="Chen", note="Read", on=DAY)
    release_version(folder, by="Li", note="Go", on=DAY)
    change(folder)
    assert review_status(folder) == "altered"
    assert describe_versions(store)["released_by"].tolist() == ["", ""]


@pytest.mark.parametrize("say", [add_review, release_version])
def test_what_is_not_as_published_is_neither_reviewed_nor_released(folder, say):
    add_review(folder, by="Chen", note="Read", on=DAY)
    (folder / "index.html").write_text("page 2, mended by hand", encoding="utf-8")
    with pytest.raises(InputError, match=r"Files of the version .* index.html \(altered\)"):
        say(folder, by="Li", note="Go", on=DAY)


def test_the_latest_released_stands_first(store, folder):
    for name, day in (("v002", date(2026, 1, 16)), ("v001", date(2026, 1, 20))):
        add_review(folder.with_name(name), by="Chen", note="Read", on=DAY)
        release_version(folder.with_name(name), by="Li", note="Go", on=day)
    page = render_index(describe_versions(store))
    assert page.index("v001/index.html") < page.index("v002/index.html")


def test_a_version_outside_a_store_writes_no_index(folder, tmp_path):
    copy = tmp_path / "elsewhere" / "x" / "v002"
    shutil.copytree(folder, copy)
    assert run_words(["review", str(copy), "--by", "Chen", "--note", "Read"]) == 0
    assert not (tmp_path / "index.html").exists()


def test_what_is_released_is_not_released_again(folder):
    add_review(folder, by="Chen", note="Read", on=DAY)
    release_version(folder, by="Li", note="Go", on=DAY)
    with pytest.raises(InputError, match="was released on 2026-01-15 by Li"):
        release_version(folder, by="Wang", note="Go", on=DAY)


@pytest.mark.parametrize("given", [{"by": " ", "note": "x"}, {"by": "x", "note": ""}])
def test_a_review_says_who_and_what(folder, given):
    with pytest.raises(InputError, match="is empty"):
        add_review(folder, on=DAY, **given)
    assert not folder.with_name("v002.review.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"reviews": [{"by": "x"}], "release": null}'])
def test_a_review_file_changed_by_hand_is_named(folder, text):
    folder.with_name("v002.review.json").write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=r"v002.review.json beside the version cannot be read"):
        review_status(folder)


def test_versions_are_found_by_name_by_period_and_by_path(store, folder):
    assert find_version("demo/2025Q4/v001", reports=store.root) == folder.with_name("v001")
    assert find_version("demo/2025Q4", reports=store.root) == folder
    assert find_version(str(folder), reports=Path("elsewhere")) == folder
    with pytest.raises(InputError, match="no version 'demo/2025Q3'"):
        find_version("demo/2025Q3", reports=store.root)


def test_commands_review_release_and_list(store, folder, capsys):
    where = ["--reports", str(store.root), "--on", "2026-02-01"]
    assert run_words(["release", "demo/2025Q4", "--by", "Li", "--note", "Go", *where], False) == 2
    assert run_words(["review", "demo/2025Q4", "--by", "Chen", "--note", "Read <b>all</b>", *where],
                False) == 0
    index = (store.root / "index.html").read_text(encoding="utf-8")
    assert "Reviewed by Chen, not released" in index
    assert run_words(["release", "demo/2025Q4/v002", "--by", "Li", "--note", "<i>Go</i>", *where],
                False) == 0
    index = (store.root / "index.html").read_text(encoding="utf-8")
    released, drafts = index.split('id="drafts"')
    assert "Released on 1 February 2026 by Li" in released
    assert "&lt;i&gt;Go&lt;/i&gt;" in released
    assert "page 1" not in drafts
    assert "v001" in drafts
    capsys.readouterr()
    assert run_words(["list", "--reports", str(store.root)], False) == 0
    listed = capsys.readouterr().out
    assert "released" in listed
    assert "Li" in listed
