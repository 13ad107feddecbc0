"""The main job at full length, by the command line, and its student in an environment that holds nothing of ours.

Both are for `make test-full`: the training takes minutes, the environment is downloaded.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
READ = """
import sys
import numpy as np
from sentence_transformers import SentenceTransformer
try:
    import lab
except ImportError:
    student = SentenceTransformer(sys.argv[1], device="cpu")
    np.save(sys.argv[2], student.encode_query(sys.argv[3:], convert_to_numpy=True))
else:
    sys.exit("the project is installed here: this environment proves nothing")
"""


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `lab distill` with its defaults makes of wiki: about ten minutes on 2 cores."""
    out = tmp_path_factory.mktemp("full") / "tenth"
    lab("distill", "--collection", "wiki", "--student", "tenth", "--seed", "0", "--out", str(out))
    return out


def lab(*words: str) -> str:
    command = [str(Path(sys.executable).with_name("lab")), *words]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_a_full_run_keeps_what_the_readme_promises(student: Path) -> None:
    told = json.loads(lab("evaluate", "--student", str(student), "--collection", "wiki", "--split", "dev", "--json"))
    assert told["retention"]["nDCG@10"]["value"] >= 0.93
    assert told["metrics"]["student"]["nDCG@10"] > told["metrics"]["bm25"]["nDCG@10"]
    assert told["parameters"]["teacher"] / told["parameters"]["student"] >= 9.5


def test_the_folder_needs_sentence_transformers_alone(student: Path, tmp_path: Path) -> None:
    from lab.encoders.export import load_student

    home = tmp_path / "alone"
    venv.create(home, with_pip=True)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    version = importlib.metadata.version
    pip = [str(python), "-m", "pip", "install", "-q"]
    subprocess.run([*pip, f"torch=={version('torch').split('+')[0]}", "--index-url", CPU_WHEELS], check=True)
    subprocess.run([*pip, f"sentence-transformers=={version('sentence-transformers')}"], check=True)
    texts = ["who was the first woman in space", "largest moon", "In what year was the bridge over the river built?"]
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    where = tmp_path / "vectors.npy"
    subprocess.run(
        [str(python), "-c", READ, str(student), str(where), *texts], cwd=tmp_path, check=True,
        env=plain | {"HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert np.abs(np.load(where) - load_student(student, "cpu").encode(texts)).max() < 1e-5
