"""The clinic's seven students: one healthy, six broken the way students are broken in practice. Real runs, all of them.

Every case starts from the same untrained `tenth` and the same texts, and trains the same number of steps; one thing is
done wrong. What is kept is a `Recording` over the dev queries with the gauges of `lab.geometry.diagnosis` as measures.
The cases are numbered in an order drawn from the seed, and which one suffers from what stands in the recording alone.

    python data/artefacts/clinic.py FOLDER [SEED]    # make.py ships seed 0; another seed tests the thresholds
"""

from __future__ import annotations

import dataclasses
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Pooling

import lab
from lab import DistillConfig, artefacts
from lab.collection import Collection
from lab.config import PAPER
from lab.encoders.student import make_student
from lab.encoders.teacher import DualEncoder
from lab.geometry import distances, safe_radius, spread
from lab.probe import Probe
from lab.recording import Recorder, Recording
from lab.training import Progress, TrainingData, train
from lab.training.batches import all_batches, probe_steps, steps_in

STEPS, LOOKS = 300, 10
HIGH_RATE = 0.05  # 25 times the default
FRESH = 200  # training texts that the teacher encodes again
RECENT = 10  # batches whose mean is the training loss of a look
Served = Callable[[SentenceTransformer], SentenceTransformer]


def build(target: Path, seed: int = 0) -> None:
    """Run the seven, write `case-1` … `case-7` into the folder `target`."""
    collection, teacher = lab.load_collection("wiki"), lab.load_teacher()
    data, _ = artefacts.live_data(collection)
    order = np.random.default_rng(seed).permutation(len(CASES))
    for number, place in enumerate(order, 1):
        name = list(CASES)[place]
        print(f"case {number}", flush=True)
        found = record(name, collection, teacher, data, seed)
        found.save(target / f"case-{number}")


def record(
    name: str,
    collection: Collection,
    teacher: DualEncoder,
    data: TrainingData,
    seed: int = 0,
    config: DistillConfig | None = None,
) -> Recording:
    """Train one case and look at it as it would be served.

    Args:
        config: other settings than the clinic's; the case then changes one of them.
    """
    config = config or DistillConfig(epochs=STEPS * DistillConfig.batch / len(data.texts), device="cpu", **PAPER)
    config = dataclasses.replace(config, seed=seed, probes=LOOKS, select=False, static=False)
    torch.manual_seed(seed)
    model = make_student(teacher, config.student, data.texts, data.queries, seed, config.observed)
    prepared = CASES[name](model, data, config)
    ward = _Ward(name, prepared, collection, teacher)
    for event in prepared.train(ward.look):
        if isinstance(event, Progress):
            ward.losses.append(event.terms.get("query_matching", event.loss))
    return ward.recorder.recording()


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A case ready to be run: what is trained, on what, and what of it is served in the end."""

    model: SentenceTransformer
    data: TrainingData
    config: DistillConfig
    served: Served = lambda model: model
    loop: Callable[..., Iterator[object]] = train

    def train(self, look: Callable[[int], float]) -> Iterator[object]:
        return self.loop(self.model, self.data, self.config, probe=look)


class _Ward:
    """Looks at a student while it trains and notes every gauge."""

    def __init__(self, name: str, case: Prepared, collection: Collection, teacher: DualEncoder) -> None:
        self.case, self.losses = case, deque[float](maxlen=RECENT)
        self._probe = Probe.of_queries(collection, "dev", teacher, case.data, lab.VectorStore())
        radius = safe_radius(self._probe.teacher_vectors, self._probe.documents).radius
        queries = dict(zip(self._probe.teacher.query_ids, self._probe.texts, strict=True))
        about = {
            "illness": name,
            "probes": "dev",
            "collection": {"name": collection.name, "fingerprint": collection.fingerprint},
        }
        self.recorder = Recorder(self._probe.teacher, self._probe.positions, radius, queries, about)
        rows = np.sort(np.random.default_rng(0).permutation(len(case.data.texts))[:FRESH])
        fresh = teacher.encode([case.data.texts[row] for row in rows])
        self._off = float(distances(case.data.queries[rows], fresh).mean())

    def look(self, step: int) -> float:
        encoder = DualEncoder(self.case.served(self.case.model), "a patient", self.case.config.precision)
        seen = self._probe.look(encoder)
        loss = float(np.mean(self.losses)) if self.losses else float("nan")  # before the first step nothing is known
        gauges = {
            "training loss": loss,
            "spread": spread(seen.vectors),
            "negative numbers": float((seen.vectors < 0).mean()),
            "targets off": self._off,
        }
        self.recorder.add(step, seen.run, seen.distances, seen.measures | gauges)
        return seen.score


def healthy(model: SentenceTransformer, data: TrainingData, config: DistillConfig) -> Prepared:
    return Prepared(model, data, config)


def rate(model: SentenceTransformer, data: TrainingData, config: DistillConfig) -> Prepared:
    return Prepared(model, data, dataclasses.replace(config, rate=HIGH_RATE))


def relu(model: SentenceTransformer, data: TrainingData, config: DistillConfig) -> Prepared:
    """A projection with an activation behind it: many a Dense layer's default."""
    return Prepared(_projected(model, torch.nn.ReLU()), data, config)


