"""The notebooks in examples: each runs in its quick form, and what is committed is what its cells have printed."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "notebooks"
NAMES = ("depth", "placement", "speedup", "dropout", "variance_shift")

for needed in ("nbclient", "ipykernel", "matplotlib"):
    pytest.importorskip(needed, reason=f"the notebooks need {needed} (python/requirements-notebooks.txt)")


def tool(*arguments):
    return subprocess.run([sys.executable, TOOL, *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_its_outputs_are_those_of_its_cells(name):
    done = tool("check", name)
    assert done.returncode == 0, done.stderr


def test_every_notebook_is_checked():
    assert {path.stem for path in (ROOT / "examples" / "notebooks").glob("*.ipynb")} == set(NAMES)


@pytest.mark.parametrize("damage, said", [
    (lambda cell: cell.update(source=cell.source + "\n1"), "outputs are those of other code"),
    (lambda cell: cell.update(execution_count=7), "not executed once each, in order"),
    (lambda cell: cell.update(outputs=[]), "it has no outputs"),
    (lambda cell: cell.outputs[0].update(output_type="error"), "an output is an error"),
])
def test_stale_outputs_are_found(damage, said, tmp_path):
    import importlib.machinery
    import importlib.util

    import nbformat

    loader = importlib.machinery.SourceFileLoader("notebooks", str(TOOL))
    notebooks = importlib.util.module_from_spec(importlib.util.spec_from_loader("notebooks", loader))
    loader.exec_module(notebooks)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(1)", execution_count=1)])
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="1\n")]
    notebooks.tidy(notebook)
    path = tmp_path / "small.ipynb"
    nbformat.write(notebook, path)
    assert notebooks.faults(path, notebook) == []
    damage(notebook.cells[0])
    assert any(said in fault for fault in notebooks.faults(path, notebook))


def test_an_unknown_notebook_is_refused():
    done = tool("check", "no_such_notebook")
    assert done.returncode == 2 and "there are depth" in done.stderr


def test_a_cell_that_raises_fails_the_check(tmp_path):
    (tmp_path / "tools").mkdir()
    folder = tmp_path / "examples" / "notebooks"
    folder.mkdir(parents=True)
    copy = tmp_path / "tools" / "notebooks"
    copy.write_text(TOOL.read_text())
    import nbformat

    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), folder / "wrong.ipynb")
    done = subprocess.run([sys.executable, copy, "check", "wrong"], capture_output=True, text=True)
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr
