"""Build a student out of its teacher: the last layers, narrower, on a factorised token table over a trimmed vocabulary.

The result is a stock ELECTRA (word vectors of width E, LayerNorm, a linear map to the hidden width, BERT layers), so
it loads anywhere without our code. Choices and where they come from:

- layers: QED (arXiv 2306.11550) keeps first and last; trials here found the last ones better once the table stands
  in for the layers below them (see `anatomy.observe`);
- table: E[h | token] at the first kept layer, weighted PCA to E dimensions, then least squares through the LayerNorm;
- feed-forward: the units with the largest mean |activation| · ‖outgoing weights‖ on the corpus.
"""

from __future__ import annotations

import copy
import tempfile

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Transformer
from torch import Tensor
from transformers import ElectraConfig, ElectraModel

from lab.encoders.anatomy import Observed, layer_modules, layer_tensors, shape
from lab.encoders.sizes import POSITIONS, Plan
from lab.encoders.vocabulary import Vocabulary


def build(
    teacher: SentenceTransformer,
    wanted: Plan,
    vocabulary: Vocabulary,
    observed: Observed,
    counts: np.ndarray,
    seed: int = 0,
) -> SentenceTransformer:
    """The untrained student: an ELECTRA cut from the teacher, then the teacher's own pooling and later modules.

    Args:
        observed: of the teacher at `wanted.layers`, the rows those of the vocabulary's tokens.
        counts: (teacher's V,) token counts in the corpus, the weights of the factorisation.
    """
    student = ElectraModel(_architecture(teacher, wanted, vocabulary)).eval()
    _fill_table(student, observed.token_means, torch.from_numpy(counts[vocabulary.kept]).float(), seed)
    layers = layer_modules(teacher)
    for number, layer in enumerate(wanted.layers):
        tensors = _prune(layer_tensors(layers[layer]), observed.usage[number], wanted.intermediate)
        student.encoder.layer[number].load_state_dict(tensors)
    return assemble(student, vocabulary, teacher)


def fresh(teacher: SentenceTransformer, wanted: Plan, vocabulary: Vocabulary, seed: int = 0) -> SentenceTransformer:
    """The same architecture with nothing of the teacher's weights in it: the control that tells what the start gives.

    All is initialised as transformers and torch initialise it, from `seed`; also dense layers behind the pooling.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        student = assemble(ElectraModel(_architecture(teacher, wanted, vocabulary)).eval(), vocabulary, teacher)
        for module in list(student)[1:]:
            for part in module.modules():
                if isinstance(part, torch.nn.Linear | torch.nn.LayerNorm):
                    part.reset_parameters()
    return student


def _architecture(teacher: SentenceTransformer, wanted: Plan, vocabulary: Vocabulary) -> ElectraConfig:
    size = shape(teacher)
    return ElectraConfig(
        vocab_size=len(vocabulary.kept),
        embedding_size=wanted.embedding,
        hidden_size=size.hidden,
        num_hidden_layers=len(wanted.layers),
        num_attention_heads=size.heads,
        intermediate_size=wanted.intermediate,
        hidden_act=size.activation,
        layer_norm_eps=size.norm_eps,
        max_position_embeddings=min(POSITIONS, int(teacher.max_seq_length or POSITIONS)),
        type_vocab_size=1,
        # tens of thousands of texts seen a few times are not overfitted; dropout would only slow the copying
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=vocabulary.tokenizer.pad_token_id,
    )


def assemble(encoder: ElectraModel, vocabulary: Vocabulary, teacher: SentenceTransformer) -> SentenceTransformer:
    """Put the teacher's pooling, dense and normalisation modules behind a new encoder; prompts and similarity stay
    the teacher's."""
    with (
        tempfile.TemporaryDirectory() as folder
    ):  # sentence-transformers builds its Transformer module from a folder only
        encoder.save_pretrained(folder)
        vocabulary.tokenizer.save_pretrained(folder)
        first = Transformer(folder, model_kwargs={"use_safetensors": True, "attn_implementation": "sdpa"})
    first.max_seq_length = encoder.config.max_position_embeddings
    later = [copy.deepcopy(module) for module in list(teacher)[1:]]
    return SentenceTransformer(
        modules=[first, *later],
        device=str(teacher.device),
        prompts=dict(teacher.prompts),
        default_prompt_name=teacher.default_prompt_name,
        similarity_fn_name=teacher.similarity_fn_name,
    )


def _prune(tensors: dict[str, Tensor], usage: Tensor, units: int) -> dict[str, Tensor]:
    """Keep the feed-forward units that write most into the residual stream."""
    if units >= len(usage):
        return tensors
    strength = usage * tensors["output.dense.weight"].norm(dim=0)
    kept = strength.argsort(descending=True)[:units].sort().values
    tensors["intermediate.dense.weight"] = tensors["intermediate.dense.weight"][kept]
    tensors["intermediate.dense.bias"] = tensors["intermediate.dense.bias"][kept]
    tensors["output.dense.weight"] = tensors["output.dense.weight"][:, kept]
    return tensors


@torch.no_grad()
def _fill_table(student: ElectraModel, wanted: Tensor, counts: Tensor, seed: int) -> None:
    """Factorise (V, hidden) token vectors into the table, its LayerNorm and the map to the hidden width.

    Weighted PCA gives coordinates; LayerNorm would bend them, so they are turned at random first (then no coordinate
    carries the row's mean or scale) and the map is fitted by least squares *behind* the LayerNorm.
    """
    width = student.config.embedding_size
    weight = (counts + 1).sqrt()[:, None]
    centre = (wanted * weight**2).sum(0) / (weight**2).sum()
    basis = torch.linalg.svd((wanted - centre) * weight, full_matrices=False).Vh[:width]
    turn = torch.linalg.qr(torch.randn(width, width, generator=torch.Generator().manual_seed(seed)))[0]
    rows = (wanted - centre) @ basis.T @ turn
    rows = rows / rows.std()
    matrix, bias = least_squares(torch.nn.functional.layer_norm(rows, (width,)), wanted, weight)
    student.embeddings.word_embeddings.weight.copy_(rows)
    # positions start at 0: what position adds is learnt, and positions never trained stay harmless
    student.embeddings.position_embeddings.weight.zero_()
    student.embeddings.token_type_embeddings.weight.zero_()
    student.embeddings_project.weight.copy_(matrix)
    student.embeddings_project.bias.copy_(bias)


def least_squares(given: Tensor, wanted: Tensor, weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """(matrix, bias) of the affine map given → wanted, as a linear layer holds them: (d_out, d_in) and (d_out,).

    A little ridge keeps few or dependent rows from blowing it up. Solved in float64, so that the float32 result does
    not depend on how memory happened to be aligned: same seed, same student.
    """
    design = torch.cat([given, torch.ones(len(given), 1)], 1).double()
    scaled = design if weight is None else design * weight.double() ** 2
    gram = scaled.T @ design
    ridge = 1e-4 * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.double)
    solution = torch.linalg.solve(gram + ridge, scaled.T @ wanted.double()).float()
    return solution[:-1].T, solution[-1]
