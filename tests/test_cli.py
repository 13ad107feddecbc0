"""The command line, run as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.cli import KINDS, main
from lab.config import DistillConfig
from lab.evaluation import MEASURES


@pytest.fixture(scope="module")
def student(tiny_collection_dir: Path, tiny_teacher_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cli") / "student"
    status = main([
        "distill", "--collection", str(tiny_collection_dir), "--teacher", str(tiny_teacher_dir), "--student", "half",
        "--seed", "3", "--epochs", "2", "--device", "cpu", "--out", str(out), "--record",
    ])  # fmt: skip
    assert status == 0
    return out


def test_distill_writes_a_student_and_leaves_nothing_else(student: Path) -> None:
    assert {"modules.json", "lab.json", "README.md", "static", "recording.json"} <= {p.name for p in student.iterdir()}
    assert [p.name for p in student.parent.iterdir()] == ["student"]
    assert json.loads((student / "lab.json").read_text())["config"]["seed"] == 3


def test_the_mix_is_chosen_on_the_command_line(
    tiny_collection_dir: Path, tiny_teacher_dir: Path, tmp_path: Path
) -> None:
    def told(*more: str) -> dict:
        out = tmp_path / "-".join(more)
        assert main([
            "distill", "--collection", str(tiny_collection_dir), "--teacher", str(tiny_teacher_dir), "--epochs", "1",
            "--student", "half", "--device", "cpu", "--no-static", "--out", str(out), *more,
        ]) == 0  # fmt: skip
        return json.loads((out / "lab.json").read_text())

    many, few = told("--mix", "spans=9"), told("--mix", "titles=0", "spans=0", "questions=0", "sentences=1")
    assert many["config"]["texts"]["spans"] == 9 and many["config"]["texts"]["sentences"] == 12
    assert few["config"]["texts"]["titles"] is False and few["config"]["texts"]["sentences"] == 1
    assert few["texts"] < many["texts"]


def test_the_help_tells_the_mix_that_is_the_default() -> None:
    usual = DistillConfig()
    mix = {kind: getattr(usual if kind == "generated" else usual.texts, kind) for kind in KINDS}
    assert mix == KINDS and usual.sigma == 1


def test_evaluate_prints_one_json_object(student: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["evaluate", "--student", str(student), "--split", "test", "--json", "--runs", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["split"] == "test" and told["queries"] == 4 and told["minutes"] > 0
    for engine in ("teacher", "student", "bm25", "static"):
        assert {"nDCG@10", "MRR@10", "R@100"} <= set(told["metrics"][engine])
        assert (tmp_path / f"{engine}.trec").read_text().count("\n") >= 4
    # what scripts read; a key that is renamed or lost breaks them
    assert set(told) == {
        "collection", "split", "queries", "metrics", "retention", "parameters", "minutes",
        "over_bm25", "mean_distance", "bm25", "retention_static",
    }  # fmt: skip
    assert set(told["metrics"]) == {"teacher", "student", "bm25", "static"}
    assert {frozenset(measures) for measures in told["metrics"].values()} == {frozenset(MEASURES)}
    assert set(told["retention"]) == {"nDCG@10"} and set(told["retention"]["nDCG@10"]) == {"value", "low", "high"}
    kept = told["metrics"]["student"]["nDCG@10"] / told["metrics"]["teacher"]["nDCG@10"]
    assert told["retention"]["nDCG@10"]["value"] == pytest.approx(kept)
    assert set(told["parameters"]) == {"teacher", "student", "static"}
    assert told["parameters"]["student"] < told["parameters"]["teacher"]


def test_evaluate_prints_a_table_for_people(student: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--student", str(student), "--split", "dev"]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("teacher", "student", "static", "bm25", "nDCG@10", "k1="))


def test_compare_names_the_lost_queries(student: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--student", str(student), "--split", "test"]) == 0
    assert "active volcano in Italy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "--student", "nowhere"], "no student at nowhere"),
        (["distill", "--collection", "nowhere", "--out", "x"], "nowhere"),
        (["evaluate", "--student", "{student}", "--split", "train"], "no judged split 'train'"),
        (["evaluate", "--student", "{stranger}"], "has no lab.json"),
        (["distill", "--collection", "wiki", "--out", "{stranger}"], "not a student of this lab"),
        (["distill", "--collection", "wiki", "--out", "x", "--mix", "verbs=3"], "--mix verbs=3: write KIND=N"),
        (["distill", "--collection", "wiki", "--out", "x", "--mix", "spans=many"], "kinds are titles, sentences"),
        (["distill", "--collection", "wiki", "--out", "x", "--mix", "generated=2"], "say queries='train'"),
    ],
)
def test_mistakes_are_one_line_on_stderr(
    arguments: list[str], message: str, student: Path, tiny_teacher_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [a.format(student=student, stranger=tiny_teacher_dir) for a in arguments]
    assert main(filled) == 1
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error


def test_the_doctor_finds_this_machine_fit(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["doctor"])
    out = capsys.readouterr().out
    assert "[OK] Python" in out and "[OK] teacher" in out and "[OK] collection wiki" in out
    assert status == (1 if "[FAIL]" in out else 0)
