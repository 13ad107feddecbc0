"""Predict before you look: a question with choices, whose answer stays folded until the reader opens it.

Who commits to a guess first learns more from the figure (the "predict, observe, explain" of White and Gunstone,
"Probing Understanding", 1992). The right choice is not written down here: it follows from what the reader's own run
measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from lab.errors import LabError


@dataclass(frozen=True)
class Choice:
    """One answer: right where `low` ≤ what was measured < `high`."""

    text: str
    low: float
    high: float


@dataclass(frozen=True)
class Question:
    """text: what is asked · choices: cover every value there can be · measured: how to print it · why: the reason."""

    text: str
    choices: tuple[Choice, ...]
    measured: str
    why: str


QUESTIONS: dict[str, Question] = {
    "kept": Question(
        "Your student has a tenth of the teacher's parameters and trains for less than a minute, on document texts"
        " only. What share of the teacher's nDCG@10 does it keep on questions that people asked?",
        (
            Choice("less than half", -1.0, 0.5),
            Choice("half to four fifths", 0.5, 0.8),
            Choice("more than four fifths", 0.8, 9.0),
        ),
        "it kept {:.0%}",
        "It did not start from nothing: it was cut out of the teacher, one of its layers and a compressed token table,"
        " and each text told it every number of the vector it should give, not only which document is relevant.",
    ),
    "turned": Question(
        "Turn all vectors of the teacher, of questions and of documents, by one random rotation: a perfect student, by"
        " its scores. What share of its questions still finds the teacher's first document in the teacher's own index?",
        (
            Choice("nearly none", -1.0, 0.1),
            Choice("about half", 0.1, 0.9),
            Choice("nearly all", 0.9, 2.0),
        ),
        "{:.0%} of them do",
        "In 384 dimensions a random rotation leaves hardly anything where it was: a turned question stands nearly"
        " at a right angle to everything the index knows. All scores between turned vectors are the same as before, so"
        " no loss that reads scores alone can notice.",
    ),
    "map_keeps": Question(
        "Of a document's ten nearest in all dimensions of the teacher's space, how many are among its ten nearest on"
        " the map that you are going to see?",
        (
            Choice("fewer than three", 0.0, 0.3),
            Choice("three to five", 0.3, 0.6),
            Choice("six or more", 0.6, 1.01),
        ),
        "the map keeps {:.0%} of the neighbours",
        "Two dimensions have no room for what hundreds held: in the space a document can be close to many that are far"
        " from one another, on paper it cannot. The map keeps the region, not the neighbours.",
    ),
    "random_cosine": Question(
        "Two documents are drawn at random; most likely they have nothing to do with each other. What is the mean"
        " cosine of such pairs in the teacher's space?",
        (
            Choice("about 0: below 0.2", -1.0, 0.2),
            Choice("between 0.2 and 0.5", 0.2, 0.5),
            Choice("0.5 or more: to it all texts are alike", 0.5, 1.01),
        ),
        "the mean cosine is {:.3f}",
        "Its training pushed unrelated texts apart until they stood nearly at right angles. An encoder that never"
        " learned this keeps all texts in a narrow cone, and there a cosine of 0.9 may mean nothing.",
    ),
    "proved": Question(
        "The student of a tenth of the size, trained, on the dartboard: a dart inside the disc keeps the teacher's top"
        " document, provably. What share of the 140 questions is inside?",
        (
            Choice("less than a twentieth", -1.0, 0.05),
            Choice("a twentieth to a half", 0.05, 0.5),
            Choice("more than half", 0.5, 9.0),
        ),
        "{:.0%} of the questions are inside",
        "The proof covers every direction in which a student can miss, also the one straight at the nearest rival; most"
        " misses point elsewhere. A guarantee for the worst case says little about the usual one, so count both.",
    ),
    "moved": Question(
        "A cross encoder with dual pooling reads one query beside 20 documents and makes 20 vectors of that query. A"
        " dual encoder has one. Over many queries: what share of the variance of all these vectors is such movement,"
        " which no single vector a query can match?",
        (
            Choice("less than a twentieth: a query is a query", -1.0, 0.05),
            Choice("a twentieth to a quarter", 0.05, 0.25),
            Choice("more than a quarter", 0.25, 2.0),
        ),
        "{:.0%} of the variance is movement within a query",
        "Every token of the query attends to every token of the document, in all layers. What the query means beside a"
        " document about something else is another thing. Untrained, more of the variance is such movement: section 7"
        " shows what training makes of it.",
    ),
    "tight": Question(
        "Cauchy–Schwarz says how much a score can change at most when the student's query stands where it stands. How"
        " much of that bound does the score of a question and a document use, in the median over all pairs?",
        (
            Choice("less than a tenth", -1.0, 0.1),
            Choice("a tenth to a half", 0.1, 0.5),
            Choice("more than half", 0.5, 2.0),
        ),
        "the median pair uses {:.1%} of it",
        "The bound is reached where the miss points along the document. In 384 dimensions two directions that have"
        " nothing to do with each other are nearly at right angles, so most misses hardly change most scores.",
    ),
    "rung": Question(
        "A student a tenth of its teacher's size, cut out of the teacher, climbs the ladder on the documentation of the"
        " Python stack, rung by rung in the same number of steps. Which step gains most?",
        (
            Choice("scores: copy how the teacher scores the documents of a batch", 0.0, 1.5),
            Choice("inheritance: search the teacher's document vectors instead of its own", 1.5, 2.5),
            Choice("query matching: copy the teacher's query vectors", 2.5, 3.5),
            Choice("generated queries: as many again, made by noise", 3.5, 4.5),
        ),
        "the largest gain is that of step {:.0f}",
        "A rung can gain only what those below it have left. How much that is depends on where the student begins, on"
        " what it may search and on what the labels say already; so the order belongs to this ladder and this"
        " collection. Whether the step is beyond its interval stands in the table that follows.",
    ),
    "morph": Question(
        "The generator reads a question, noise as large as the encoder's states themselves (σ = 1) is put on every one"
        " of them, and the decoder writes what it can make of that. For what share of such questions is the teacher's"
        " best document still the same?",
        (
            Choice("less than a third", -1.0, 1 / 3),
            Choice("a third to two thirds", 1 / 3, 2 / 3),
            Choice("more than two thirds", 2 / 3, 9.0),
        ),
        "it was the same for {:.0%}",
        "Noise in 384 directions is mostly at right angles to the few that tell one word from another, and the decoder"
        " was trained to write texts that make sense: it takes the nearest of those.",
    ),
    "generated": Question(
        "All there is are 500 observed queries. One student gets 1,000 queries made of them by noise (σ = 0.75),"
        " another 1,000 sentences of the documents, and both take the same steps. By how much does nDCG@10 of the first"
        " lie above the second's?",
        (
            Choice("made queries are worse by 0.005 or more", -1.0, -0.005),
            Choice("less than 0.005 apart", -0.005, 0.005),
            Choice("made queries are better by 0.005 or more", 0.005, 1.0),
        ),
        "the difference is {:+.3f}",
        "What helps is new places in the teacher's space, in the right domain. What mild noise makes of 500 queries"
        " looks like queries and stays near the 500; sentences look less like them and go wherever the documents go.",
    ),
}


class Prediction:
    """A question to look at; in a notebook its answer is folded, as plain text it is absent until a choice is made."""

    def __init__(self, question: Question, choice: str | None, measured: float | None) -> None:
        self.question, self.choice, self.measured = question, choice, measured

    @property
    def right(self) -> str | None:
        """The letter of the right choice; None as long as nothing was measured."""
        if self.measured is None:
            return None
        return next((letter for letter, each in self._choices() if each.low <= self.measured < each.high), None)

    @property
    def answer(self) -> str | None:
        """What came out and why; None as long as nothing was measured."""
        if self.right is None:
            return None
        said = f"You said {self.choice}: {'right' if self.choice == self.right else 'no'}. " if self.choice else ""
        return f"{said}Answer: {self.right}; {self.question.measured.format(self.measured)}. {self.question.why}"

    def __repr__(self) -> str:
        lines = [f"Predict: {self.question.text}", *(f"  {letter}) {each.text}" for letter, each in self._choices())]
        if self.choice:
            lines.append(self.answer or self._later())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        # JupyterLab drops the type of a list, and a list of numbers is none of letters
        said = "<br>".join(f"{letter}) {escape(each.text)}" for letter, each in self._choices())
        return f"{self.asked_html()}<p>{said}</p>{self.answer_html()}"

    def asked_html(self) -> str:
        """The question without its choices, for a page that offers them otherwise."""
        return f"<p><b>Predict.</b> {escape(self.question.text)}</p>"

    def answer_html(self) -> str:
        """The folded answer; before there is one, what was said; empty where nothing was."""
        if self.answer:
            return f"<details><summary>Show the answer</summary><p>{escape(self.answer)}</p></details>"
        return f"<p>{self._later()}</p>" if self.choice else ""

    def _choices(self) -> Iterator[tuple[str, Choice]]:
        return zip(_letters(self.question.choices), self.question.choices, strict=True)

    def _later(self) -> str:
        return f"You said {self.choice}. Go on: the answer follows the figure."


def predict(name: str, choice: str | None = None, measured: float | None = None) -> Prediction:
    """Ask a question before a figure (no `measured`), or answer it after.

    Args:
        name: of the question, see `QUESTIONS`.
        choice: the reader's letter.
        measured: the number that decides; the answer is then there, folded.

    Raises:
        LabError: no such question, or no such choice.
    """
    if not isinstance(name, str) or name not in QUESTIONS:  # a list cannot be looked up: that would be a TypeError
        raise LabError(f"no question {name!r}; there are {', '.join(sorted(QUESTIONS))}")
    return Prediction(QUESTIONS[name], checked_letter(choice, QUESTIONS[name].choices), measured)


def checked_letter(choice: str | None, choices: Sequence[Choice]) -> str | None:
    """The reader's letter as it is compared: small and without blanks; None stays None.

    Raises:
        LabError: no such choice.
    """
    letters, letter = _letters(choices), None if choice is None else str(choice).strip().lower()
    if letter is not None and letter not in letters:
        raise LabError(f"choice={choice!r}: choose one of {', '.join(letters)}, or None to go on without")
    return letter


def _letters(choices: Sequence[Choice]) -> list[str]:
    return [chr(ord("a") + place) for place in range(len(choices))]
