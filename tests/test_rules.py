"""Rules files: values over defaults, and every way a file can be wrong, in one paragraph."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import pytest
from pydantic import ValidationError

from kamlib.errors import InputError
from kamlib.rules import Rules, Section, build_rules, load_rules, read_rules_file, rule


class Cuts(Section):
    """Where to cut."""

    name: ClassVar[str] = "cuts"
    top_share: float = rule(0.4, unit="share", source="SEG-01", help="part that is top", gt=0, lt=1)
    n_tiers: int = rule(3, unit="count", source="own", help="number of tiers", ge=2)


class Manner(Section):
    """How to look."""

    name: ClassVar[str] = "manner"
    basis: Literal["net", "gross"] = rule("net", unit="choice", source="own", help="which sales")


BOTH = [Cuts, Manner]


def load(folder: Path, text: str, encoding: str = "utf-8") -> Rules:
    path = folder / "rules.toml"
    path.write_bytes(text.encode(encoding))
    return load_rules(path, sections=BOTH)


def message(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        load(folder, text)
    return str(caught.value).replace(str(folder / "rules.toml"), "F")


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_file_gives_the_defaults(nothing):
    rules = load_rules(nothing, sections=BOTH)
    assert rules.to_dict() == {"cuts": {"top_share": 0.4, "n_tiers": 3},
                               "manner": {"basis": "net"}}
    assert repr(rules) == "Rules(2 sections, 0 changed from the defaults)"


def test_a_file_fills_over_the_defaults(tmp_path):
    rules = load(tmp_path, '[cuts]\ntop_share = 0.25\n[manner]\nbasis = "gross"\n')
    assert (rules.cuts.top_share, rules.cuts.n_tiers, rules.manner.basis) == (0.25, 3, "gross")
    assert repr(rules) == "Rules(2 sections, 2 changed from the defaults)"


def test_an_editors_byte_order_mark_is_no_error(tmp_path):
    assert load(tmp_path, "[cuts]\nn_tiers = 4\n", encoding="utf-8-sig").cuts.n_tiers == 4


def test_what_was_written_is_read_back(tmp_path):
    rules = load(tmp_path, "[cuts]\nn_tiers = 5\n")
    again = build_rules(rules.to_dict(), sections=BOTH, origin="context.json")
    assert again.to_dict() == rules.to_dict()


def test_unknown_section_names_the_nearest(tmp_path):
    assert message(tmp_path, "[cut]\nn_tiers = 4\n") == (
        "F: there is no rules section [cut]. Did you mean 'cuts'? Sections: cuts, manner.")


def test_unknown_key_names_the_nearest(tmp_path):
    assert message(tmp_path, "[cuts]\ntopshare = 0.3\n") == (
        "F: section [cuts] has no rule 'topshare'. Did you mean 'top_share'? "
        "Rules: top_share, n_tiers.")


@pytest.mark.parametrize(("line", "seen", "why"), [
    ("top_share = 1.0", "1.0", "Input should be less than 1"),
    ("top_share = 0", "0", "Input should be greater than 0"),
    ('top_share = "half"', "'half'",
     "Input should be a valid number, unable to parse string as a number"),
    ("top_share = nan", "nan", "Input should be a finite number"),
])
def test_a_value_out_of_its_range(tmp_path, line, seen, why):
    assert message(tmp_path, f"[cuts]\n{line}\n") == (
        f"F: rule cuts.top_share cannot be {seen}: {why}. Its meaning: part that is top")


def test_a_choice_that_does_not_exist(tmp_path):
    assert message(tmp_path, '[manner]\nbasis = "list"\n') == (
        "F: rule manner.basis cannot be 'list': Input should be 'net' or 'gross'. "
        "Its meaning: which sales")


def test_a_section_that_is_not_a_table(tmp_path):
    assert message(tmp_path, "cuts = 3\n") == (
        "F: 'cuts' has to be a table, written [cuts], but is 3.")


def test_not_toml(tmp_path):
    said = message(tmp_path, "[cuts]\ntop_share = \n")
    assert said.startswith("The rules file 'F' is not valid TOML: ")
    assert "line 2" in said
    assert said.endswith("Correct that line and run again.")


def test_not_utf8(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_bytes('[manner]\nbasis = "\u51c0"\n'.encode("gb18030"))
    with pytest.raises(InputError, match="is not valid TOML: 'utf-8' codec"):
        load_rules(path, sections=BOTH)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError) as caught:
        read_rules_file(tmp_path / "no.toml")
    assert str(caught.value) == (
        f"The rules file {str(tmp_path / 'no.toml')!r} does not exist. "
        "Leave the parameter empty to use the defaults, or give another path.")


def test_to_frame_has_a_row_a_rule_and_says_what_was_changed(tmp_path):
    frame = load(tmp_path, "[cuts]\nn_tiers = 4\n").to_frame()
    assert frame.to_dict("records") == [
        {"section": "cuts", "rule": "top_share", "value": "0.4", "default": "0.4",
         "is_default": True, "unit": "share", "source": "SEG-01", "help": "part that is top"},
        {"section": "cuts", "rule": "n_tiers", "value": "4", "default": "3", "is_default": False,
         "unit": "count", "source": "own", "help": "number of tiers"},
        {"section": "manner", "rule": "basis", "value": "net", "default": "net",
         "is_default": True, "unit": "choice", "source": "own", "help": "which sales"}]


def test_an_unknown_attribute_names_the_nearest():
    with pytest.raises(AttributeError, match=r"^no rules section 'cut'\. Did you mean 'cuts'\?$"):
        load_rules(None, sections=BOTH).cut  # noqa: B018


def test_rules_are_never_changed():
    with pytest.raises(ValidationError, match="frozen"):
        load_rules(None, sections=BOTH).cuts.n_tiers = 9
