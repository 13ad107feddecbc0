"""The guided experiments of notebook 03: one change of the settings each, a question before and an answer after it.

All start from one short run, `usual()`; `wiki-guided` says how many seconds each took. Each question is decided
by what the reader's own run measured, against the usual run on the same 100 texts of articles that neither trained on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lab import artefacts
from lab.collection import Collection, load_collection
from lab.collection.core import shortened
from lab.config import PAPER, DistillConfig
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.errors import LabError
from lab.figures.trials import Trial, fingerprint
from lab.losses import LossWeights
from lab.panels.experiments import ExperimentPanel
from lab.panels.knobs import USUAL, Experiment
from lab.teaching.predict import Choice, Prediction, Question, checked_letter

RATE_TIMES = 10
OWN_SHARE = 0.5  # of the usual steps, for the student that encodes documents as well: each of its steps takes longer
WATCHED, LOOKS = 100, 7  # texts a student is looked at through, how often: at most a twentieth of a run's time
OWN_LOOKS = 4  # for the student that encodes the documents anew for each of its looks
WORDS, SEARCHED = 12, 300  # a student that encodes documents reads so many words, of so many of them at a look
SAME = 0.02  # differences of overlap@10, or of the distance, below this count as none

_OVERLAP = (
    Choice("clearly less of it: at least 2 points of a hundred", -1.0, -SAME),
    Choice("about as much", -SAME, SAME),
    Choice("clearly more of it", SAME, 1.0),
)
_DISTANCE = (
    Choice("nearer, by 0.02 or more", -2.0, -SAME),
    Choice("about as near", -SAME, SAME),
    Choice("farther away, by 0.02 or more", SAME, 2.0),
)
_SHARE = " How much of the teacher's top ten (overlap@10) will it find, compared with the usual run?"
_STANDS = " Where will it stand, compared with the usual run?"


def usual() -> DistillConfig:
    """The run all experiments change one thing of: 282 steps on the 12,000 live texts, matching alone."""
    return DistillConfig(student="tenth", epochs=1.5, probes=LOOKS, observed=1_000, static=False, **PAPER)


def experiments(config: DistillConfig | None = None) -> list[Experiment]:
    """The usual run and the six guided experiments."""
    return [Experiment(USUAL), *(each.experiment() for each in _guided(config or usual()))]


def predict_experiment(name: str, choice: str | None = None, trials: Sequence[Trial] = ()) -> Prediction:
    """Ask an experiment's question before its run (no `trials`), or answer it after.

    Args:
        name: of a guided experiment.
        choice: the reader's letter.
        trials: `panel.trials()`: the usual run and, somewhere, a run of this name; the last one counts.

    Raises:
        LabError: no such experiment or choice.
    """
    guided = {each.name: each for each in _guided(usual())}
    if name not in guided:
        raise LabError(f"no question about {name!r}; there are {', '.join(guided)}")
    question, runs = guided[name].question, [trial for trial in trials if trial.name == name]
    measured = guided[name].measured(runs[-1], trials[0]) if runs else None
    return Prediction(question, checked_letter(choice, question.choices), measured)


@dataclass(frozen=True)
class _Guided:
    """An experiment with its question; `measure` names the mean of a look that decides it."""

    name: str
    changes: dict[str, Any]
    measure: str
    question: Question

    def measured(self, here: Trial, there: Trial) -> float | None:
        if here.kept is None or there.kept is None:
            return None
        return getattr(here.kept, self.measure) - getattr(there.kept, self.measure)

    def experiment(self) -> Experiment:
        def ask(choice: str | None, measured: float | None) -> str:
            prediction = Prediction(self.question, choice, measured)  # the panel offers the choices itself
            return prediction.asked_html() if measured is None else prediction.answer_html()

        choices = tuple(choice.text for choice in self.question.choices)
        return Experiment(self.name, self.changes, choices, ask, self.measured)


def _guided(config: DistillConfig) -> list[_Guided]:
    return [
        _experiment(
            "scores only", {"losses": LossWeights(score=1.0, query_matching=0.0)}, "distance", _DISTANCE,
            "This student copies how its teacher scores the documents of each batch. Nothing tells it where a text"
            " should stand." + _STANDS,
            "A softmax over the documents of a batch knows only differences of scores: moving a query in a direction in"
            " which these documents do not differ costs nothing, so nothing pulls it back. Compare the lower curves as"
            " well: they say what standing elsewhere cost in the ranking of three hundred documents.",
        ),
        _experiment(
            "squared distance", {"losses": LossWeights(distance="squared")}, "overlap", _OVERLAP,
            "The same matching loss, but ‖t − s‖² instead of ‖t − s‖." + _SHARE,
            "The norm pulls every text with the same force, however near it is; the square pulls in proportion to the"
            " distance, so near texts are left alone and far ones dominate. In the shipped runs, of 282 steps, that"
            " made no difference to the lists that could be told from none. For unit vectors the square is"
            " 2 (1 − cosine): cosine matching is this experiment under another name.",
        ),
        _experiment(
            f"rate × {RATE_TIMES}", {"rate": config.rate * RATE_TIMES}, "overlap", _OVERLAP,
            f"A learning rate of {config.rate * RATE_TIMES:g} instead of {config.rate:g}." + _SHARE,
            "AdamW moves every weight by about the rate at each step, whatever the size of the gradient. Steps as large"
            " as the weights themselves wipe out what was inherited from the teacher; look at the first steps, while"
            " the rate rises. What counts is the look that was kept: where training never got better than its start,"
            " that is the untrained student, and the curve goes on to end elsewhere.",
        ),
        _experiment(
            "size 1/20", {"student": "twentieth"}, "overlap", _OVERLAP,
            "A twentieth of the teacher's parameters instead of a tenth: fewer words in the table, narrower layers."
            + _SHARE,
            "Most of a small student is its token table. A smaller one cuts rare words into pieces, and a single narrow"
            " layer has to put them together again.",
        ),
        _experiment(
            "own tower",
            {"documents": "own", "losses": LossWeights(document_matching=1.0), "epochs": config.epochs * OWN_SHARE,
             "probes": min(OWN_LOOKS, config.probes)},
            "overlap", _OVERLAP,
            "This student does not inherit the documents: it encodes title and first words itself, and matches its"
            " teacher on documents as on queries. Each of its steps takes about three times as long, so it gets half"
            " the steps." + _SHARE,
            "Now queries and documents both miss, each in its own direction, and a list is right only where both are."
            " Half the steps are a part of the price, and not the whole: set free to half the steps to see what they"
            " cost alone. Inherited documents cannot miss, and need no training.",
        ),
        _experiment(
            "no selection", {"select": False}, "overlap", _OVERLAP,
            "The lab looks at the student now and then and keeps the best look. Take that away: keep the last step."
            + _SHARE,
            "Nothing: as the rate falls to 0 the last look was the best one anyway. Selection is an insurance; it pays"
            " in runs that go wrong, such as one with a rate that is too high.",
        ),
    ]  # fmt: skip


def experiment_panel(
    collection: Collection,
    teacher: DualEncoder,
    prepared: Any = None,
    *,
    config: DistillConfig | None = None,
    shipped: bool = True,
    live: bool | None = None,
) -> ExperimentPanel:
    """The panel over these experiments, with the shipped usual run to compare with.

    Args:
        prepared: what `artefacts.live_data(collection, WATCHED)` returned, which is the default.
        config: another usual run; the shipped one does not fit it and is left out (as it is where it was looked at
            through other texts), so run "usual" first.
        shipped: False to begin with nothing.
        live: False for the static view; by default what `LAB_PANELS` says.
    """
    known = shipped_trials()[:1] if shipped and config in (None, usual()) else []
    prepared = prepared or artefacts.live_data(collection, WATCHED)
    known = [trial for trial in known if trial.texts == fingerprint(prepared[1].texts)]
    more = arguments(collection, teacher, prepared)
    return ExperimentPanel(experiments(config), config or usual(), known, live, **more)


def shipped_trials() -> list[Trial]:
    """How the experiments came out where the lab was made, the usual run first."""
    return [Trial.from_json(values) for values in artefacts.trials()]


def run_one(experiment: Experiment, collection: Collection, teacher: DualEncoder, prepared: Any) -> Trial:
    """One experiment to its end, without a panel: what ships is made with it."""
    panel = ExperimentPanel([experiment], usual(), live=False, **arguments(collection, teacher, prepared))
    trial = panel.start(experiment.name).join()
    return dataclasses.replace(trial, state="shipped") if trial.state == "finished" else trial


def run_all() -> Iterator[Trial]:
    """Every experiment, the usual run first."""
    collection, teacher = load_collection("wiki"), load_teacher()
    prepared = artefacts.live_data(collection, WATCHED)
    for experiment in experiments():
        yield run_one(experiment, collection, teacher, prepared)


def arguments(collection: Collection, teacher: DualEncoder, prepared: Any) -> dict[str, Any]:
    """Of `distill`, the same for every run: all are looked at in the same documents, of which an own tower reads the
    beginning."""
    short, (data, held) = shortened(collection, WORDS), prepared
    prepared = dataclasses.replace(data, document_texts=short.documents), held
    return {"collection": short, "teacher": teacher, "prepared": prepared, "searched": SEARCHED}


def _experiment(
    name: str, changes: dict[str, Any], measure: str, choices: tuple[Choice, ...], text: str, why: str
) -> _Guided:
    what = {"distance": "its mean ‖t − s‖ changed by {:+.3f}", "overlap": "overlap@10 changed by {:+.3f}"}
    return _Guided(name, changes, measure, Question(text, choices, what[measure], why))
