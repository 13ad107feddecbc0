"""A saved student: what lies in its folder, who can load it, what it replaces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from lab.distillation import Distilled
from lab.encoders.export import QUERY_TOKENS, facts, load_student, pair, query_flops, stored_parameters
from lab.errors import ModelError
from lab.recording import Recording
from lab.saving import save


@pytest.fixture(scope="module")
def folder(distilled: Distilled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "student"
    save(distilled, path)
    return path


def test_the_saved_folder_is_the_student_and_holds_no_code(folder: Path, distilled: Distilled) -> None:
    texts = ["white fur", "a board game for two players", "volcano"]
    loaded = load_student(folder, "cpu")
    assert np.abs(loaded.encode(texts) - distilled.student.encode(texts)).max() < 1e-5
    assert (
        np.abs(SentenceTransformer(str(folder), device="cpu").encode_query(texts) - loaded.encode(texts)).max() < 1e-5
    )
    kinds = {p.suffix for p in folder.rglob("*") if p.is_file()}
    assert kinds <= {".json", ".safetensors", ".md", ".txt"}
    about = facts(folder)
    assert about["parameters"]["student"] == stored_parameters(folder) == loaded.parameters
    assert about["flops"]["student"] == query_flops(loaded.model) < about["flops"]["teacher"]
    assert json.dumps(about["config"]["student"]) == '"half"'
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"{loaded.parameters:,} parameters" in card and "no retention" in card
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    assert f"{about['bytes'] / 1e6:.1f} MB" in card and about["bytes"] >= size
    assert f"{about['flops']['student'] / 1e6:.1f} MFLOPs for a {QUERY_TOKENS}-token query" in card
    assert distilled.teacher.source in card and f"{distilled.collection.name}, 12 documents" in card
    assert str(distilled.fidelity.overlap) in card and str(distilled.fidelity.distance) in card


LOAD_ELSEWHERE = """
import sys
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("lab", "faiss", "plotly", "ipywidgets", "umap", "bm25s", "ir_measures"):
            raise ImportError(f"{name} is not installed here")
sys.meta_path.insert(0, Forbidden())
import numpy as np
from sentence_transformers import SentenceTransformer
vectors = SentenceTransformer(sys.argv[1], device="cpu", trust_remote_code=False).encode_query(sys.argv[3:])
np.save(sys.argv[2], vectors, allow_pickle=False)
assert "lab" not in sys.modules
"""


def test_the_folder_loads_where_only_sentence_transformers_is(
    folder: Path, distilled: Distilled, tmp_path: Path
) -> None:
    texts = ["white fur", "board game with stones"]
    command = [sys.executable, "-c", LOAD_ELSEWHERE, str(folder), str(tmp_path / "v.npy"), *texts]
    subprocess.run(command, check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": ""})
    assert np.abs(np.load(tmp_path / "v.npy") - distilled.student.encode(texts)).max() < 1e-5


def test_an_asymmetric_pair_routes_queries_and_documents(distilled: Distilled, tmp_path: Path) -> None:
    both = pair(distilled.student.model, distilled.teacher.model)
    both.save_pretrained(str(tmp_path))
    again = SentenceTransformer(str(tmp_path), device="cpu")
    texts = ["white fur", "volcano"]
    assert np.allclose(again.encode_query(texts), distilled.student.encode(texts), atol=1e-5)
    assert np.allclose(again.encode_document(texts), distilled.teacher.encode(texts), atol=1e-5)


def test_a_save_replaces_a_student_but_no_stranger(distilled: Distilled, tmp_path: Path) -> None:
    save(distilled, tmp_path / "mine")
    save(distilled, tmp_path / "mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("precious", encoding="utf-8")
    with pytest.raises(ModelError, match="not a student"):
        save(distilled, tmp_path / "other")
    assert (tmp_path / "other" / "thesis.txt").read_text(encoding="utf-8") == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "other"]  # nothing temporary is left


def test_a_recording_survives_the_disk_and_tells_of_progress(folder: Path, distilled: Distilled) -> None:
    kept, again = distilled.recording, Recording.load(folder / "recording")
    assert kept is not None
    assert np.array_equal(kept.rows, again.rows) and np.array_equal(kept.steps, again.steps)
    assert np.allclose(kept.distances, again.distances, atol=2e-3)
    assert again.queries == kept.queries and set(again.measures) >= {"mean distance", "overlap@10"}
    assert again.distances[-1].mean() < again.distances[0].mean()
    assert (again.radius > 0).all() and again.rows.max() < len(distilled.collection)
    inside = again.distances < 0.99 * again.radius
    assert (again.rows[inside][:, 0] == np.broadcast_to(again.teacher_rows[:, 0], inside.shape)[inside]).all()
