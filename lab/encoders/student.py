"""Students: cut out of the teacher by a named size, a zero-layer one, or any small transformers encoder with a
projection.

Every student is a plain `SentenceTransformer` whose output lies in the teacher's space, so what is trained is
exactly what is saved, counted and served.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, StaticEmbedding, Transformer
from transformers import AutoConfig

from lab.encoders.anatomy import Observed, observe, shape
from lab.encoders.shrink import build, fresh, least_squares
from lab.encoders.sizes import SIZES, Plan, cut_out, plan, ratio_of
from lab.encoders.teacher import DualEncoder, resolve_folder
from lab.encoders.vocabulary import bounds, promised, token_counts, trim
from lab.errors import LabError, ModelError

CUTS = 2  # students kept as they were cut, about 10 MB each
FITTED_TEXTS = 4_000  # for the least-squares start of a projection


class Memory(Protocol):
    """What making a student asks of a store: `lab.store.VectorStore` has it."""

    def __hash__(self) -> int: ...
    def remembered(
        self,
        fingerprint: str,
        kind: str,
        depends: Sequence[str],
        shapes: Mapping[str, tuple[int, ...]],
        find: Callable[[], Mapping[str, np.ndarray]],
    ) -> Mapping[str, np.ndarray]: ...


def make_student(
    teacher: DualEncoder,
    wanted: str | Path | Plan,
    texts: Sequence[str],
    vectors: np.ndarray,
    seed: int = 0,
    observed: int = 12_000,
    start: str = "teacher",
    memory: Memory | None = None,
    table: str = "corpus",
) -> SentenceTransformer:
    """The untrained student.

    Args:
        wanted: a name of `SIZES`, a share like "1/6", a `Plan`, or the path or hub id of a transformers encoder.
        texts: the training texts; their tokens decide the vocabulary, a sample of them what layers are fed.
        vectors: (len(texts), teacher.dimension) the teacher's vectors of them, for a projection's start.
        observed: texts the teacher reads to find E[h | token]; more contexts, better means, two seconds a thousand.
        start: "teacher": its layers and token table; "random": the same architecture, freshly initialised.
        memory: keeps what was observed, so that the same cut takes no reading the next time.
        table: "corpus": a vector for each token that the texts use, as far as there is room; "teacher": for other
            tokens, too. See `vocabulary.table_for`.

    Raises:
        CacheError: what `memory` holds cannot be read.
        ModelError: the teacher cannot be cut, the size does not exist, or the checkpoint cannot be loaded or should
            start at random.
    """
    if cut_out(wanted):
        return copy.deepcopy(_cut(teacher, wanted, tuple(texts), seed, observed, start, memory, table))
    if start != "teacher":
        raise ModelError(
            f"start={start!r} is for the sizes {', '.join(SIZES)} and shares like 1/6: the checkpoint {wanted} brings"
            " its own weights"
        )
    assert not isinstance(wanted, Plan)
    return from_checkpoint(teacher, wanted, texts, vectors, seed)


def check_student(wanted: str | Plan, teacher: DualEncoder) -> None:
    """Tell a mistyped name or a size that cannot be at once, before the teacher has read a whole corpus.

    Raises:
        ModelError: neither a size nor a model that can be found; a size that cannot be cut out of this teacher.
    """
    if cut_out(wanted):
        _planned(teacher, wanted, np.zeros(len(teacher.model.tokenizer)), None)  # of no corpus at all
        return
    try:
        resolve_folder(str(wanted))
    except LabError as error:
        raise ModelError(
            f"student={wanted!r} is none of the sizes {', '.join(SIZES)}, no share like 1/6, nor a model: {error}"
        ) from error


# Experiments change one knob after another: those of one size start from one cut, which takes longer than a look
@lru_cache(maxsize=CUTS)
def _cut(
    teacher: DualEncoder,
    wanted: str | Path | Plan,
    texts: tuple[str, ...],
    seed: int,
    observed: int,
    start: str,
    memory: Memory | None,
    table: str,
) -> SentenceTransformer:
    tokenizer = teacher.model.tokenizer
    counts = token_counts(tokenizer, texts)
    worth = promised(tokenizer, counts) if table == "teacher" else None
    chosen = _planned(teacher, wanted, counts, worth)
    vocabulary = trim(tokenizer, counts, chosen.vocabulary, worth)
    if start == "random":
        student = fresh(teacher.model, chosen, vocabulary, seed)
    else:
        sample = [texts[i] for i in _sample(texts, observed, seed)]
        seen = _observed(teacher, sample, chosen.layers, vocabulary.kept, memory)
        student = build(teacher.model, chosen, vocabulary, seen, counts if worth is None else worth, seed)
    parameters = sum(each.numel() for each in student.parameters())
    ratio = None if isinstance(wanted, Plan) else ratio_of(str(wanted))
    if ratio is not None and parameters * ratio > teacher.parameters:
        raise ModelError(
            f"the student to be cut here has {parameters:,} parameters, more than 1/{ratio:g} of"
            f" {teacher.parameters:,}: take a larger size, or a Plan"
        )
    return student


def _planned(teacher: DualEncoder, wanted: str | Path | Plan, counts: np.ndarray, worth: np.ndarray | None) -> Plan:
    """The plan that was given, or that of a size for a corpus with such token counts and a worth of other tokens."""
    size = shape(teacher.model)
    if isinstance(wanted, Plan):
        wanted.check(size)
        return wanted
    ratio = ratio_of(str(wanted))
    assert ratio is not None  # whoever asks has asked `cut_out`
    (least, most), seen = bounds(teacher.model.tokenizer, counts, worth), int((counts > 0).sum())
    return plan(size, teacher.parameters, ratio, seen, least, every_word=0 if worth is None else most)


def _observed(
    teacher: DualEncoder, texts: Sequence[str], layers: tuple[int, ...], tokens: np.ndarray, memory: Memory | None
) -> Observed:
    """What `observe` tells of these tokens, read from `memory` where it was told before."""
    size = shape(teacher.model)

    def find() -> dict[str, np.ndarray]:
        found = observe(teacher.model, texts, layers, tokens, teacher.precision)
        return {"means": found.token_means.numpy(), "usage": found.usage.numpy()}

    depends = [teacher.precision, str(layers), " ".join(map(str, tokens)), *texts]
    shapes = {"means": (len(tokens), size.hidden), "usage": (len(layers), size.intermediate)}
    told = memory.remembered(teacher.fingerprint, "observed", depends, shapes, find) if memory else find()
    return Observed(torch.from_numpy(told["means"]), torch.from_numpy(told["usage"]))


def from_checkpoint(
    teacher: DualEncoder, source: str | Path, texts: Sequence[str], vectors: np.ndarray, seed: int = 0
) -> SentenceTransformer:
    """Any transformers encoder, mean-pooled, with a linear map to the teacher's dimension that stays part of it.

    The map starts at the identity where the dimensions agree, else at the least-squares fit: a random map, thrown
    away after training, is known to lose a quarter of the quality. With a map the student can query
    the teacher's index.

    Raises:
        ModelError: no such model, one that cannot be read, or fewer than two texts to fit the map on.
    """
    folder = resolve_folder(source)
    try:
        told = AutoConfig.from_pretrained(folder).to_dict()
        # no text is seen often enough to be overfitted, and chance inside the model would make no two runs the same
        still = {name: 0.0 for name, value in told.items() if "drop" in name and isinstance(value, float)}
        first = Transformer(
            str(folder), model_kwargs={"use_safetensors": True, "dtype": torch.float32}, config_kwargs=still
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelError(f"{folder} cannot be loaded as an encoder: {error}") from error
    width = first.get_embedding_dimension()
    student = SentenceTransformer(modules=[first, Pooling(width, "mean")], device=str(teacher.model.device))
    projection = Dense(width, teacher.dimension, bias=True, activation_function=torch.nn.Identity())
    if width == teacher.dimension:
        weight, bias = torch.eye(width), torch.zeros(width)
    else:
        sample = _sample(texts, FITTED_TEXTS, seed)
        if len(sample) < 2:
            raise ModelError("a projection cannot be fitted on fewer than two texts; bring more documents")
        own = torch.from_numpy(DualEncoder(student, str(source), teacher.precision).encode([texts[i] for i in sample]))
        weight, bias = least_squares(own, torch.from_numpy(vectors[sample]))
    with torch.no_grad():
        projection.linear.weight.copy_(weight)
        projection.linear.bias.copy_(bias)
    student.append(projection)
    return _finish(student, teacher)


def static_student(teacher: DualEncoder, texts: Sequence[str], parameters: int) -> SentenceTransformer:
    """The baseline without layers: a vector a token, their mean, a linear map. As many parameters as the student
    beside it.

    Starts from the teacher's embedding of each token alone (the idea of model2vec), factorised like the student's
    own table; it is then trained with the student's texts and loss. Its words are those of the corpus, whatever the
    student's are: with others its table is narrower, and it keeps less (docs/recipe.md).
    """
    tokenizer = teacher.model.tokenizer
    counts = token_counts(tokenizer, texts)
    seen = int((counts > 0).sum())
    widths = [w for w in (256, 192, 128, 96, 64, 48, 32, 16) if w <= teacher.dimension]
    width = next((w for w in widths if w * (seen + teacher.dimension) <= parameters), widths[-1])
    vocabulary = trim(tokenizer, counts, max(1, (parameters - (width + 1) * teacher.dimension) // width))
    tokens = tokenizer.convert_ids_to_tokens(vocabulary.kept.tolist())
    alone = torch.from_numpy(teacher.encode([t.removeprefix("##").removeprefix("▁") or t for t in tokens]))
    weight = (torch.from_numpy(counts[vocabulary.kept]).float() + 1).sqrt()[:, None]
    centre = (alone * weight**2).sum(0) / (weight**2).sum()
    basis = torch.linalg.svd((alone - centre) * weight, full_matrices=False).Vh[:width]
    # frequent words say little: the weights a/(a + p) of Arora et al. 2017 (SIF), a = 1e-3
    share = torch.from_numpy(counts[vocabulary.kept] / max(1, counts.sum())).float()[:, None]
    rows = (alone - centre) @ basis.T * (1e-3 / (1e-3 + share))
    projection = Dense(width, teacher.dimension, bias=True, activation_function=torch.nn.Identity())
    with torch.no_grad():
        projection.linear.weight.copy_(basis.T)
        projection.linear.bias.zero_()
    embedding = StaticEmbedding(vocabulary.tokenizer, embedding_weights=rows)
    return _finish(SentenceTransformer(modules=[embedding, projection], device=str(teacher.model.device)), teacher)


def _finish(student: SentenceTransformer, teacher: DualEncoder) -> SentenceTransformer:
    """Normalise where the teacher does; compare as the teacher does."""
    if teacher.normalised:
        student.append(Normalize())
    return SentenceTransformer(
        modules=list(student),
        device=str(teacher.model.device),
        prompts=dict(teacher.model.prompts),
        default_prompt_name=teacher.model.default_prompt_name,
        similarity_fn_name=teacher.model.similarity_fn_name,
    )


def _sample(texts: Sequence[str], most: int, seed: int) -> np.ndarray:
    return np.sort(np.random.default_rng(seed).permutation(len(texts))[:most])
