"""What every test shares: a quiet offline process, hypothesis profiles, a tiny collection, a Chromium."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before torch, transformers or huggingface_hub are imported: they read these once.
os.environ.setdefault("OMP_NUM_THREADS", "1")  # two xdist workers share two cores
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a test that reaches for the network is a broken test
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from lab.collection import Collection
    from lab.config import DistillConfig
    from lab.distillation import Distilled
    from lab.recording import Recording

# deadline=None: a first call may compile or import; timing says nothing about the property.
settings.register_profile("quick", max_examples=25, deadline=None, derandomize=True)
settings.register_profile(
    "full", max_examples=1000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

CHROMIUMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


class AtOnce:
    """Errands done while they are asked for."""

    def put(self, call: Callable[..., Any], *arguments: Any) -> None:
        call(*arguments)

    def settle(self, seconds: float | None) -> bool:
        return True


@pytest.fixture(autouse=True)
def controls_are_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Panels are tested by setting traits and looking. The thread that answers in a notebook has tests of its own:
    test_panels_errands.py, and every panel in a real kernel in test_panels_subshells_each.py.
    """
    if shown := sys.modules.get("lab.panels.shown"):
        monkeypatch.setattr(shown, "Errands", AtOnce)


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a panel displays, in the order it does so."""
    shown: list[Any] = []
    monkeypatch.setattr("lab.panels.shown.display", lambda what, **_: shown.append(what))
    return shown


def find_chromium() -> str | None:
    """The browser that BROWSER_PATH names (kaleido reads the same variable), or the first one installed."""
    named = os.environ.get("BROWSER_PATH")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, CHROMIUMS)), None)


def on_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a Chromium browser tests are left out, and say so; on a CI machine they run, and fail."""
    if find_chromium() or on_ci():
        return
    absent = pytest.mark.skip(reason="no Chromium or Chrome found: install one, or name it in BROWSER_PATH")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(absent)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium for playwright's ``executable_path``."""
    path = find_chromium()
    assert path, "no Chromium or Chrome found: install one (.ci/run does), or name it in BROWSER_PATH"
    return path


# id: (title, text). Two documents share a topic each, so that a wrong neighbour is a plausible one.
DOCUMENTS = {
    "d01": ("Red fox", "The red fox is the largest of the foxes and lives across the northern hemisphere."),
    "d02": ("Arctic fox", "The Arctic fox has thick white fur and lives around the North Pole."),
    "d03": ("Mount Etna", "Mount Etna is an active volcano on the east coast of Sicily, Italy."),
    "d04": ("Mauna Loa", "Mauna Loa is a shield volcano that forms more than half of the island of Hawaii."),
    "d05": ("Violin", "The violin is a wooden string instrument with four strings, played with a bow."),
    "d06": ("Clarinet", "The clarinet is a woodwind instrument with a single reed and a cylindrical bore."),
    "d07": ("Photosynthesis", "Photosynthesis turns light, water and carbon dioxide into sugar and oxygen."),
    "d08": ("Cellular respiration", "Cells break down sugar with oxygen and store the energy as ATP."),
    "d09": ("Printing press", "Gutenberg's printing press with movable type spread books across Europe."),
    "d10": ("Steam engine", "Watt's steam engine with a separate condenser drove mills and pumps."),
    "d11": ("Chess", "Chess is a board game for two players, with sixteen pieces on sixty-four squares."),
    "d12": ("Go", "Go is a board game in which two players surround territory with black and white stones."),
}
# split: {query id: (text, {document id: grade})}
QUERIES = {
    "dev": {
        "q1": ("which animal with white fur lives near the North Pole", {"d02": 2, "d01": 1}),
        "q2": ("volcano on an island in the Pacific", {"d04": 1}),
        "q3": ("instrument with a single reed", {"d06": 1}),
    },
    "test": {
        "q4": ("active volcano in Italy", {"d03": 1}),
        "q5": ("how plants make sugar out of light", {"d07": 2, "d08": 1}),
        "q6": ("who spread books with movable type", {"d09": 1}),
        "q7": ("board game with black and white stones", {"d12": 2, "d11": 1}),
    },
}


@pytest.fixture(scope="session")
def tiny_collection_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BEIR folder: 12 documents, splits dev (3 queries) and test (4). Change only a copy: it is shared."""
    folder = tmp_path_factory.mktemp("tiny")
    corpus = [{"_id": key, "title": title, "text": text} for key, (title, text) in DOCUMENTS.items()]
    queries = [{"_id": key, "text": text} for split in QUERIES.values() for key, (text, _) in split.items()]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = [json.dumps(row) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "qrels").mkdir()
    for split, entries in QUERIES.items():
        lines = ["query-id\tcorpus-id\tscore"]
        for query, (_, grades) in entries.items():
            lines += [f"{query}\t{document}\t{grade}" for document, grade in grades.items()]
        (folder / "qrels" / f"{split}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_teacher_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved dual encoder: BERT with random weights, 3 layers of width 32, mean pooling, unit vectors. Shared: only
    read."""
    from tests.tiny import teacher_folder  # imports torch: only where it is used

    return teacher_folder(tmp_path_factory.mktemp("teacher"))


@pytest.fixture(autouse=True, scope="session")
def _own_store(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests never read or fill the user's store of vectors."""
    os.environ["LAB_CACHE"] = str(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="session")
def tiny_config(tiny_collection_dir: Path, tiny_teacher_dir: Path) -> DistillConfig:
    """A distillation of seconds: `dataclasses.replace` what a test is about."""
    from lab.config import DistillConfig

    return DistillConfig(
        collection=str(tiny_collection_dir), teacher=str(tiny_teacher_dir), student="half", batch=8, epochs=3,
        rate=3e-3, precision="float32", device="cpu", probes=4, static=False, at_least=0,
    )  # fmt: skip


@pytest.fixture(scope="session")
def config(tiny_config: DistillConfig) -> DistillConfig:
    """What `distilled` was made with."""
    return dataclasses.replace(tiny_config, epochs=20, probes=8, static=True)


@pytest.fixture(scope="session")
def distilled(config: DistillConfig) -> Distilled:
    """The tiny teacher's student, recorded, the static one beside it. Shared: only read."""
    from lab.distillation import distill

    return distill(config, record=True)


@pytest.fixture(scope="session")
def seven_dir(tiny_collection_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny collection with all seven questions on dev: debiased CKA wants four at least."""
    from tests.tiny import all_on_dev

    return all_on_dev(tiny_collection_dir, tmp_path_factory.mktemp("seven") / "collection")


@pytest.fixture(scope="session")
def seven(seven_dir: Path, tiny_config: DistillConfig) -> Distilled:
    """A student of it, recorded on these questions. Shared: only read."""
    from lab.distillation import distill

    return distill(dataclasses.replace(tiny_config, collection=str(seven_dir), probes=5), record=True, probes="dev")


@pytest.fixture(scope="session")
def collection(seven_dir: Path) -> Collection:
    """What `seven` was recorded over; a test file that is about another one has a fixture of its own."""
    from lab.collection import load_collection

    return load_collection(str(seven_dir))


@pytest.fixture(scope="session")
def recording(seven: Distilled) -> Recording:
    """That of `seven`."""
    assert seven.recording is not None
    return seven.recording
