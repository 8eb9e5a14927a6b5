"""Studies from Python."""

import json
import os
import signal
import threading

import pytest

import evenkeel_nn as ek


@pytest.mark.skipif("EVENKEEL_FULL" not in os.environ, reason="takes minutes: make test-python-full")
def test_a_study_is_that_of_the_program(program, folder, capsys):
    assert set(ek.studies()) == {"depth", "placement", "speedup", "dropout", "variance-shift"}
    said = json.loads(program("study", "variance-shift", "--quick", "--out", folder / "theirs", "--json").stdout)
    result = ek.study("variance-shift", quick=True, out=folder / "mine")
    assert result.name == "variance-shift" and result.answer in result.to_html()
    assert "<iframe title=" in result._repr_html_() and result.answer in repr(result)
    assert capsys.readouterr().out
    for mine, theirs in zip(result.to_dict()["variants"], said["variants"]):
        assert [run["figures"] for run in mine["runs"]] == [run["figures"] for run in theirs["runs"]]
        assert result.variants[theirs["name"]] == mine
    assert (folder / "mine" / "report.html").exists() and (folder / "mine" / "study.json").exists()
    assert any("BatchNormalization" in text for text in result.summaries.values())


def test_a_study_runs_until_it_is_interrupted(folder):
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        ek.study("variance-shift", quick=True, out=folder / "mine", verbose=False)
    assert any((folder / "mine").iterdir())


def test_an_unknown_study_names_the_known_ones():
    with pytest.raises(ek.InputError, match="variance-shift"):
        ek.study("variance_shift_")
    with pytest.raises(ek.InputError, match="learning_rate|sweep"):
        ek.study("depth", quick=True, sweep=("nothing", [1]))
