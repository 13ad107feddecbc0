"""Trains the embedded query generator: documents of both collections in, a decoder that rebuilds texts out.

    python data/artefacts/generator.py out.safetensors                  # about an hour on one core; resumes
    python data/artefacts/generator.py out.safetensors --steps 8000     # longer, from where it stopped

Recipe: the default teacher reads a text, half of the time with tokens masked, deleted or swapped; Gaussian noise is put
on its states; the decoder writes the text as it was. Texts are titles, sentences, spans and questions made of
documents. No observed query is read to train on; dev queries are rebuilt now and then to be looked at.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import lab
from lab.collection.texts import TextMix, document_texts, sentences
from lab.device import autocast
from lab.generation.embedded import DecoderShape, EmbeddedDecoder, start_as_copier
from lab.training.batches import all_batches

COLLECTIONS = ("wiki", "pydocs")
MIX = TextMix(sentences=5, spans=4, questions=3, span_words=(2, 14), most=10**9)
SHORTEST, LONGEST = 4, 24  # tokens of a training text, [CLS] and [SEP] included
STEPS, BATCH, RATE, WARMUP, COOLING = 6_000, 64, 1e-3, 0.02, 0.25
CORRUPTED, MASKED, DELETED, SWAPPED = 0.5, 0.10, 0.08, 0.05  # share of texts; shares of a corrupted text's tokens
NOISE, MOST_NOISE = 0.4, 1.2  # |N(0, NOISE)| of the states' RMS on each text, at most MOST_NOISE
NEGATIVES = 3_000  # tokens, beside those of the batch, that a step compares with; all of them while cooling
SAVE_EVERY, LOOK_EVERY = 50, 500

_IS = re.compile(r"^(?:The |A |An )?(.{2,60}?) (is|was|are|were) ((?:a|an|the|one of)\b[^.;(]{4,90})")
_OF = re.compile(r"\b(is|was|are|were)? ?the ((?:[a-z]{3,} )?[a-z]{3,}) of\b")
_ASKED = ("What is the {} of {}?", "what was the {} of {}", "Who is the {} of {}?", "who was the {} of {}",
          "When was the {} of {}?", "How is the {} of {} called?", "{} of {}", "what are the {} of {}",
          "Which is the {} of {}?", "What is {1}'s {0}?")  # fmt: skip


def questions(collection: lab.Collection, seed: int = 0) -> list[str]:
    """Questions in proper English: what first sentences state, turned round; and nouns that the documents themselves
    use before "of", asked about titles."""
    random = np.random.default_rng(seed)
    nouns = Counter(match[1] for body in collection.bodies for match in set(_OF.findall(body)))
    common = [noun for noun, count in nouns.items() if count >= 4]
    found = []
    for title, body in zip(collection.titles, collection.bodies, strict=True):
        first = next(iter(sentences(body)), "")
        if match := _IS.match(first):
            verb, rest = match[2], match[3].strip(" ,")
            word = random.choice(["What", "Who", "Which", "what", "who"])
            found += [f"{word} {verb} {rest}?", f"{word} {verb} {title}?"]
            if "," in rest:
                found.append(f"{word} {verb} {rest.split(',')[0]}")
        for _ in range(4 if title and common else 0):
            noun = str(random.choice(common))
            found.append(str(random.choice(_ASKED)).format(noun, re.sub(r" \(.*", "", title)))
    return found


def token_ids(tokenizer: object) -> list[list[int]]:
    """The training texts as the teacher's token ids."""
    texts: dict[str, None] = {}
    for name in COLLECTIONS:
        collection = lab.load_collection(name)
        made = [*document_texts(collection, mix=MIX).texts, *questions(collection)]
        texts.update(dict.fromkeys(text for text in made if _plain(text)))
    ids = tokenizer(list(texts), truncation=False)["input_ids"]  # type: ignore[operator]
    return [row for row in ids if SHORTEST <= len(row) <= LONGEST]


def _plain(text: str) -> bool:
    """Prose, not code: most characters are letters, and it stands on one line of thought."""
    letters = sum(character.isalpha() or character == " " for character in text)
    return ">>>" not in text and letters >= 0.85 * len(text)


def corrupt(row: list[int], mask: int, random: np.random.Generator) -> list[int]:
    """A text as the encoder reads it: now and then with tokens masked, deleted and swapped; ends stay."""
    if random.random() > CORRUPTED:
        return row
    inner = [mask if random.random() < MASKED else token for token in row[1:-1]]
    kept = [token for token in inner if random.random() > DELETED] or inner
    for place in range(len(kept) - 1):
        if random.random() < SWAPPED:
            kept[place], kept[place + 1] = kept[place + 1], kept[place]
    return [row[0], *kept, row[-1]]


