"""The command line, run as a user runs it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from lab.cli import KINDS, SIGMA, main
from lab.config import DistillConfig
from lab.device import PRECISIONS
from lab.encoders.export import save_model
from lab.encoders.teacher import load_teacher
from lab.evaluation import MEASURES


@pytest.fixture(scope="module")
def student(tiny_collection_dir: Path, tiny_teacher_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cli") / "student"
    status = main([
        "distill", "--collection", str(tiny_collection_dir), "--teacher", str(tiny_teacher_dir), "--student", "half",
        "--seed", "3", "--epochs", "2", "--device", "cpu", "--out", str(out), "--record", "--mix", "at_least=0",
    ])  # fmt: skip
    assert status == 0
    return out


def test_distill_writes_a_student_and_leaves_nothing_else(student: Path) -> None:
    assert {"modules.json", "lab.json", "README.md", "static", "recording.json"} <= {p.name for p in student.iterdir()}
    assert [p.name for p in student.parent.iterdir()] == ["student"]
    assert json.loads((student / "lab.json").read_text(encoding="utf-8"))["config"]["seed"] == 3


def test_the_mix_is_chosen_on_the_command_line(
    tiny_collection_dir: Path, tiny_teacher_dir: Path, tmp_path: Path
) -> None:
    def told(*more: str) -> dict:
        out = tmp_path / "-".join(more)
        assert main([
            "distill", "--collection", str(tiny_collection_dir), "--teacher", str(tiny_teacher_dir), "--epochs", "1",
            "--student", "half", "--device", "cpu", "--no-static", "--out", str(out), "--mix", "at_least=0", *more,
        ]) == 0  # fmt: skip
        return json.loads((out / "lab.json").read_text(encoding="utf-8"))

    many, few = told("spans=9", "--table", "teacher"), told("titles=0", "spans=0", "questions=0", "sentences=1")
    assert many["config"]["table"] == "teacher" and few["config"]["table"] in ("corpus", "teacher")
    assert many["config"]["texts"]["spans"] == 9 and many["config"]["texts"]["sentences"] == 12
    assert few["config"]["texts"]["titles"] is False and few["config"]["texts"]["sentences"] == 1
    assert few["texts"] < many["texts"]


def test_the_help_tells_the_mix_that_is_the_default() -> None:
    usual = DistillConfig()
    mix = {kind: getattr(usual if hasattr(usual, kind) else usual.texts, kind) for kind in KINDS}
    assert mix == KINDS and usual.sigma == SIGMA


def test_evaluate_prints_one_json_object(student: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["evaluate", "--student", str(student), "--split", "test", "--json", "--runs", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["split"] == "test" and told["queries"] == 4 and told["minutes"] > 0
    for engine in ("teacher", "student", "bm25", "static"):
        assert {"nDCG@10", "MRR@10", "R@100"} <= set(told["metrics"][engine])
        assert (tmp_path / f"{engine}.trec").read_text(encoding="utf-8").count("\n") >= 4
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


def test_without_judgements_evaluate_tells_agreement_and_no_retention(
    student: Path, tiny_collection_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The everyday case: a corpus alone. No split is named, and there is none."""
    (tmp_path / "corpus.jsonl").write_bytes((tiny_collection_dir / "corpus.jsonl").read_bytes())
    asked = ["evaluate", "--student", str(student), "--collection", str(tmp_path)]
    assert main([*asked, "--json", "--runs", str(tmp_path / "runs")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {
        "collection", "split", "queries", "documents", "fidelity", "parameters", "minutes", "bm25",
    }  # fmt: skip
    assert told["split"] == "held-out" and told["documents"] == 12 and told["queries"] > 0
    assert set(told["fidelity"]) == {"student", "static", "bm25"}
    for engine, found in told["fidelity"].items():
        assert 0 <= found["overlap"]["low"] <= found["overlap"]["value"] <= found["overlap"]["high"] <= 1
        assert (found["distance"] is None) == (engine == "bm25")
    assert len((tmp_path / "runs" / "student.trec").read_text(encoding="utf-8").split("\n")) > told["queries"]
    assert main(asked) == 0
    table = capsys.readouterr().out
    assert "no judgements, no retention" in table and "overlap@10" in table and "k1=" in table
    # where there are judgements the same is had by its name
    assert main(["evaluate", "--student", str(student), "--split", "held-out", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fidelity"]["student"] == told["fidelity"]["student"]


def test_another_teacher_is_refused_and_a_changed_collection_is_noted(
    student: Path, tiny_collection_dir: Path, tiny_teacher_dir: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    other = tmp_path / "other"
    model = load_teacher(tiny_teacher_dir, "cpu", "float32").model
    next(model.parameters()).data += 0.01
    save_model(model, other)
    assert main(["evaluate", "--student", str(student), "--teacher", str(other)]) == 1
    assert "its index is another space" in capsys.readouterr().err

    changed = tmp_path / tiny_collection_dir.name
    shutil.copytree(tiny_collection_dir, changed)
    with (changed / "corpus.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"_id": "d13", "title": "Tuba", "text": "The tuba is the largest of the brass instruments."}\n')
    assert main(["evaluate", "--student", str(student), "--collection", str(changed), "--json"]) == 0
    told = capsys.readouterr()
    assert "has changed since" in told.err and json.loads(told.out)["split"] == "dev"
    assert main(["evaluate", "--student", str(student), "--json"]) == 0
    assert "has changed since" not in capsys.readouterr().err


def test_the_teacher_is_known_in_any_precision(student: Path, tiny_teacher_dir: Path) -> None:
    fingerprint = json.loads((student / "lab.json").read_text(encoding="utf-8"))["teacher"]["fingerprint"]
    found = [load_teacher(tiny_teacher_dir, "cpu", precision) for precision in PRECISIONS]
    assert {teacher.is_the_model(fingerprint) for teacher in found} == {True}
    assert sum(teacher.fingerprint == fingerprint for teacher in found) == 1


def test_the_card_takes_what_was_measured(
    student: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "student"
    shutil.copytree(student, own)
    card = (own / "README.md").read_text(encoding="utf-8")
    assert "static student of the same size, same texts | overlap@10" in card and "lab evaluate --card" in card
    for split in ("test", "held-out"):
        assert main(["evaluate", "--student", str(own), "--split", split, "--card", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        number = (told["retention"]["nDCG@10"] if split == "test" else told["fidelity"]["student"]["overlap"])["value"]
        lines = (own / "README.md").read_text(encoding="utf-8").split("\n")
        row = next(line for line in lines if f", {split}, " in line)
        assert f"{number:.3f} [" in row
    again = (own / "README.md").read_text(encoding="utf-8")
    assert again.count(", test, 4 queries |") == 1 and again.count(", held-out, ") == 1
    assert not [path for path in own.iterdir() if path.name.endswith(".tmp")]


def test_a_combined_loss_says_how_hard_each_term_pulls(
    tiny_collection_dir: Path, tiny_teacher_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([
        "distill", "--collection", str(tiny_collection_dir), "--teacher", str(tiny_teacher_dir), "--epochs", "1",
        "--student", "half", "--device", "cpu", "--no-static", "--loss", "combined", "--mix", "at_least=0",
        "--out", str(tmp_path / "out"),
    ]) == 0  # fmt: skip
    told = capsys.readouterr()
    said = r"gradient norm of each term .*: score ([\d.e-]+), query_matching ([\d.e-]+)"
    pulls = re.search(said, told.out + told.err)
    assert pulls and all(float(pull) > 0 for pull in pulls.groups())
    weights = json.loads((tmp_path / "out" / "lab.json").read_text(encoding="utf-8"))["config"]["losses"]
    assert weights["score"] == weights["query_matching"] == 1


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
