"""What holds the project together: environment, lock, commands, layout, the order of the rooms."""

from __future__ import annotations

import ast
import fnmatch
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec, Version, VersionSpec

from kamlib.rules import load_rules
from kamlib.session.sections import SECTIONS

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
ENGINES = ("postgres", "spark")
ENGINE_LOCKS = {engine: (ROOT / f"requirements-{engine}.lock").read_text(encoding="utf-8")
                for engine in ENGINES}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")

# Each room imports only from lines above its own; rooms of one line do not import one another.
LAYERS = [
    ["errors"], ["language"], ["labels", "schema", "rules"], ["period", "stats"], ["handover"],
    ["rule_table", "models"], ["dataset"], ["measures"],
    ["sales", "segmentation", "selection", "lifecycle", "satisfaction", "loyalty", "value",
     "warning", "effort", "credit", "review", "overview"],
    ["figures"], ["session"], ["report"], ["sample"], ["cli"], ["locale"],
]
LAYER_OF = {room: place for place, rooms in enumerate(LAYERS) for room in rooms}
MODULES = sorted((ROOT / "kamlib").rglob("*.py"))
SOURCES = [*MODULES, *(path for folder in ("tests", "benchmarks", "docs")
                       for path in sorted((ROOT / folder).rglob("*.py"))
                       if ROOT / "benchmarks" / "out" not in path.parents)]
MAX_LINES, MAX_FUNCTION_LINES = 400, 60


def test_environment_file_asks_for_the_projects_python_and_its_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    specs = {spec.name.normalized: spec for spec in map(MatchSpec, conda)}
    assert set(specs) == {"python", "pip"}
    assert SpecifierSet(str(specs["python"].version)) == SpecifierSet(python_range())
    # What conda's own resolver understands by it.
    span = VersionSpec(str(specs["python"].version))
    held = {v: span.matches(Version(v)) for v in ("3.10.14", "3.11.0", "3.13.9", "3.14.0")}
    assert held == {"3.10.14": False, "3.11.0": True, "3.13.9": True, "3.14.0": False}
    assert pip == {"pip": ["-r requirements.lock"]}
    assert environment["channels"] == ["conda-forge", "nodefaults"]


def python_range() -> str:
    return str(PYPROJECT["project"]["requires-python"])


def test_makefile_tries_the_pythons_of_the_project():
    low, high = re.search(r"\((3, \d+)\) <= sys.version_info\[:2\] <= \((3, \d+)\)",
                          MAKEFILE).groups()
    minors = range(int(low.split(", ")[1]), int(high.split(", ")[1]) + 1)
    span = SpecifierSet(python_range())
    assert [m for m in range(30) if f"3.{m}.0" in span] == list(minors)
    assert all(f"python3.{m} " in MAKEFILE for m in minors)


def locked(lock: str = LOCK) -> list[tuple[Requirement, list[str]]]:
    """Each entry of a lock with its hashes."""
    entries = re.sub(r"\\\n\s*", "", lock).splitlines()
    return [(Requirement(entry.split(" --hash=")[0]), re.findall(r"--hash=(\S+)", entry))
            for entry in entries]


@pytest.mark.parametrize("lock", [LOCK, *ENGINE_LOCKS.values()], ids=["all", *ENGINES])
def test_every_locked_package_has_its_hashes_and_one_version(lock):
    names = [canonicalize_name(entry.name) for entry, _ in locked(lock)]
    assert names == sorted(set(names))
    for entry, hashes in locked(lock):
        assert re.fullmatch(r"==[^,*]+", str(entry.specifier)), entry
        assert hashes, entry
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), entry


@pytest.mark.parametrize("text", [LOCK, *ENGINE_LOCKS.values(), MAKEFILE,
                                  (ROOT / "environment.yml").read_text("utf-8"),
                                  (ROOT / ".ci" / "run").read_text("utf-8")],
                         ids=["lock", *ENGINES, "Makefile", "environment.yml", ".ci/run"])
def test_no_registry_is_named(text):
    assert not re.search(r"https?://|(?<!emit-)index-url|find-links|trusted-host| @ ", text)


