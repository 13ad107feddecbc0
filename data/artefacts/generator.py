"""Trains the embedded query generator: documents of both collections in, a decoder that rebuilds texts out.

    python data/artefacts/generator.py out/generator                 # about an hour on one core; resumes
    python data/artefacts/generator.py out/generator --steps 12000   # longer, from where it stopped

Recipe: the default teacher reads a text, half of the time (in the end a quarter) with tokens masked, deleted or
swapped; Gaussian noise is put on its states; the decoder writes the text as it was. Texts are titles, sentences, spans
and questions made of documents, without those that are, word for word, a dev or test query. Dev queries are rebuilt now
and then: the length of the run and when the rate falls were chosen by them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch
from generator_texts import COLLECTIONS, CORRUPTED, corrupt, padded, token_ids
from safetensors.torch import load_file
from torch import Tensor, nn

import lab
from lab.device import autocast
from lab.encoders.teacher import DEFAULT_HUB_ID
from lab.generation.embedded import DecoderShape, EmbeddedDecoder, start_as_copier
from lab.generation.load import RECIPE, WEIGHTS, from_stored, save_embedded, table_key
from lab.store import default_folder
from lab.training.batches import all_batches
from lab.training.checkpoint import load_checkpoint, save_checkpoint

STEPS, BATCH, RATE, WARMUP = 7_000, 64, 1e-3, 120
COOLING, WHOLE = 0.6, 0.125  # last shares of the steps: the rate falls · every token is compared with
NOISE, MOST_NOISE = 0.4, 1.2  # |N(0, NOISE)| of the states' RMS on each text, at most MOST_NOISE
NEGATIVES = 3_000  # tokens, beside those of the batch, that a step compares with before it is every one
SAVE_EVERY, LOOK_EVERY, LOOKED = 50, 500, 140  # queries looked at, drawn evenly from all: their order is no chance


class Trainer:
    """Teacher, decoder and texts; one `step` a batch."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        teacher = lab.load_teacher()
        self.tokenizer = teacher.model.tokenizer
        self.encoder = teacher.model.transformers_model
        self.encoder.set_attn_implementation("eager")
        self.rows = token_ids(self.tokenizer)
        seen = np.unique(np.concatenate(self.rows))
        letters = [i for i, t in enumerate(self.tokenizer.convert_ids_to_tokens(range(len(self.tokenizer))))
                   if len(t.removeprefix("##")) == 1]  # fmt: skip
        special = (self.tokenizer.pad_token_id, self.tokenizer.cls_token_id, self.tokenizer.sep_token_id)
        kept = np.unique(np.concatenate([seen, letters, special]))
        table = self.encoder.get_input_embeddings().weight.detach()
        sample = self.rows[:: max(1, len(self.rows) // 3_000)]
        states, tokens = zip(*(self._flat(sample[i : i + 64]) for i in range(0, len(sample), 64)), strict=True)
        every = torch.cat(states)
        self.decoder = EmbeddedDecoder(table, kept, special, float(every.pow(2).mean().sqrt()), DecoderShape())
        start_as_copier(self.decoder, every, torch.cat(tokens))
        self.decoder.bart.set_attn_implementation("eager")
        weights = [p for p in self.decoder.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(weights, lr=RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)

    def states(self, rows: list[list[int]]) -> tuple[Tensor, Tensor]:
        """The teacher's last states (n, T, d) and the mask (n, T)."""
        ids = padded(rows, self.tokenizer.pad_token_id)
        mask = (ids != self.tokenizer.pad_token_id).long()
        with torch.no_grad(), autocast(ids.device):
            return self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float(), mask

    def _flat(self, rows: list[list[int]]) -> tuple[Tensor, Tensor]:
        states, mask = self.states(rows)
        return states[mask.bool()], padded(rows, 0)[mask.bool()]

    def step(self, at: np.ndarray, number: int, every_token: bool) -> tuple[float, float]:
        """One update; returns loss and share of tokens that were right."""
        random = np.random.default_rng([1, number])
        rows, share = [self.rows[i] for i in at], CORRUPTED / 2 if every_token else CORRUPTED
        states, mask = self.states([corrupt(row, self.tokenizer.mask_token_id, random, share) for row in rows])
        noise = np.minimum(np.abs(random.normal(0, NOISE, len(rows))), MOST_NOISE) * self.decoder.rms
        torch.manual_seed(number)
        states = states + torch.from_numpy(noise).float()[:, None, None] * torch.randn_like(states)
        target = torch.from_numpy(self.decoder.new)[padded(rows, self.tokenizer.pad_token_id)]
        real = target[:, 1:] != self.decoder.bart.config.pad_token_id
        with autocast(states.device):
            hidden = self.decoder.hidden(states, mask, target[:, :-1])[real]  # (tokens, d)
            table, wanted = self.decoder.bart.get_input_embeddings().weight, target[:, 1:][real]
            if not every_token:
                others = random.integers(0, len(table), NEGATIVES)
                compared, inverse = np.unique(np.concatenate([wanted.numpy(), others]), return_inverse=True)
                table, wanted = table[torch.from_numpy(compared)], torch.from_numpy(inverse[: len(wanted)])
            logits = hidden @ table.T
        loss = nn.functional.cross_entropy(logits.float(), wanted)
        loss.backward()
        nn.utils.clip_grad_norm_(self.decoder.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return loss.item(), (logits.argmax(1) == wanted).float().mean().item()

    def look(self) -> dict[str, float]:
        """Share of some dev queries rebuilt exactly without noise, token for token."""
        found = {}
        for name in COLLECTIONS:
            queries = list(lab.load_collection(name).queries["dev"].values())
            rows = np.linspace(0, len(queries) - 1, min(LOOKED, len(queries))).round().astype(int)
            found[name] = self.exact([queries[row] for row in rows])
        return found

    def exact(self, texts: list[str]) -> float:
        rows, end, right = list(self.tokenizer(texts)["input_ids"]), self.tokenizer.sep_token_id, 0
        for start in range(0, len(rows), 70):
            part = rows[start : start + 70]
            states, mask = self.states([row[: self.decoder.shape.longest] for row in part])
            with torch.no_grad():
                most = self.decoder.shape.longest
                found = self.decoder.generate(states, mask, do_sample=False, num_beams=1, max_length=most).tolist()
            ends = [row.index(end) if end in row else len(row) for row in found]
            right += sum(f[1:e] == row[1:-1] for f, e, row in zip(found, ends, part, strict=True))
        return right / len(rows)


def rate(step: int, steps: int) -> float:
    """Rise, stay, fall in a straight line in the end: a run can be made longer until it begins to fall."""
    return RATE * min((step + 1) / WARMUP, 1.0, (steps - step) / (COOLING * steps))


def train(target: Path, steps: int = STEPS, state: Path | None = None) -> None:
    """Train, or go on training, and write the folder `target`; the unfinished training is kept in `state`."""
    trainer, state = Trainer(), state or default_folder() / "query-rewriter.state"
    state.parent.mkdir(parents=True, exist_ok=True)
    print(f"{len(trainer.rows):,} texts, {len(trainer.decoder.kept):,} tokens kept, "
          f"{sum(t.numel() for t in trainer.decoder.trained().values()):,} numbers trained", flush=True)  # fmt: skip
    done = 0
    if state.exists():
        done = load_checkpoint(state, key(trainer), trainer.decoder, trainer.optimiser)[0]["step"]
    if not done:
        print(json.dumps({"step": 0, "dev": trainer.look()}), flush=True)
    began, seen = time.monotonic(), []
    for step, at in enumerate(all_batches([len(r) for r in trainer.rows], BATCH, 0, steps, done), done):
        for group in trainer.optimiser.param_groups:
            group["lr"] = rate(step, steps)
        seen.append(trainer.step(at, step, every_token=step >= (1 - WHOLE) * steps))
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == steps:
            save_checkpoint(state, key(trainer), trainer.decoder, trainer.optimiser, None, {"step": step + 1})
            loss, right = np.mean(seen, axis=0)
            print(json.dumps({"step": step + 1, "loss": round(loss, 3), "right": round(right, 3),
                              "seconds": round(time.monotonic() - began)}), flush=True)  # fmt: skip
            seen = []
        if (step + 1) % LOOK_EVERY == 0:
            print(json.dumps({"step": step + 1, "dev": trainer.look()}), flush=True)
    finish(trainer, target, steps)
    state.unlink()


def finish(trainer: Trainer, target: Path, steps: int) -> None:
    """Write what ships, read it again, and note how much of the dev queries the eight-bit weights rebuild."""
    table = trainer.encoder.get_input_embeddings().weight
    facts = {"teacher": DEFAULT_HUB_ID, "texts": len(trainer.rows), "steps": steps, "batch": BATCH, "rate": RATE,
             "noise": NOISE, "corrupted": CORRUPTED, "collections": COLLECTIONS}  # fmt: skip
    save_embedded(trainer.decoder, table, target, **facts)
    recipe = json.loads((target / RECIPE).read_text(encoding="utf-8"))
    trainer.decoder = from_stored(load_file(target / WEIGHTS), recipe, table.detach()).eval()
    recipe[f"exact on {LOOKED} dev queries, without noise"] = trainer.look()
    (target / RECIPE).write_text(json.dumps(recipe, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(recipe), flush=True)


def key(trainer: Trainer) -> str:
    """What a training is, its length apart: a state of another one is refused."""
    what = [BATCH, RATE, WARMUP, NOISE, MOST_NOISE, NEGATIVES, CORRUPTED, trainer.decoder.shape, trainer.rows]
    return hashlib.sha256(f"{what}{table_key(trainer.encoder.get_input_embeddings().weight)}".encode()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--state", type=Path, help="file of the unfinished training; default: in the lab's cache")
    arguments = parser.parse_args()
    train(arguments.target, arguments.steps, arguments.state)


if __name__ == "__main__":
    main()
