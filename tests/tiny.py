"""Tiny models: real architectures with random weights, small enough that a test trains on them in seconds."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertModel,
    DebertaConfig,
    DebertaModel,
    DebertaV2Config,
    DebertaV2Model,
    DistilBertConfig,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    MPNetConfig,
    MPNetModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5ForConditionalGeneration,
)

from tests.conftest import DOCUMENTS, QUERIES

TEXTS = [f"{title}. {text}" for title, text in DOCUMENTS.values()]
TEXTS += [text for split in QUERIES.values() for text, _ in split.values()]
HIDDEN, LAYERS = 32, 3


SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
STEM = 7  # letters of a word that are one piece; the rest of a longer word is the second


def pieces() -> list[str]:
    """The vocabulary, spelt out: the trainer of tokenizers numbers pieces of equal count anew in every process, and
    with the numbers the random weights under the texts would change."""
    words = {word for text in TEXTS for word in re.findall(r"[a-z]+", text.lower())}
    letters = sorted(set("".join(TEXTS).lower()) - {" "})
    stems, rests = ({word[:STEM] for word in words}, {"##" + word[STEM:] for word in words if len(word) > STEM})
    singles = [*letters, *(f"##{letter}" for letter in letters if letter.isalpha())]
    return [*SPECIAL, *singles, *sorted((stems | rests) - set(singles))]


@cache
def wordpiece() -> PreTrainedTokenizerFast:
    vocabulary = {piece: row for row, piece in enumerate(pieces())}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=64,
    )


BACKBONES: dict[str, tuple[Any, Any]] = {
    "bert": (BertConfig, BertModel),
    "roberta": (RobertaConfig, RobertaModel),
    "electra": (ElectraConfig, ElectraModel),
    "mpnet": (MPNetConfig, MPNetModel),
    "deberta": (DebertaConfig, DebertaModel),
    "deberta-v2": (DebertaV2Config, DebertaV2Model),
}
_RELATIVE = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "type_vocab_size": 0}
MORE: dict[str, dict[str, Any]] = {
    "electra": {"embedding_size": 16},  # narrower than its layers, as in the real ones
    "deberta": _RELATIVE,
    # as microsoft/deberta-v2-xlarge: a convolution beside the first layer, keys shared with the positions
    "deberta-v2": {**_RELATIVE, "conv_kernel_size": 3, "position_buckets": 8, "share_att_key": True,
                   "norm_rel_ebd": "layer_norm", "position_biased_input": False},
}  # fmt: skip


def backbone(kind: str = "bert") -> Any:
    """A randomly initialised encoder of one of `BACKBONES`, or "distilbert"; weights are spread wide so that different
    texts get different vectors."""
    torch.manual_seed(0)
    size = len(wordpiece())
    if kind == "distilbert":
        model: Any = DistilBertModel(
            DistilBertConfig(
                vocab_size=size, dim=HIDDEN, n_layers=LAYERS, n_heads=4, hidden_dim=64, max_position_embeddings=64
            )
        )
    else:
        config, build = BACKBONES[kind]
        model = build(
            config(
                vocab_size=size,
                hidden_size=HIDDEN,
                num_hidden_layers=LAYERS,
                num_attention_heads=4,
                intermediate_size=64,
                max_position_embeddings=66,
                pad_token_id=0,
                **MORE.get(kind, {}),
            )
        )
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(6)
    return model.eval()


def teacher_folder(folder: Path, kind: str = "bert", normalise: bool = True, **settings: Any) -> Path:
    """A sentence-transformers dual encoder saved in `folder`. `settings` go to SentenceTransformer (prompts,
    similarity)."""
    inner = folder / "inner"
    backbone(kind).save_pretrained(inner)
    wordpiece().save_pretrained(inner)
    modules: list[Any] = [Transformer(str(inner), max_seq_length=48), Pooling(HIDDEN, "mean")]
    if normalise:
        modules.append(Normalize())
    SentenceTransformer(modules=modules, device="cpu", **settings).save_pretrained(str(folder / "teacher"))
    return folder / "teacher"


def encoder_decoder(folder: Path, kind: str) -> Path:
    """A stand-in for BART or T5, saved in `folder`: the real architecture with random weights."""
    torch.manual_seed(0)
    tokenizer = wordpiece()
    size, pad, start, end = len(tokenizer), tokenizer.pad_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id
    tokens: dict[str, Any] = {
        "vocab_size": size,
        "pad_token_id": pad,
        "eos_token_id": end,
        "decoder_start_token_id": start,
    }
    if kind == "bart":
        model: Any = BartForConditionalGeneration(
            BartConfig(
                d_model=32, encoder_layers=1, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
                encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=32, bos_token_id=start,
                forced_eos_token_id=None, init_std=0.5, **tokens,
            )
        )  # fmt: skip
    else:
        model = T5ForConditionalGeneration(
            T5Config(d_model=32, d_kv=8, d_ff=32, num_layers=2, num_decoder_layers=2, num_heads=4, **tokens)
        )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def all_on_dev(source: Path, folder: Path) -> Path:
    """A copy of the tiny collection with all seven questions on dev: debiased CKA wants four at least."""
    shutil.copytree(source, folder)
    test = folder / "qrels" / "test.tsv"
    with (folder / "qrels" / "dev.tsv").open("a", encoding="utf-8") as file:
        file.writelines(test.read_text(encoding="utf-8").splitlines(keepends=True)[1:])
    test.unlink()
    return folder
