"""What the students of benchmarks/generated.py are trained on: observed queries, one kind of extra text beside them.

    python benchmarks/generated_texts.py      # docs/generated-left-out.json: what each pool leaves out; makes the pools

Extra texts come out of pools that all seeds share: queries made of the observed ones (a student is given those of its
own), sentences of pydocs documents (the index has them anyway), sentences of wiki. A seed draws which queries are
observed, the smaller sizes' among the larger's, and which extra texts are taken.

A text that is, word for word, a dev or test query of pydocs is left out of a pool, and counted: pydocs' queries are
sentences of docstrings, and documents quote each other. (`lab distill` cannot do that: it opens neither split.)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from results import ROOT, commit, read_json, write_json

import lab
from lab import artefacts
from lab.collection.texts import held_out_rows
from lab.generation import SENTENCES, FromDocuments, FromQueries, Made, NoiseSettings, QuerySource, Repeated, mixed
from lab.generation.filters import same_words
from lab.generation.made import picked

RUNS, LEFT_OUT = ROOT / "runs" / "generated", ROOT / "docs" / "generated-left-out.json"
EXTRA, SEEDS, FEW, ALL = 2, (0, 1, 2), 500, 8_000  # two extra texts an observed query, as in the paper
NOTHING, WIKI, SENTENCE, AGAIN, STATIC = "nothing extra", "out of domain", "sentences", "repeated", "static student"
DEFAULT = "generated, σ 0.75"
SIGMAS = {DEFAULT: 0.75, "generated, σ 0.5": 0.5, "generated, σ 2": 2.0}
SPARE = 1.1  # made queries a pool holds more than a seed takes of it on average
HELD_OUT = ("dev", "test")
# pools whose leavings are published; of all observed queries at one σ alone, which takes minutes
COUNTED = ((SENTENCE, ALL), (WIKI, ALL), *((arm, FEW) for arm in SIGMAS), (DEFAULT, ALL))


def left_out(made: Made, collection: lab.Collection) -> Made:
    """Without the texts that say what a dev or test query says; how many those were stands among what was dropped."""
    keep, dropped = np.ones(len(made), dtype=bool), dict(made.dropped)
    for split in HELD_OUT:
        equal = same_words(made.texts, tuple(collection.queries[split].values()))
        dropped[reason(split)] = int(equal.sum())
        keep &= ~equal
    rows = np.flatnonzero(keep)
    return Made(tuple(made.texts[i] for i in rows), made.rows[rows], dropped)


def reason(split: str) -> str:
    """Under which what is left out is counted."""
    return f"a {split} query"


@dataclass(frozen=True)
class Run:
    """One student of the study."""

    observed: int
    arm: str
    seed: int

    @property
    def name(self) -> str:
        return f"{self.observed}-{self.arm.replace(', σ ', '-').replace(' ', '-')}-{self.seed}"


@dataclass(frozen=True, eq=False)
class FromPool:
    """Of a pool of texts those whose source is among `rows`; all of them where that is None."""

    pool: Made
    rows: np.ndarray | None = None
    name: str = "pool"

    def draw(self, count: int, seed: int = 0) -> Made:
        """`count` of them, drawn evenly.

        Raises:
            DataError: there are fewer.
        """
        own = np.arange(len(self.pool)) if self.rows is None else np.flatnonzero(np.isin(self.pool.rows, self.rows))
        made = Made(tuple(self.pool.texts[i] for i in own), self.pool.rows[own], self.pool.dropped)
        return picked(made, count, self.name, seed)


class Texts:
    """The texts of every run, and the teacher's vectors of them."""

    def __init__(self, collection: lab.Collection, teacher: lab.DualEncoder, store: lab.VectorStore) -> None:
        self.collection, self.teacher, self.store = collection, teacher, store
        train = list(collection.queries["train"].values())
        self.queries = tuple(train[i] for i in np.random.default_rng(0).permutation(len(train))[:ALL])
        self.rows = np.setdiff1d(np.arange(len(collection)), held_out_rows(collection))
        self._pools: dict[str, Made] = {}
        self._vectors: dict[str, np.ndarray] = {}
        self._learn(self.queries)

    def observed(self, run: Run) -> np.ndarray:
        """Positions of the run's observed queries; those of a smaller size are among those of a larger one."""
        return np.random.default_rng(run.seed).permutation(ALL)[: run.observed]

    def of(self, run: Run) -> Made:
        """Observed and extra texts of a run; of `STATIC`, those of the default σ."""
        rows = self.observed(run)
        seen = Repeated(tuple(self.queries[i] for i in rows), "observed")
        arm = DEFAULT if run.arm == STATIC else run.arm
        if arm == NOTHING:
            return seen.draw(run.observed, run.seed)
        extra: QuerySource = Repeated(seen.queries) if arm == AGAIN else FromPool(
            self.pool(arm, run.observed), rows if arm in SIGMAS else None, arm
        )  # fmt: skip
        return mixed({seen: 1, extra: EXTRA}, (1 + EXTRA) * run.observed, run.seed)

    def vectors(self, made: Made) -> np.ndarray:
        """(n, d) the teacher's."""
        return np.stack([self._vectors[text] for text in made.texts])

    def _learn(self, texts: tuple[str, ...]) -> None:
        self._vectors |= dict(zip(texts, self.store.vectors(self.teacher, texts, "query"), strict=True))

    def pool(self, arm: str, observed: int) -> Made:
        """All texts that an arm takes its extra ones from, with what was left out of them."""
        # made queries of the few that the smallest size observes have a pool of their own: making them is what is slow
        key = arm if arm not in SIGMAS else f"{SIGMAS[arm]:g}-{'few' if observed == FEW else 'all'}"
        if key not in self._pools:
            made = self._made(arm, key) if arm in SIGMAS else self._sentences(arm)
            self._pools[key] = left_out(made, self.collection) if arm in SIGMAS else made
            self._learn(self._pools[key].texts)
        return self._pools[key]

    def _sentences(self, arm: str) -> Made:
        source = (
            FromDocuments(lab.load_collection("wiki"), SENTENCES)
            if arm == WIKI
            else FromDocuments(self.collection, SENTENCES, tuple(self.rows))
        )
        # left out before they are drawn, so that there are as many as everywhere
        return picked(left_out(source.draw(), self.collection), EXTRA * ALL, arm)

    def _made(self, arm: str, key: str) -> Made:
        path = RUNS / f"pool-{key}.json"
        if not path.exists():
            used = np.arange(ALL)
            if key.endswith("few"):
                used = np.unique(np.concatenate([self.observed(Run(FEW, arm, seed)) for seed in SEEDS]))
            queries = tuple(self.queries[i] for i in used)
            source = FromQueries(artefacts.query_generator(self.teacher), queries, NoiseSettings(sigma=SIGMAS[arm]))
            made = source.draw(round(SPARE * EXTRA * len(used)))
            write_json(path, {"texts": made.texts, "rows": used[made.rows].tolist(), "dropped": made.dropped}, None)
        stored = read_json(path)
        return Made(tuple(stored["texts"]), np.array(stored["rows"]), stored["dropped"])


class Unread(Texts):
    """The texts alone, which are there sooner than their vectors."""

    def _learn(self, texts: tuple[str, ...]) -> None:
        pass


def main() -> None:
    """Make those of COUNTED pools that are not there yet, and tell of each what it leaves out."""
    texts = Unread(lab.load_collection("pydocs"), lab.load_teacher(), lab.VectorStore())
    rows: list[dict[str, Any]] = []
    for arm, observed in COUNTED:
        pool = texts.pool(arm, observed)
        left = {split: pool.dropped[reason(split)] for split in HELD_OUT}
        of = observed if arm in SIGMAS else None
        rows.append({"pool": arm, "observed": of, "texts": len(pool), "left out": left})
        print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    write_json(LEFT_OUT, {"command": "python benchmarks/generated_texts.py", "commit": commit(), "pools": rows})


if __name__ == "__main__":
    main()