def dropped(model: SentenceTransformer, data: TrainingData, config: DistillConfig) -> Prepared:
    """A projection that belonged to the loss, and so was not saved with the model."""
    return Prepared(_projected(model, torch.nn.Identity()), data, config, served=_without_projection)


def pooling(model: SentenceTransformer, data: TrainingData, config: DistillConfig) -> Prepared:
    """Trained with the mean over the tokens, served with the first token's vector."""
    return Prepared(model, data, config, served=_first_token)


def stale(model: SentenceTransformer, data: TrainingData, config: DistillConfig) -> Prepared:
    """Targets kept by position: one text was put in front since, so each text gets its neighbour's vector."""
    return Prepared(model, dataclasses.replace(data, queries=np.roll(data.queries, 1, axis=0)), config)


def collapse(model: SentenceTransformer, data: TrainingData, config: DistillConfig) -> Prepared:
    """A trainable projection on the teacher's side: the loss falls fastest where both map everything to one point."""
    return Prepared(model, data, config, loop=_meet_halfway)


CASES: dict[str, Callable[[SentenceTransformer, TrainingData, DistillConfig], Prepared]] = {
    "healthy": healthy,
    "rate too high": rate,
    "ReLU projection": relu,
    "dropped projection": dropped,
    "wrong pooling": pooling,
    "stale teacher vectors": stale,
    "collapse": collapse,
}


def _projected(model: SentenceTransformer, activation: torch.nn.Module) -> SentenceTransformer:
    width = model.get_embedding_dimension()
    dense = Dense(width, width, bias=False, activation_function=activation)  # torch's random start
    encoder, pool, *rest = list(model)
    return _like(model, [encoder, pool, dense, *rest])


def _without_projection(model: SentenceTransformer) -> SentenceTransformer:
    return _like(model, [module for module in model if not isinstance(module, Dense)])


def _first_token(model: SentenceTransformer) -> SentenceTransformer:
    width = model.get_embedding_dimension()
    return _like(model, [Pooling(width, "cls") if isinstance(module, Pooling) else module for module in model])


def _like(model: SentenceTransformer, modules: list[torch.nn.Module]) -> SentenceTransformer:
    """Another chain of modules, the same objects where they are the same: what is trained is seen at once."""
    return SentenceTransformer(
        modules=modules, device=str(model.device), prompts=dict(model.prompts),
        default_prompt_name=model.default_prompt_name, similarity_fn_name=model.similarity_fn_name,
    )  # fmt: skip


def _meet_halfway(
    model: SentenceTransformer, data: TrainingData, config: DistillConfig, probe: Callable[[int], float]
) -> Iterator[object]:
    """The lab's loop cannot do this: its targets stand still. So here is a loop whose targets move as well."""
    steps = steps_in(len(data.texts), config.batch, config.epochs)
    looks = set(probe_steps(steps, config.probes))
    bridge = torch.nn.Linear(data.queries.shape[1], data.queries.shape[1])
    optimiser = torch.optim.AdamW([*model.parameters(), *bridge.parameters()], lr=config.rate)
    probe(0)
    model.train()
    lengths = [len(text) for text in data.texts]
    for step, rows in enumerate(all_batches(lengths, config.batch, config.seed, steps), 1):
        features = model.preprocess([data.texts[row] for row in rows])
        found = model(features)["sentence_embedding"].float()
        wanted = torch.nn.functional.normalize(bridge(torch.from_numpy(data.queries[rows])), dim=1)
        loss = (wanted - found).norm(dim=1).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimiser.step()
        optimiser.zero_grad()
        yield Progress(step, steps, loss.item(), 0.0, 0.0)
        if step in looks:
            model.eval()
            probe(step)
            model.train()


if __name__ == "__main__":
    build(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
