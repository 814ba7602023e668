"""A small data set and one-cell notebooks, for tests of runs."""

from pathlib import Path

import nbformat

PARAMETERS = '''dataset: str = "x"
period: str = "2025Q4"
rules: str = ""
out: str = ""
lang: str = "en"
top: int = 3  # how many'''
HAND_ON = '''from kamlib import open_report
from kamlib.handover import Finding, Handover, Metric
report = open_report(dataset, period=period, rules=rules, out=out, lang=lang)
net = float(report.facts["net_amount_period"].sum())
handover = Handover(headline=(f"Net {net:.2f}",),
                    metrics=(Metric("net_revenue", net, "amount", headline=True, anchor="facts"),),
                    findings=(Finding("demo", "A computed sentence.", amount=net),))
report.table("facts", report.facts[["account_id", "net_amount_period"]])'''
LINES = ["order_id,account_id,order_date,product_id,line_kind,quantity,amount",
         "1,A,2025-01-05,P,sale,1,100.00", "2,A,2025-10-05,P,sale,2,200.00",
         "3,B,2025-11-06,P,sale,3,300.00", "4,B,2025-11-20,P,return,-1,-100.00",
         "5,C,2025-12-31,P,sale,1,50.50"]
DATASET = '''id = "small"
name = "Small company"
currency = "EUR"
history_from = 2024-01-01
complete_until = 2025-12-31
[tables.orders]
source = "orders.csv"
'''


def write_dataset(folder: Path, lines: list[str] = LINES, *, extra: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    file = folder / "dataset.toml"
    file.write_text(DATASET + extra, encoding="utf-8")
    return file


def write_notebook(folder: Path, name: str, *codes: str, tables: tuple[str, ...] = (),
                   last: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    new = nbformat.v4
    cells = [new.new_markdown_cell(f"# What about {name}?", id="question"),
             new.new_code_cell(PARAMETERS, id="parameters", metadata={"tags": ["parameters"]})]
    cells += [new.new_code_cell(code, id=f"cell-{i}") for i, code in enumerate(codes)]
    notebook = new.new_notebook(cells=cells, metadata={"kam": {"tables": list(tables),
                                                             "last": last}})
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


def hand_on(name: str) -> str:
    return f'report.hand_on("{name}", handover)'
