"""From documents to training data: texts, the teacher's vectors of them and of all documents, hard negatives."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from lab.collection import Collection
from lab.collection.general import filled_up
from lab.collection.texts import NO_DOCUMENT, DocumentTexts, held_out_rows
from lab.config import DistillConfig
from lab.encoders.teacher import DualEncoder
from lab.errors import DataError, LabError
from lab.generation import FromDocuments, FromQueries, NoiseSettings, QueryGenerator
from lab.store import VectorStore
from lab.targets import as_ranked, hard_negatives, pulled
from lab.training import TrainingData

INDEX_DOCUMENTS = 4_000  # matching on queries reads no document; so many are encoded to look at the student in
SHAPING = ("texts", "queries", "at_least", "generated", "sigma", "unseen")  # settings that decide which texts there are
HELD_OUT_QUERIES = 300  # half a second a look; the interval of an overlap is then about ±2 points


@dataclass(frozen=True)
class Stage:
    """What is being done now, for a progress line: `done` of `total` (0 of 0 where it cannot be counted)."""

    name: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, eq=False)
class Looked:
    """The student was looked at through P texts of documents it never saw.

    distances: (P,) ‖t − s‖ · overlaps: (P,) share of the teacher's first documents among the student's
    """

    step: int
    distances: np.ndarray
    overlaps: np.ndarray

    @property
    def distance(self) -> float:
        """Their mean ‖t − s‖."""
        return float(self.distances.mean())

    @property
    def overlap(self) -> float:
        """Their mean overlap, which is what selection goes by."""
        return float(self.overlaps.mean())


def training_data(
    config: DistillConfig,
    collection: Collection,
    teacher: DualEncoder,
    store: VectorStore,
    tell: Callable[[Stage], None] | None = None,
    every_document: bool = False,
    generator: QueryGenerator | None = None,
) -> tuple[TrainingData, DocumentTexts]:
    """Texts to train on with the teacher's vectors, and the texts of held-out documents to measure on.

    Only documents are read, unless `config.queries` is "train"; `generator` makes `config.generated` more of each train
    query. All documents are encoded where a loss needs them, or on demand (`every_document`); else a seeded sample that
    holds the held-out ones.

    Args:
        store: keeps the teacher's vectors; those it has are not encoded again.
        tell: gets a `Stage` whenever some more texts are encoded.
        generator: makes queries out of the train split's, where `config.generated` asks for it.

    Returns: what `TrainingData` describes, and up to 300 held-out texts with the rows of their documents.

    Raises:
        DataError: fewer than two documents, or none with a text; an id in `config.unseen` that the collection lacks;
            no train split where `config.queries` asks for one; fewer documents than `config.hard_negatives` needs.
        ModelError: the teacher produced a value that is not a number.
    """
    tell = tell or (lambda _: None)
    unseen = _unseen(config, collection)
    closed = np.union1d(held_out_rows(collection), unseen)
    free = np.setdiff1d(np.arange(len(collection)), closed)
    # through the interface behind which studies swap sources: what they compare is what trains here
    drawn = FromDocuments(collection, config.texts, free).draw()
    made = DocumentTexts(drawn.texts, drawn.rows)
    held = held_out_texts(collection)
    if config.queries == "train":
        made = _with_train_queries(collection, made, held, closed, config, generator)
    if not _reads_own_documents(config):
        made = filled_up(made, config.at_least, collection, config.texts.seed)
    rows = np.arange(len(collection)) if every_document or _reads_documents(config) else index_rows(collection)
    documents = store.vectors(
        teacher,
        [collection.documents[row] for row in rows],
        "document",
        lambda done, total: tell(Stage("teacher encodes documents", done, total)),
    )
    place = {text: number for number, text in enumerate(dict.fromkeys(made.texts))}  # one that is repeated is read once
    queries = store.vectors(
        teacher, tuple(place), "query", lambda done, total: tell(Stage("teacher encodes training texts", done, total))
    )
    if len(place) < len(made):
        queries = queries[[place[text] for text in made.texts]]
    index = np.searchsorted(rows, index_rows(collection))
    data = TrainingData(
        made.texts, queries, made.rows, documents, rows, collection.documents, collection.groups, index=index,
        settings={name: getattr(config, name) for name in SHAPING}, similarity=teacher.similarity,
    )  # fmt: skip
    return _completed(config, data, teacher.similarity), held


def fit_prepared(
    config: DistillConfig, collection: Collection, data: TrainingData, similarity: str
) -> tuple[DistillConfig, TrainingData]:
    """Prepared data as this config wants it, and the config with the settings the data was made with.

    `similarity` is the teacher's, by which it ranks documents. Hard negatives are found anew where others are wanted.
    Settings that decide which texts there are cannot be honoured any more: one that was set (is not the default) must
    be that of the data.

    Raises:
        DataError: data of another collection; or documents without a vector are needed.
        LabError: a setting the data was not made with.
    """
    if data.document_texts != collection.documents:
        raise DataError(
            f"the {len(data.document_texts):,} documents of the prepared data are not those of {collection.name};"
            " prepare it from this collection with training_data(config, collection, …)"
        )
    made, usual = data.settings or {}, DistillConfig()
    for name in SHAPING:
        asked = getattr(config, name)
        if asked != getattr(usual, name) and asked != made.get(name, ...):
            had = f"with {name}={made[name]!r}" if name in made else "by someone who did not say how"
            raise LabError(
                f"{name}={asked!r} cannot be honoured: the prepared texts were made {had}. Leave {name} out, or prepare"
                " texts with training_data(config, collection, …), or pass no prepared ones"
            )
    if _reads_documents(config) and len(data.document_rows) < len(collection):
        raise DataError(
            f"these settings need all {len(collection):,} document vectors, and the prepared data holds"
            f" {len(data.document_rows):,}; prepare it with training_data(…, every_document=True)"
        )
    if _reads_own_documents(config) and (data.positives == NO_DOCUMENT).any():
        raise DataError(
            "these settings read the document of every text, and the prepared data was filled up with general texts,"
            " which have none; prepare it with at_least=0, or with these settings"
        )
    config = dataclasses.replace(config, **made)
    return config, _completed(config, data, similarity)


def _completed(config: DistillConfig, data: TrainingData, similarity: str) -> TrainingData:
    """With the hard negatives and targets that this config wants; negatives that fit already are kept."""
    negatives = data.negatives
    if not config.hard_negatives and not _pulls(config):
        return dataclasses.replace(data, negatives=None, targets=None)
    given = (data.queries, as_ranked(data.documents, similarity), data.positives, data.groups)
    if config.hard_negatives != (0 if negatives is None else negatives.shape[1]):
        negatives = hard_negatives(*given, config.hard_negatives) if config.hard_negatives else None
    targets = pulled(*given, config.document_pull) if _pulls(config) else None
    return dataclasses.replace(data, negatives=negatives, targets=targets)


def _unseen(config: DistillConfig, collection: Collection) -> np.ndarray:
    if strange := [i for i in config.unseen if i not in collection.row]:
        raise DataError(f"unseen: {collection.name} has no document {strange[0]!r} ({len(strange)} such ids)")
    return np.array([collection.row[doc_id] for doc_id in config.unseen], dtype=np.int64)


def _reads_documents(config: DistillConfig) -> bool:
    return _pulls(config) or _reads_own_documents(config)


def _reads_own_documents(config: DistillConfig) -> bool:
    """Of every text its own document, which a general text has not."""
    return config.losses.reads_documents or config.hard_negatives > 0 or config.documents == "own"


def _pulls(config: DistillConfig) -> bool:
    return config.document_pull > 0 and config.losses.query_matching > 0


def index_rows(collection: Collection) -> np.ndarray:
    """The documents a student is looked at in, and ranks where a loss asks for it: a seeded sample with the held-out
    ones, whoever else is encoded: a recorded run takes the same steps as one that is not recorded. (It is looked at in
    all documents, so the look that is kept may be another.)
    """
    held = held_out_rows(collection)
    others = np.setdiff1d(np.arange(len(collection)), held)
    drawn = np.random.default_rng(0).permutation(others)[: max(0, INDEX_DOCUMENTS - len(held))]
    return np.sort(np.concatenate([held, drawn]))


def held_out_texts(collection: Collection) -> DocumentTexts:
    """Texts of held-out documents, the same for every run and every mix, so that students can be compared on them."""
    held = FromDocuments(collection, rows=held_out_rows(collection)).draw()
    chosen = np.sort(np.random.default_rng(0).permutation(len(held))[:HELD_OUT_QUERIES])
    return DocumentTexts(tuple(held.texts[i] for i in chosen), held.rows[chosen])


def _with_train_queries(
    collection: Collection,
    made: DocumentTexts,
    held: DocumentTexts,
    closed: np.ndarray,
    config: DistillConfig,
    generator: QueryGenerator | None,
) -> DocumentTexts:
    if "train" not in collection.splits:
        raise DataError(
            f"{collection.name} has no train split (it has {', '.join(collection.splits) or 'none'});"
            " use queries='documents'"
        )
    texts, rows = list(made.texts), made.rows.tolist()
    known = set(texts) | set(held.texts)
    observed: dict[str, int] = {}
    for query_id, text in collection.queries["train"].items():
        judged = collection.qrels["train"][query_id]
        row = collection.row[max(judged, key=lambda doc_id: judged[doc_id])]
        if text not in known and row not in closed:
            observed.setdefault(text, row)
    for text, row in [*observed.items(), *_generated(observed, config, generator)]:
        if text not in known:
            texts.append(text)
            rows.append(row)
    return DocumentTexts(tuple(texts), np.array(rows, dtype=np.int64))


def _generated(
    observed: dict[str, int], config: DistillConfig, generator: QueryGenerator | None
) -> Iterable[tuple[str, int]]:
    """Made queries, each with the document of the query it was made of."""
    if not config.generated or not observed:
        return ()
    if generator is None:
        raise LabError(
            f"generated={config.generated} needs a generator: pass generator=lab.artefacts.query_generator(), or one"
            " that load_generator made"
        )
    source = FromQueries(generator, tuple(observed), NoiseSettings(sigma=config.sigma))
    made, rows = source.draw(config.generated * len(observed), config.texts.seed), tuple(observed.values())
    return ((text, rows[row]) for text, row in zip(made.texts, made.rows, strict=True))