def declared(extra: str) -> list[Requirement]:
    return [Requirement(text) for text in PYPROJECT["project"]["optional-dependencies"][extra]]


WANTED = [*((LOCK, wanted) for wanted in map(Requirement, PYPROJECT["project"]["dependencies"])),
          *((LOCK, wanted) for wanted in declared("dev")),
          *((ENGINE_LOCKS[engine], wanted) for engine in ENGINES for wanted in declared(engine))]


@pytest.mark.parametrize(("lock", "wanted"), WANTED, ids=[wanted.name for _, wanted in WANTED])
def test_the_lock_holds_what_the_project_asks_for(lock, wanted):
    found = [entry for entry, _ in locked(lock)
             if canonicalize_name(entry.name) == canonicalize_name(wanted.name)]
    assert found, "not in requirements.lock: run make lock"
    for entry in found:
        version = str(entry.specifier).removeprefix("==")
        assert wanted.specifier.contains(version, prereleases=True)
        assert all(Marker(str(entry.marker or "python_version > '3'")).evaluate(
            {"python_version": v, "python_full_version": f"{v}.0"})
            for v in ("3.11", "3.12", "3.13")), "not for every Python"


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engines_lock_is_the_lock_and_what_the_engine_needs(engine):
    all_of_it, more = ({canonicalize_name(entry.name): str(entry.specifier)
                            for entry, _ in locked(lock)} for lock in (LOCK, ENGINE_LOCKS[engine]))
    assert all_of_it.items() <= more.items()
    assert len(more) - len(all_of_it) == 2  # its driver, and what that is made of


def recipe(target: str) -> list[str]:
    """Commands of a Makefile target, variables filled in, one a line."""
    variables = dict(re.findall(r"^(\w+) := (.*)$", MAKEFILE, re.MULTILINE))
    text = MAKEFILE
    for _round in range(3):
        text = re.sub(r"\$\((\w+)\)", lambda m: variables.get(m[1], m[0]), text)
    body = re.search(rf"^{re.escape(target)}:.*\n((?:\t.*\n?)+)", text, re.MULTILINE)
    assert body, f"no target {target}"
    return [line.strip().removeprefix("@").removesuffix("; \\") for line in body[1].splitlines()]


def plain_commands() -> list[str]:
    """The commands behind `make report` and `make test`, setup first."""
    setup = [line for line in recipe(".venv/.ready")
             if re.search(r" -m (venv --|pip install)", line)]
    return [re.sub(r"^\S+ -m venv --clear ", "PYTHON -m venv ", line) for line in
            [*setup, *recipe("report"), *recipe("test")]]


@pytest.mark.parametrize("shell", ["sh", "powershell"])
def test_readme_gives_the_makefiles_commands(shell):
    blocks = re.findall(rf"^```{shell}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    (block,) = [block for block in blocks if "-m venv" in block]
    given = [re.sub(r"^\S+( -3\.\d+)? -m venv ", "PYTHON -m venv ",
                    line.replace(".venv\\Scripts\\", ".venv/bin/"))
             for line in block.splitlines() if line and not line.startswith("#")]
    assert len(given) == 5
    assert given == plain_commands()


def test_readme_names_every_target_that_it_uses():
    used = set(re.findall(r"`make ([\w-]+)`|^make ([\w-]+)", README, re.MULTILINE))
    phony = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split())
    assert {a or b for a, b in used} <= phony


def test_help_lists_every_target():
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()
    described = re.findall(r"^([\w-]+):.*## \w", MAKEFILE, re.MULTILINE)
    assert described == phony


def test_ci_runs_make_test():
    script = ROOT / ".ci" / "run"
    assert os.name == "nt" or os.access(script, os.X_OK)
    assert re.search(r"^make test\b", script.read_text(encoding="utf-8"), re.MULTILINE)


