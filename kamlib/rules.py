"""Reading and checking a rules file: every threshold, weight and choice of convention.

A section is declared beside the analysis that uses it; this room knows only how sections look,
how a file fills them and how to say what is wrong with it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kamlib.errors import InputError, did_you_mean, one_line


class Section(BaseModel):
    """The rules of one analysis: fields made by `rule`, unknown keys refused, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    name: ClassVar[str] = ""


def rule(default: Any, *, unit: str, source: str, help: str, **bounds: Any) -> Any:
    """Declare one rule of a section.

    default: value used when the rules file is silent; unit: of the value ("share", "days", …);
    source: where it comes from (catalogue id, paper); help: what changing it does;
    bounds: ge, gt, le, lt … as pydantic takes them.
    """
    extra: dict[str, Any] = {"unit": unit, "source": source}
    return Field(default, description=help, json_schema_extra=extra, **bounds)


class Rules:
    """All sections by name, as attributes: ``rules.segmentation.top_share``."""

    def __init__(self, sections: Iterable[Section]) -> None:
        self._sections = {section.name: section for section in sections}
        self.read: set[str] = set()  # names of the sections that were asked for

    def __getattr__(self, name: str) -> Any:
        sections = self.__dict__.get("_sections", {})
        if name in sections:
            self.read.add(name)
            return sections[name]
        raise AttributeError(f"no rules section {name!r}.{did_you_mean(name, sections)}")

    def __repr__(self) -> str:
        changed = int((~self.to_frame()["is_default"]).sum())
        return f"Rules({len(self._sections)} sections, {changed} changed from the defaults)"

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return every value by section and key, ready for JSON."""
        return {name: s.model_dump(mode="json") for name, s in sorted(self._sections.items())}

    def to_frame(self) -> pd.DataFrame:
        """One row a rule, sorted: section, rule, value, default, is_default, unit, source, help."""
        rows = []
        for name, section in sorted(self._sections.items()):
            for key, field in type(section).model_fields.items():
                extra = field.json_schema_extra
                extra = extra if isinstance(extra, dict) else {}
                value = getattr(section, key)
                rows.append({"section": name, "rule": key, "value": str(value),
                             "default": str(field.default), "is_default": value == field.default,
                             "unit": str(extra.get("unit", "")),
                             "source": str(extra.get("source", "")),
                             "help": field.description or ""})
        columns = ["section", "rule", "value", "default", "is_default", "unit", "source", "help"]
        return pd.DataFrame(rows, columns=columns)


def load_rules(path: str | Path | None, *, sections: Iterable[type[Section]]) -> Rules:
    """Read a rules file (TOML) over the defaults of `sections`.

    path: a file with one table a section, or None or "" for the defaults.
    Raises InputError for a missing file, an unknown section or key, or a value out of its range.

    >>> class Demo(Section):
    ...     name: ClassVar[str] = "demo"
    ...     share: float = rule(0.4, unit="share", source="example", help="a cut", gt=0, lt=1)
    >>> load_rules(None, sections=[Demo]).demo.share
    0.4
    """
    return build_rules(read_rules_file(path) if path else {}, sections=sections,
                       origin=str(path or "defaults"))


def read_rules_file(path: str | Path) -> dict[str, Any]:
    """Read a TOML file and say in one paragraph when that cannot be done."""
    file = Path(path)
    if not file.is_file():
        raise InputError(f"The rules file {str(path)!r} does not exist. "
                         "Leave the parameter empty to use the defaults, or give another path.")
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))  # Windows editors add a mark
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The rules file {str(path)!r} is not valid TOML: {one_line(error)}. "
                         "Correct that line and run again.") from error


def build_rules(values: Mapping[str, Any], *, sections: Iterable[type[Section]],
                origin: str) -> Rules:
    """Check values by section against what the sections declare; see `load_rules`."""
    known = {section.name: section for section in sections}
    for name in values:
        if name not in known:
            raise InputError(f"{origin}: there is no rules section [{name}]."
                             f"{did_you_mean(name, known)} Sections: {', '.join(sorted(known))}.")
    return Rules(_fill(section, values.get(name, {}), origin) for name, section in known.items())


def keep_known(values: Mapping[str, Mapping[str, Any]], *,
               sections: Iterable[type[Section]]) -> dict[str, dict[str, Any]]:
    """Return what this program knows of an older program's rules; the rest went with that program.

    >>> class Demo(Section):
    ...     name: ClassVar[str] = "demo"
    ...     share: float = rule(0.2, unit="share", source="an example", help="how much counts")
    >>> keep_known({"demo": {"share": 0.3, "gone": 1}, "old": {}}, sections=[Demo])
    {'demo': {'share': 0.3}}
    """
    known = {section.name: section.model_fields for section in sections}
    return {name: {key: value for key, value in given.items() if key in known[name]}
            for name, given in values.items() if name in known}


def _fill(section: type[Section], values: Any, origin: str) -> Section:
    if not isinstance(values, Mapping):
        raise InputError(f"{origin}: {section.name!r} has to be a table, written "
                         f"[{section.name}], but is {values!r}.")
    for key in values:
        if key not in section.model_fields:
            options = list(section.model_fields)
            raise InputError(f"{origin}: section [{section.name}] has no rule {key!r}."
                             f"{did_you_mean(key, options)} Rules: {', '.join(options)}.")
    try:
        return section.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{origin}: rule {section.name}.{key} cannot be {first.get('input')!r}: "
                         f"{first['msg']}. Its meaning: "
                         f"{section.model_fields[str(first['loc'][0])].description}") from error
