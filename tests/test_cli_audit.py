"""kam audit: quoted numbers on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kamlib.cli import main
from kamlib.language import current

SAMPLE = Path(__file__).parents[1] / "data" / "sample" / "quoted_figures.csv"


def kam(capsys, *words):
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    captured = capsys.readouterr()
    return stop.value.code, " ".join(captured.out.split()), " ".join(captured.err.split())


def test_the_samples_two_mistakes_are_found_and_no_other(capsys):
    status, out, err = kam(capsys, "audit", SAMPLE)
    assert (status, err) == (0, "")
    assert out.startswith(
        "Of 13 quoted numbers 11 add up. Not adding up: 7.41 “Key accounts of South China, "
        "overall” (D10; Annual review 2024, page 6). Kinds are mixed up: 71.6% “Customer "
        "satisfaction rate” (D02; Annual review 2024, page 4).")
    assert "Does not add up" in out


def test_strict_makes_a_finding_a_failure(capsys, tmp_path):
    assert kam(capsys, "audit", SAMPLE, "--strict")[0] == 1
    good = tmp_path / "good.csv"
    good.write_text("label,quoted,kind,n,counted\nReturned,62%,rate,45,28\n", encoding="utf-8")
    status, out, _ = kam(capsys, "audit", good, "--strict")
    assert status == 0
    assert out.startswith("Of 1 quoted number 1 adds up.")


def test_the_language_is_for_this_command_only(capsys):
    assert kam(capsys, "audit", SAMPLE, "--lang", "zh")[0] == 0
    assert current() == "en"


def test_rules_are_heeded(capsys, tmp_path):
    deck, rules = tmp_path / "deck.csv", tmp_path / "rules.toml"
    deck.write_text("label,quoted,kind,n,scale from,scale to\nItem,93.2,mean,8,0,100\n",
                    encoding="utf-8")
    rules.write_text('[audit]\nrounding = "half_up"\n', encoding="utf-8")
    assert kam(capsys, "audit", deck, "--strict")[0] == 0
    assert kam(capsys, "audit", deck, "--strict", "--rules", rules)[0] == 1


@pytest.mark.parametrize(("words", "message"), [
    (["nope.csv"], "The file 'nope.csv' does not exist. Correct its path and run again."),
    ([str(SAMPLE), "--lang", "de"], "There is no language 'de'. Give lang one of: en, zh."),
    ([str(SAMPLE.with_name("products.csv"))], "products.csv has no column for: quoted (the number"),
    ([], "Missing parameter: file")])
def test_wrong_input_is_exit_status_2_and_one_paragraph(capsys, words, message):
    status, _, err = kam(capsys, "audit", *words)
    assert status == 2
    assert message in err
    assert "Traceback" not in err
