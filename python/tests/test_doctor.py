"""diagnose and repair for our own models."""

import json

import numpy as np
import pytest
from support import small_data, small_model

import evenkeel_nn as ek


@pytest.fixture
def stale(trained):
    """Moving statistics as nobody ever updated them."""
    trained.weights["batch_normalization/moving_mean"] = np.zeros(4)
    trained.weights["batch_normalization/moving_variance"] = np.full(4, 40.0)
    return trained


@pytest.fixture
def report(stale):
    return ek.diagnose(stale, small_data(600, 2), train=small_data(600), verbose=False)


def test_a_finding_names_cause_layer_cost_and_remedy(report):
    finding = report.findings[0]
    assert finding.severity == "error" == report.worst and finding.layers == ["batch_normalization"]
    assert finding.layer == "batch_normalization" and finding.cause and finding.evidence
    assert isinstance(finding.evidence[0], ek.Fact) and str(finding.evidence[0])
    assert finding.cost["loss"]["value"] > 0 and finding.remedy.advice and "momentum" in finding.remedy.pytorch + finding.remedy.keras + finding.remedy.advice or finding.remedy
    assert finding.remedy.command.startswith("ek.repair(model, data, fix=")
    assert str(finding).startswith(f"error: {finding.code}: ") and finding.code in ek.codes()
    assert finding.code in repr(report) or report.answer in repr(report)


def test_a_report_says_what_the_program_says(report, stale, folder, program):
    stale.save(folder / "run")
    for name, data in (("d", small_data(600, 2)), ("t", small_data(600))):
        np.savez(folder / f"{name}.npz", x=data[0], y=data[1])
    said = json.loads(program("doctor", folder / "run", "--data", folder / "d.npz", "--train-data", folder / "t.npz",
                              "--batch-size", 16, "--json").stdout)
    mine = report.to_dict()
    assert [f["code"] for f in mine["findings"]] == [f["code"] for f in said["findings"]]
    assert mine["cells"] == said["cells"] and mine["statistics"] == said["statistics"]
    assert report.samples == 600 and report.passes > 1 and report.cells["evaluation"]["loss"]


def test_a_report_is_a_page_a_dict_and_text(report, folder):
    page = report.to_html(folder / "page.html")
    assert (folder / "page.html").read_text(encoding="utf-8") == page and page.startswith("<!")
    assert "batch_normalization" in page and "<iframe title=" in report._repr_html_()
    json.dumps(report.to_dict())
    assert report.findings[0].code in str(report) and len(report.details()) > len(str(report))
    assert report.checked and isinstance(report.unchecked, list) and isinstance(report.notes, list)


def test_raise_if_refuses_by_severity(report, trained):
    with pytest.raises(ek.FindingsError) as caught:
        report.raise_if("error")
    assert caught.value.findings[0].code == report.findings[0].code and isinstance(caught.value, AssertionError)
    with pytest.raises(ek.InputError, match="severity"):
        report.raise_if("fatal")


def test_a_healthy_model_passes(trained):
    report = trained.diagnose(small_data(600, 2), train=small_data(600), verbose=False)
    assert report.raise_if("error") is report


def test_diagnosis_changes_nothing(stale):
    before = {name: array.copy() for name, array in stale.weights.items()}
    ek.diagnose(stale, small_data(600, 2), verbose=False)
    assert all(np.array_equal(before[n], stale.weights[n]) for n in before)


def test_a_repair_is_a_copy_with_its_gain(stale):
    before = {name: array.copy() for name, array in stale.weights.items()}
    mended = ek.repair(stale, small_data(600), fix="re-estimate", verbose=False)
    assert all(np.array_equal(before[n], stale.weights[n]) for n in before)
    assert mended.after["loss"] < mended.before["loss"] and mended.after["accuracy"] >= mended.before["accuracy"]
    assert mended.repair.methods == ["re-estimate"] and mended.repair.kind == "statistics"
    assert mended.repair.changes[0][0] == "batch_normalization"
    assert ek.evaluate(mended, *small_data(300, 5), verbose=False).loss < ek.evaluate(stale, *small_data(300, 5), verbose=False).loss
    checked = ek.repair(stale, small_data(600), validation=small_data(300, 4), verbose=False)
    assert checked.repair.scored_on == "validation"


def test_a_repair_may_need_training(stale):
    with pytest.raises(ek.InputError, match="then_train=N"):
        ek.repair(stale, small_data(600), fix="group-normalization", verbose=False)
    changed = ek.repair(stale, small_data(600), fix="group-normalization", then_train=1, verbose=False)
    assert any(type(layer).__name__ == "GroupNormalization" for layer in changed.layers)
    assert changed.repair.architecture_changed and changed.repair.trained_epochs == 1


def test_an_unknown_repair_names_the_known_ones(stale):
    with pytest.raises(ek.InputError, match="re-estimate"):
        ek.repair(stale, small_data(600), fix="reestimate")
    assert "re-estimate" in ek.repairs()


def test_a_path_is_a_model_too(stale, folder):
    stale.save(folder / "run")
    assert ek.diagnose(folder / "run", small_data(600, 2), verbose=False).worst == "error"
    with pytest.raises(ek.InputError, match="an object of type int"):
        ek.diagnose(3, small_data())
    with pytest.raises(TypeError, match="unknown argument 'sample'"):
        ek.diagnose(stale, small_data(), sample=3)


def test_the_loss_may_be_named(stale):
    said = ek.diagnose(stale, small_data(600, 2), loss="cross_entropy", verbose=False).cells["evaluation"]["loss"]["value"]
    assert said == pytest.approx(ek.evaluate(stale, *small_data(600, 2), verbose=False).loss)
