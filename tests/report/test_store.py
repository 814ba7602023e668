import json
import os
import subprocess
import sys

import pytest

from kamlib.report.store import Store, StoreError, read_manifest

HOME = {"dataset_id": "demo", "period": "2025Q4"}


def make_version(store, fingerprint, *, force=False):
    staging = store.begin()
    (staging.content / "page.html").write_text(fingerprint, encoding="utf-8")

    def finish(number):
        manifest = {"version": number, "fingerprint": fingerprint, "lang": "en", "reason": "",
                    "published": f"2026-01-{number:02d}T00:00:00+00:00",
                    "dataset": {"id": "demo", "name": "Demo"}, "period": {"label": "2025Q4"}}
        (staging.content / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    return store.publish(staging, **HOME, fingerprint=fingerprint, force=force, finish=finish)


def test_versions_count_up_and_are_never_changed(tmp_path):
    store = Store(tmp_path)
    first, is_new = make_version(store, "a")
    before = (first / "page.html").read_bytes()
    second, _ = make_version(store, "b")
    assert is_new
    assert (first.name, second.name) == ("v001", "v002")
    assert (first / "page.html").read_bytes() == before
    assert store.versions()["version"].tolist() == [1, 2]
    assert store.versions()["path"].tolist() == ["demo/2025Q4/v001", "demo/2025Q4/v002"]


def test_the_same_answer_is_not_published_twice_unless_forced(tmp_path):
    store = Store(tmp_path)
    first, _ = make_version(store, "a")
    again, is_new = make_version(store, "a")
    forced, is_new_forced = make_version(store, "a", force=True)
    assert (again, is_new) == (first, False)
    assert (forced.name, is_new_forced) == ("v002", True)


def test_an_answer_that_came_back_is_a_new_version(tmp_path):
    store = Store(tmp_path)
    make_version(store, "a")
    make_version(store, "b")
    folder, is_new = make_version(store, "a")
    assert (folder.name, is_new) == ("v003", True)


def test_a_number_that_failed_to_finish_leaves_no_version(tmp_path):
    store = Store(tmp_path)
    staging = store.begin()

    def finish(number):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        store.publish(staging, **HOME, fingerprint="a", force=False, finish=finish)
    assert not len(store.versions())
    assert list((tmp_path / "demo" / "2025Q4").iterdir()) == []


def test_staging_of_the_dead_is_cleaned_and_of_the_living_kept(tmp_path):
    store = Store(tmp_path)
    mine = store.begin()
    code = ("from pathlib import Path; from kamlib.report.store import Store; "
            f"print(Store(Path({str(tmp_path)!r})).begin().folder)")
    dead = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          check=True, env={**os.environ, "PYTHONWARNINGS": ""}).stdout.strip()
    assert dead.startswith(str(tmp_path / ".staging"))
    store.begin()
    left = {p.name for p in (tmp_path / ".staging").iterdir()}
    assert mine.folder.name in left
    assert dead.rsplit(os.sep, 1)[-1] not in left


def test_staging_that_was_made_a_moment_ago_is_not_taken_for_that_of_the_dead(tmp_path):
    # Between the folder and the file that says whose it is, another run may look.
    store = Store(tmp_path)
    mine = store.begin()
    (mine.folder / "owner.json").unlink()
    dead = mine.folder.with_name("999999999-abc")
    dead.mkdir()
    store.begin()
    assert mine.content.is_dir()
    assert not dead.exists()


def test_a_failed_run_is_kept_apart(tmp_path):
    store = Store(tmp_path)
    staging = store.begin()
    (staging.content / "nb.ipynb").write_text("{}", encoding="utf-8")
    kept = store.fail(staging, **HOME)
    assert (kept / "nb.ipynb").is_file()
    assert kept.parent == tmp_path / "failed"
    assert not len(store.versions())


def test_a_store_that_cannot_be_written_says_so(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match=r"cannot be written .* give --reports another folder"):
        Store(blocked / "reports").begin()


def test_a_broken_manifest_is_named(tmp_path):
    folder = tmp_path / "demo" / "2025Q4" / "v001"
    folder.mkdir(parents=True)
    with pytest.raises(StoreError, match=r"no readable manifest\.json"):
        read_manifest(folder)