def test_readme_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", README)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def layout() -> dict[str, list[str]]:
    """The README's tree: top-level entries, and under them what is indented."""
    tree = re.search(r"^```text\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[1]
    found: dict[str, list[str]] = {}
    for line in tree.splitlines():
        indent, name = re.match(r"( *)(\S+)", line).groups()
        if indent:
            found[list(found)[-1]].append(name)
        else:
            found[name] = []
    return found


def on_disk(folder: Path) -> list[str]:
    """Entries of a folder as the README writes them, without hidden and ignored ones."""
    patterns = [p.strip("/") for p in (ROOT / ".gitignore").read_text().split()]
    return [path.name + "/" * path.is_dir() for path in sorted(folder.iterdir())
            if not path.name.startswith(".")
            and not any(fnmatch.fnmatch(path.name, p) for p in patterns)]


def test_readme_shows_the_top_level_as_it_is():
    shown = [name for name in layout() if name not in (".ci/run", "reports/")]
    assert sorted(shown) == sorted(on_disk(ROOT))


@pytest.mark.parametrize("folder", ["kamlib/", "data/"])
def test_readme_shows_the_folders_as_they_are(folder):
    there = {name.removesuffix(".py").rstrip("/") for name in on_disk(ROOT / folder)}
    shown = [name.rstrip("/") for name in layout()[folder]]
    assert sorted(shown) == sorted(there - {"__init__", "py.typed"})


def imports_of(path: Path) -> Iterator[str]:
    """Rooms that a module imports from, wherever in the module the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            names = [node.module] if node.module != "kamlib" else [
                f"kamlib.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("kamlib."))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "kamlib").with_suffix("").parts[0]


def test_every_room_has_its_layer():
    assert set(LAYER_OF) == {room_of(path) for path in MODULES} - {"__init__"}


@pytest.mark.parametrize("room", LAYER_OF)
def test_imports_run_one_way(room):
    wrong = [f"{path.relative_to(ROOT)} imports {other}" for path in MODULES
             if room_of(path) == room for other in imports_of(path)
             if other != room and LAYER_OF.get(other, len(LAYERS)) >= LAYER_OF[room]]
    assert wrong == []


IMPORT_ALL = """
import importlib, json, locale, os, pkgutil, sys, warnings
import matplotlib, pandas, sklearn  # what they set of the environment is their own
def state():
    return {"style": {k: str(v) for k, v in dict.items(matplotlib.rcParams)},
            "environment": dict(os.environ), "locale": locale.setlocale(locale.LC_ALL),
            "folder": os.getcwd(), "path": list(sys.path),
            "display": pandas.get_option("display.max_rows")}
before = state()
import kamlib
names = [m.name for m in pkgutil.walk_packages(kamlib.__path__, "kamlib.")]
for name in names:
    importlib.import_module(name)
after = state()
print(json.dumps([len(names), [k for k in before if before[k] != after[k]],
                  "matplotlib.pyplot" in sys.modules and matplotlib.pyplot.get_fignums()]))
"""


def test_importing_changes_and_writes_nothing(tmp_path):
    # matplotlib keeps a cache of fonts of its own, which is not what is asked here.
    places = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path),
              "XDG_DATA_HOME": str(tmp_path), "USERPROFILE": str(tmp_path),
              "MPLCONFIGDIR": matplotlib.get_cachedir(), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=tmp_path, check=False,
                          env={**os.environ, **places}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    n_modules, changed, figures = yaml.safe_load(done.stdout)
    assert n_modules > 60
    assert changed == []
    assert not figures
    assert list(tmp_path.rglob("*")) == []


def test_modules_and_functions_stay_short():
    long: dict[str, int] = {}
    for path in SOURCES:
        text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
        if (n := len(text.splitlines())) > MAX_LINES and not name.startswith("tests"):
            long[name] = n
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                n = node.end_lineno - node.lineno + 1
                if n > MAX_FUNCTION_LINES:
                    long[f"{name}: {node.name}"] = n
    assert long == {}


def test_the_readmes_rules_file_is_one(tmp_path):
    (example,) = re.findall(r"```toml\n(\[segmentation\].*?)```", README, flags=re.DOTALL)
    (tmp_path / "rules.toml").write_text(example, encoding="utf-8")
    rules = load_rules(tmp_path / "rules.toml", sections=SECTIONS)
    assert rules.segmentation.amount_top_share == 0.3
    assert [rule.name for rule in rules.classes.value_class] == ["large_and_growing", "the_rest"]
