"""docs/reference/python.md is what the docstrings say."""

import pathlib
import subprocess
import sys

import evenkeel_nn as ek


def test_the_reference_is_up_to_date(folder):
    root = pathlib.Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, root / "python" / "write_reference.py", folder / "python.md"], check=True,
                   env={"PYTHONPATH": str(pathlib.Path(ek.__file__).parents[1])})
    assert (folder / "python.md").read_text() == (root / "docs/reference/python.md").read_text(), "make reference"
