"""Which texts a reader can meet, and the Chinese catalogue that has to hold them all."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from kamlib.report.prose import read_parameters

CATALOGUE = Path("kamlib", "locale", "zh.po")
TEMPLATES = Path("kamlib", "report", "templates")
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None, "_n": (1, 2), "_plural": (1, 2), "N_": None}
N_TEXTS = {"_": 1, "N_": 1, "_n": 2}  # how many of its first arguments are texts
# Written by hand: babel would stamp the time into it.
HEADER = '''msgid ""
msgstr ""
"Project-Id-Version: kamlib\\n"
"Language: zh\\n"
"Language-Team: zh\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
'''


@dataclass(frozen=True, order=True)
class Message:
    """A text to translate: its context (a notebook's cell) or "", and its plural or ""."""

    context: str
    singular: str
    plural: str = ""

    @property
    def key(self) -> str | tuple[str, str]:
        """The message as babel's catalogue knows it."""
        return (self.singular, self.plural) if self.plural else self.singular


def extract_messages(root: Path) -> list[Message]:
    """Return every text of kamlib, its templates and rules, and the notebooks' prose, sorted.

    Of a notebook's code only the help beside its parameters is prose.
    """
    found = set(_from_code(root)) | set(_from_templates(root))
    for path in (root / "notebooks").glob("*.ipynb"):
        found.update(_from_notebook(path))
    return sorted(found)


def find_hidden_texts(root: Path) -> list[str]:
    """Return "file:line" of each text that the catalogue may miss.

    That is a call of _, N_ or _n whose text is no literal, and one that stands inside another
    such call: the collector of texts drops some of these, and whoever translates the outer one
    cannot see what is put into it.
    """
    hidden: list[tuple[str, int]] = []
    for path in sorted((root / "kamlib").rglob("*.py")):
        for node in _calls(ast.parse(path.read_text(encoding="utf-8"))):
            texts = node.args[:N_TEXTS[_name(node)]]
            is_literal = all(isinstance(text, ast.Constant) and isinstance(text.value, str)
                             for text in texts)
            inner = [call for argument in [*node.args, *(k.value for k in node.keywords)]
                     for call in _calls(argument)]
            lines = [call.lineno for call in inner] + ([] if is_literal else [node.lineno])
            hidden += [(path.relative_to(root).as_posix(), line) for line in lines]
    return [f"{name}:{line}" for name, line in sorted(set(hidden))]


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call under a node that translates a text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) in N_TEXTS:
            yield node


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def read_catalogue(root: Path) -> Catalog:
    """Read the Chinese catalogue under root."""
    with (root / CATALOGUE).open("rb") as file:
        return read_po(file, locale="zh")


def update_catalogue(root: Path) -> int:
    """Rewrite the catalogue with the texts there are now, sorted; return how many lack Chinese.

    Translations stay, those of vanished texts go. A notebook's cell that was reworded keeps its
    old translation marked as fuzzy, which counts as lacking.
    """
    old, new = read_catalogue(root), Catalog(locale="zh")
    by_context = {message.context: message for message in old if message.context}
    lacking = 0
    for message in extract_messages(root):
        kept = old.get(message.key, message.context or None)
        fuzzy = kept is None or kept.fuzzy
        kept = kept or by_context.get(message.context)
        string = kept.string if kept else ""
        is_told = any(string) if isinstance(string, tuple | list) else bool(string)
        entry = new.add(message.key, string if is_told else None, context=message.context or None)
        if is_told and fuzzy:
            entry.flags.add("fuzzy")
        lacking += not is_told or fuzzy
    written = BytesIO()
    write_po(written, new, omit_header=True, width=100)
    text = f"{HEADER}\n{written.getvalue().decode('utf-8')}"
    (root / CATALOGUE).write_text(text.rstrip() + "\n", encoding="utf-8", newline="\n")
    return lacking


def _from_code(root: Path) -> Iterator[Message]:
    for path in (root / "kamlib").rglob("*.py"):
        source = BytesIO(path.read_bytes())
        for _line, texts, _comments, _context in extract("python", source, keywords=KEYWORDS):
            singular, plural = (texts, "") if isinstance(texts, str) else texts
            yield Message("", singular, plural)
        yield from _from_rules(path)


def _from_rules(path: Path) -> Iterator[Message]:
    """A rule's help and unit are shown to readers and stand in no call of `_`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = node.func if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and isinstance(name, ast.Name) and name.id == "rule":
            yield from (Message("", str(keyword.value.value)) for keyword in node.keywords
                        if keyword.arg in ("help", "unit")
                        and isinstance(keyword.value, ast.Constant))


def _from_templates(root: Path) -> Iterator[Message]:
    for path in (root / TEMPLATES).glob("*.j2"):
        source = BytesIO(path.read_bytes())
        for _line, text, _comments, _context in extract(
                "jinja2.ext:babel_extract", source, keywords={"_": None}):
            # A call with fields arrives as a tuple: the text, then nothing for each field.
            yield Message("", text if isinstance(text, str) else text[0])


def _from_notebook(path: Path) -> Iterator[Message]:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and source.strip():
            yield Message(f"{path.stem}#{cell['id']}", source)
        if "parameters" in cell.get("metadata", {}).get("tags", ()):
            yield from (Message("", each.help) for each in read_parameters([source]) if each.help)


if __name__ == "__main__":
    missing = update_catalogue(Path(__file__).resolve().parents[2])
    print(f"{CATALOGUE.as_posix()}: {missing} texts lack their Chinese.")
