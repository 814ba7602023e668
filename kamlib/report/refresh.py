"""Executing the committed notebooks anew, in place, so that their outputs are today's."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from kamlib.report.nursery import ForkManager, open_nursery
from kamlib.report.run import default_notebooks


def refresh_notebook(path: Path) -> None:
    """Run a notebook as it lies, on the sample company, and save it with its outputs.

    What differs from run to run (times, the kernel's noise on stderr) is not saved.
    """
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, kernel_name="python3", kernel_manager_class=ForkManager,
                   resources={"metadata": {"path": str(path.parent)}}).execute()
    nbformat.write(clean(notebook), path)


def clean(notebook: NotebookNode) -> NotebookNode:
    """Take out of an executed notebook what says when and where it ran, not what it found."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["kernelspec"] = {"display_name": "Python 3 (ipykernel)",
                                       "language": "python", "name": "python3"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs
                            if output.get("name") != "stderr"]
    return notebook


def main() -> None:
    """Refresh the notebooks named on the command line, or all."""
    paths = [Path(name).resolve() for name in sys.argv[1:]] or \
        sorted(default_notebooks().glob("*.ipynb"))
    open_nursery(len(paths))
    # The overview reads what the others hand on, and would run them a second time.
    for path in sorted(paths, key=lambda p: bool(
            nbformat.read(p, as_version=4).metadata.get("kam", {}).get("last"))):
        refresh_notebook(path)
        print(path.name)


if __name__ == "__main__":
    main()
