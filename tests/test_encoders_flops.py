"""The cost of a query: of how many tokens, and by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import processors

from lab.encoders.export import QUERY_TOKENS, query_flops
from lab.encoders.teacher import DualEncoder, load_teacher
from tests.tiny import HIDDEN, LAYERS, teacher_folder

INNER = 64  # feed-forward width of the tiny encoders


def read(teacher: DualEncoder, **settings: int) -> tuple[int, ...]:
    """Shape of the token ids that the encoder reads while its cost is counted."""
    shapes: list[tuple[int, ...]] = []

    def note(_: torch.nn.Module, arguments: tuple) -> None:
        shapes.append(tuple(arguments[0]["input_ids"].shape))

    hook = teacher.model[0].register_forward_pre_hook(note)
    query_flops(teacher.model, **settings)
    hook.remove()
    assert len(shapes) == 1
    return shapes[0]


def by_hand(tokens: int) -> int:
    """Two a multiply-add: per token and layer four maps d → d and two between d and the feed-forward."""
    return 2 * tokens * LAYERS * (4 * HIDDEN**2 + 2 * HIDDEN * INNER)


def test_a_query_has_twelve_tokens_and_the_number_can_be_chosen(tiny_teacher_dir: Path) -> None:
    teacher = load_teacher(tiny_teacher_dir, "cpu", "float32")
    assert QUERY_TOKENS == 12 and read(teacher) == (1, 12) and read(teacher, tokens=30) == (1, 30)


def test_special_tokens_are_among_them_however_many_there_are(tiny_teacher_dir: Path) -> None:
    teacher = load_teacher(tiny_teacher_dir, "cpu", "float32")
    teacher.model.tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="$A [SEP]", special_tokens=[("[SEP]", 3)]
    )
    assert read(teacher) == (1, 12)


@pytest.mark.parametrize("kind", ["distilbert", "bert"])
def test_the_cost_is_that_of_the_maps(kind: str, tmp_path: Path) -> None:
    model = load_teacher(teacher_folder(tmp_path, kind), "cpu", "float32").model
    pooler = 2 * HIDDEN**2 if kind == "bert" else 0  # BERT's own, of one token, which mean pooling does not ask for
    for tokens in (12, 24):
        products = 2 * 2 * LAYERS * tokens**2 * HIDDEN  # inside attention; torch may or may not count them
        assert query_flops(model, tokens) - by_hand(tokens) - pooler in (0, products)
