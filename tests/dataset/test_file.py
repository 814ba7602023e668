"""The dataset file: what is wrong in it is refused in one paragraph, with the nearest name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from kamlib.dataset import load_dataset_file, open_dataset
from kamlib.dataset.file import fill_variables
from kamlib.errors import InputError

Write = Callable[..., Path]
TABLES = """
[tables.orders]
source = "orders.csv"
constants = { line_kind = "sale" }
"""


def refused(path: Path) -> str:
    with pytest.raises(InputError) as error:
        load_dataset_file(path)
    return str(error.value).replace(f"{path.parent}/", "")


def test_a_good_file(write: Write) -> None:
    file = load_dataset_file(write())
    assert (file.id, file.currency, file.tax, file.starts_with) == \
        ("tiny", "EUR", "excluded", "ongoing")
    assert (file.history_from, file.complete_until) == (date(2025, 1, 1), date(2025, 12, 31))
    assert load_dataset_file(file.folder) == file  # a folder means its dataset.toml


def test_a_missing_file_names_the_nearest(write: Write) -> None:
    path = write()
    with pytest.raises(InputError, match=r"does not exist\. Did you mean 'dataset\.toml'\?"):
        load_dataset_file(path.with_name("datset.toml"))


def test_a_syntax_error_names_the_line(write: Write) -> None:
    assert refused(write(head="id = \n")) == (
        "The dataset file 'dataset.toml' is not valid TOML: Invalid value (at line 1, column 6). "
        "Correct that line and run again.")


@pytest.mark.parametrize(("tables", "said"), [
    (TABLES + "[tabels]\n", "dataset.toml: the dataset file has no key 'tabels'. Did you mean "
                            "'tables'? It knows: "),
    (TABLES + "[tables.product]\nsource = 'p.csv'\n",
     "dataset.toml: the data dictionary has no table 'product'. Did you mean 'products'? It knows"),
    (TABLES + "colums = {}\n", "dataset.toml: [tables.orders] has no key 'colums'. Did you mean "
                               "'columns'? It knows: "),
    (TABLES + "read = { delimeter = ';' }\n",
     "dataset.toml: [tables.orders.read] has no key 'delimeter'. Did you mean 'delimiter'? "),
    (TABLES + "[tables.orders.columns]\norder_dat = 'd'\n",
     "dataset.toml: the table 'orders' of the data dictionary has no column 'order_dat'. Did you "
     "mean 'order_date'? It knows: "),
    ("[tables.accounts]\nsource = 'a.csv'\n",
     "dataset.toml: there is no [tables.orders]. Orders are the one table that every data set "
     "needs; add where they are and what their columns mean."),
])
def test_an_unknown_name_is_refused(tables: str, said: str, write: Write) -> None:
    assert refused(write(tables)).startswith(said)


@pytest.mark.parametrize(("old", "new", "said"), [
    ('currency = "EUR"', 'currency = "euro"', "dataset.toml: currency cannot be 'euro': "),
    ('tax = "excluded"', 'tax = "no"', "dataset.toml: tax cannot be 'no': "),
    ('name = "Tiny"\n', "", "dataset.toml: the key 'name' is missing. "),
    ('id = "tiny"', 'id = "a b"', "dataset.toml: id cannot be 'a b': "),
])
def test_a_wrong_value_is_refused(old: str, new: str, said: str, write: Write) -> None:
    path = write()
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert refused(path).startswith(said)


def test_a_variable_comes_from_the_environment(
        write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write(TABLES.replace("orders.csv", "${KAM_TEST_FOLDER}/orders.csv"))
    monkeypatch.delenv("KAM_TEST_FOLDER", raising=False)
    with pytest.raises(InputError, match=r"tables\.orders uses \$\{KAM_TEST_FOLDER\}, which is not "
                                         r"set in the environment\. Set KAM_TEST_FOLDER and run"):
        open_dataset(path)
    monkeypatch.setenv("KAM_TEST_FOLDER", str(tmp_path))
    assert open_dataset(path).accounting["kept"].tolist() == [2]


def test_text_without_a_variable_stays() -> None:
    assert fill_variables("a$b{c}", origin="here") == "a$b{c}"