def padded(rows: list[list[int]], fill: int) -> Tensor:
    """(n, longest) int64."""
    out = np.full((len(rows), max(map(len, rows))), fill)
    for place, row in enumerate(rows):
        out[place, : len(row)] = row
    return torch.from_numpy(out)


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
        rows = [self.rows[i] for i in at]
        states, mask = self.states([corrupt(row, self.tokenizer.mask_token_id, random) for row in rows])
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
        loss = nn.functional.cross_entropy(logits.float(), wanted, label_smoothing=0.0)
        loss.backward()
        nn.utils.clip_grad_norm_(self.decoder.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return loss.item(), (logits.argmax(1) == wanted).float().mean().item()

    def look(self) -> dict[str, float]:
        """Share of dev queries rebuilt exactly without noise, token for token."""
        return {name: self.exact([*lab.load_collection(name).queries["dev"].values()][:140]) for name in COLLECTIONS}

    def exact(self, texts: list[str]) -> float:
        rows = list(self.tokenizer(texts)["input_ids"])
        right = 0
        for start in range(0, len(rows), 70):
            part = rows[start : start + 70]
            states, mask = self.states([row[: self.decoder.shape.longest] for row in part])
            with torch.no_grad():
                found = self.decoder.generate(states, mask, do_sample=False, num_beams=1, max_length=40).tolist()
            ends = [row.index(102) if 102 in row else len(row) for row in found]
            right += sum(f[1:e] == row[1:-1] for f, e, row in zip(found, ends, part, strict=True))
        return right / len(rows)


def rate(step: int, steps: int) -> float:
    """Rise, stay, fall in a straight line over the last quarter: a run can be made longer until it begins to fall."""
    return RATE * min((step + 1) / (WARMUP * steps), 1.0, (steps - step) / (COOLING * steps))


def train(target: Path, steps: int = STEPS) -> None:
    trainer, state = Trainer(), target.with_suffix(".state")
    print(f"{len(trainer.rows):,} texts, {len(trainer.decoder.kept):,} tokens kept, "
          f"{sum(t.numel() for t in trainer.decoder.trained().values()):,} numbers trained", flush=True)  # fmt: skip
    done = 0
    if state.exists():
        held = load_file(state)
        done = int(held.pop("step"))
        trainer.decoder.load({k[2:]: v for k, v in held.items() if k.startswith("w.")})
        restore(trainer, held)
    if not done:
        print(json.dumps({"step": 0, "dev": trainer.look()}), flush=True)
    began, seen = time.monotonic(), []
    for step, at in enumerate(all_batches([len(r) for r in trainer.rows], BATCH, 0, steps, done), done):
        for group in trainer.optimiser.param_groups:
            group["lr"] = rate(step, steps)
        seen.append(trainer.step(at, step, every_token=step >= (1 - COOLING) * steps))
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == steps:
            save(trainer, state, step + 1)
            loss, right = np.mean(seen, axis=0)
            print(json.dumps({"step": step + 1, "loss": round(loss, 3), "right": round(right, 3),
                              "seconds": round(time.monotonic() - began)}), flush=True)  # fmt: skip
            seen = []
        if (step + 1) % LOOK_EVERY == 0 or step + 1 == steps:
            print(json.dumps({"step": step + 1, "dev": trainer.look()}), flush=True)


def save(trainer: Trainer, state: Path, step: int) -> None:
    held = {f"w.{name}": tensor for name, tensor in trainer.decoder.trained().items()}
    for place, values in trainer.optimiser.state_dict()["state"].items():
        held |= {f"o.{place}.{name}": value for name, value in values.items()}
    temporary = state.with_suffix(".tmp")
    save_file({name: t.contiguous().clone() for name, t in held.items()} | {"step": torch.tensor(step)}, temporary)
    os.replace(temporary, state)


def restore(trainer: Trainer, held: dict[str, Tensor]) -> None:
    whole = trainer.optimiser.state_dict()
    for name, value in held.items():
        if name.startswith("o."):
            _, place, key = name.split(".")
            whole["state"].setdefault(int(place), {})[key] = value
    trainer.optimiser.load_state_dict(whole)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    train(arguments.target, arguments.steps)


if __name__ == "__main__":
    main()
