"""The scripts that built `pydocs`: from docstring to text, from near-equal texts to groups, from groups to splits."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

PYDOCS = Path(__file__).resolve().parents[1] / "data" / "pydocs"


def scripts(*names: str) -> Iterator[ModuleType]:
    """Scripts of the folder, which import one another by their bare names, as modules of those names."""
    sys.path.insert(0, str(PYDOCS))
    for name in names:
        sys.modules.pop(name, None)  # `build` is also a package some machines have
        yield importlib.import_module(name)
    sys.path.remove(str(PYDOCS))


harvest, near, texts, build = scripts("harvest", "near_duplicates", "texts", "build")


# ------------------------------------------------------------------------------------------ from docstring to text


def test_a_docstring_is_cut_into_signature_query_and_rest() -> None:
    doc = """add(x1, x2, /, out=None) -> ndarray

    Add arguments
    :ref:`element-wise <ufuncs>`, see `~numpy.subtract`.

    Parameters
    ----------
    x1 : array_like
        The ``add`` of numbers, :math:`x_1`.

    .. versionadded:: 1.2
    .. note:: Like *the* sum.

    >>> np.add(1, 2)  # doctest: +SKIP
    3
    """
    signature, query, rest = texts.split_docstring(doc, "add")
    assert signature == "(x1, x2, /, out=None) -> ndarray"
    assert query == "Add arguments element-wise, see subtract."
    assert rest == (
        "Parameters\nx1 : array_like\n    The _ of numbers, x_1.\n\nNote: Like the sum.\n\n>>> np._(1, 2)\n3"
    )


@pytest.mark.parametrize(
    ("doc", "query"),
    [
        ("Return x.\nArgs:\n    x: that", "Return x."),
        ("Return x.\n>>> f(1)", "Return x."),
        ("\nf(a, b=(1, 2))\nf(a)\n\nTwo calls, one summary.\n", "Two calls, one summary."),
        ("[*Discouraged*] Set tick labels.", "Set tick labels."),
        ("Pads `Tensor`\\ s, see [`Pad`] and [paper](https://a.b).", "Pads Tensors, see Pad and paper."),
        ("f(x) = x squared, **not** *args.", "f(x) = x squared, not *args."),
        ("Parameters\n----------\nx : int", ""),
        ("writer : path-like\n    Where to.", ""),
        (">>> f(1)\n2", ""),
        ("", ""),
    ],
)
def test_the_query_is_the_first_paragraph_without_markup(doc: str, query: str) -> None:
    assert texts.split_docstring(doc, "f")[1] == query


def test_of_a_long_paragraph_the_leading_sentences_ask() -> None:
    paragraph = "One two three. Four five, e.g. Six. " + "Seven eight. " * 3
    assert texts.cut_sentences(paragraph.strip(), 7) == (
        "One two three. Four five, e.g. Six.",
        ("Seven eight. " * 3).strip(),
    )
    assert texts.cut_sentences("no stop " * 9, 7)[1] == ""  # one sentence at least, however long


@pytest.mark.parametrize(
    ("name", "text", "masked"),
    [
        ("mean", "the mean of x: mean(x), np.mean, `mean`\n>>> mean", "the mean of x: _(x), np._, `_`\n>>> _"),
        ("log1p", "as log1p does, unlike log1p_ and xlog1p", "as _ does, unlike log1p_ and xlog1p"),
        ("SVC", "SVC, LinearSVC", "_, LinearSVC"),
        ("T", "T is A.T, transposed T", "T is A._, transposed T"),
    ],
)
def test_the_name_is_masked_where_it_is_a_name(name: str, text: str, masked: str) -> None:
    assert texts.masked(text, name) == masked


def test_a_long_document_ends_with_a_whole_line() -> None:
    text = texts.document("(x)", "\n".join(["a line of words"] * 400))
    assert 1_900 < len(text) <= 2_000 and text.endswith("\na line of words")
    assert len(texts.document("", "x" * 5_000)) == 2_000
    assert texts.document("(x, /, out=None, *, where=True, casting='same_kind', order='K')", "a") == "(x, out=None)\na"


# ------------------------------------------------------------------------------------------ groups and splits


def test_shingles_and_jaccard_by_hand() -> None:
    assert near.body_shingles("A b, c d.") == {("a", "b", "c"), ("b", "c", "d")}
    assert near.query_shingles("a b") == {("a",), ("b",), ("a", "b")}
    assert near.jaccard(near.body_shingles("a b c d"), near.body_shingles("a b c e")) == 1 / 3
    assert near.jaccard(frozenset(), frozenset()) == 1


def test_near_equal_texts_are_grouped_and_a_changed_word_too_many_is_not() -> None:
    line = " ".join(f"w{n}" for n in range(60))
    found = {"a": line, "b": line.upper(), "c": f"{line} tail", "d": line.replace("w30", "x"), "e": line[::-1]}
    found["f"] = " ".join(f"w{n}" if n % 6 else "x" for n in range(60))
    grouped = near.groups(found, near.similar_pairs(found, near.body_shingles))
    assert grouped == {"a": "a", "b": "a", "c": "a", "d": "a", "e": "e", "f": "f"}
    assert near.members(grouped) == {"a": ["a", "b", "c", "d"], "e": ["e"], "f": ["f"]}


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh"))), st.randoms())
def test_groups_are_the_same_in_any_order_and_hold_every_pair(pairs: list[tuple[str, str]], chance: Random) -> None:
    grouped = near.groups("abcdefgh", pairs)
    shuffled = chance.sample(pairs, len(pairs))
    assert near.groups("hgfedcba", [(b, a) for a, b in shuffled]) == grouped
    assert all(grouped[a] == grouped[b] for a, b in pairs)
    assert all(group == min(ones) for group, ones in near.members(grouped).items())


def test_splits_have_their_shares() -> None:
    counts = Counter(build.split_of(f"package.name{n}") for n in range(20_000))
    for split, share in build.SHARES.items():
        assert abs(counts[split] / 20_000 - share) < 0.01
    assert build.split_of("numpy.linalg.svd") == "train"  # known: a change would reshuffle what was published


def one(name: str, query: str = "Return the sum of two numbers.", text: str = "(a)") -> object:
    return build.Document(name, text, query, name.partition(".")[0], "function")


def test_queries_short_or_with_many_answers_or_asked_twice_are_dropped() -> None:
    many = [one(f"m.f{n:02}") for n in range(21)]
    found = [one("a.f"), one("a.g", "return the sum of two NUMBERS"), one("a.h", "Add up."), *many]
    group_of = {entry.id: "many" if entry in many else "few" for entry in found}
    dropped: Counter[str] = Counter()
    assert list(build.queries(found, group_of, dropped)) == ["q:a.f"]
    assert dropped == {
        "query: asked already in its group": 1,
        "query: fewer than 4 words": 1,
        "query: more than 20 relevant documents": 21,
    }


def test_objects_that_answer_nothing_are_dropped() -> None:
    rest = "Numbers are added from left to right, as a person would do."
    shared = "Refer to the documentation of the class for all that can be said about it."
    docs = {"p.good": rest, "p.deep.same": rest, "p.short": "Nothing more.", "p.none": ""}
    docs |= {f"p.s{n:02}": shared for n in range(21)}
    entries = [harvest.Entry("p", "function", name, "(a)", f"Return the sum.\n\n{more}") for name, more in docs.items()]
    entries.append(harvest.Entry("p", "function", "p.opens", "(a)", f"Notes\n-----\n{rest}"))
    dropped: Counter[str] = Counter()
    assert [found.id for found in build.documents(entries, dropped)] == ["p.good"]
    assert dropped == {
        "no summary": 1, "same text as another object": 1, "fewer than 8 words of its own after the summary": 23,
    }  # fmt: skip


def test_a_large_package_keeps_its_shortest_paths_whatever_the_order() -> None:
    found = [one(f"p.f{n}") for n in range(5)] + [one(f"p.deep.f{n}") for n in range(5)] + [one("q.f")]
    kept = build.capped(found, Counter(), most=7)
    assert {"p.f0", "p.f1", "p.f2", "p.f3", "p.f4", "q.f"} < {entry.id for entry in kept} and len(kept) == 8
    assert build.capped(found[::-1], Counter(), most=7) == kept


# ------------------------------------------------------------------------------------------ walking and checking


def test_a_walk_finds_each_object_once_under_its_shortest_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "walked"
    (package / "tests").mkdir(parents=True)
    (package / "__init__.py").write_text("from walked.inner import Base, add as plus\n", encoding="utf-8")
    (package / "tests" / "__init__.py").write_text("def helper():\n    'Helps a test.'\n", encoding="utf-8")
    (package / "broken.py").write_text("import not_there_at_all\n", encoding="utf-8")
    (package / "_private.py").write_text("def hidden():\n    'Is hidden.'\n", encoding="utf-8")
    (package / "inner.py").write_text(
        "from collections import OrderedDict\n"
        "def add(a: int, b=len, *, c=frozenset({1})) -> int:\n    'Adds.'\n"
        "class Base:\n    'A base.'\n"
        "    def run(self, x=1):\n        'Runs.'\n"
        "    again = run\n"
        "    @property\n    def size(self):\n        'How large.'\n"
        "    def bare(self):\n        return 1\n"
        "class Child(Base):\n    'A child.'\n"
        "    def run(self):\n        return 2\n    run.__doc__ = Base.run.__doc__\n"
    , encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    found = harvest.harvest(["walked"])
    assert [(entry.kind, entry.name, entry.signature, entry.doc) for entry in found.entries] == [
        ("class", "walked.Base", "()", "A base."),
        ("method", "walked.Base.again", "(x=1)", "Runs."),
        ("property", "walked.Base.size", "", "How large."),
        ("class", "walked.inner.Child", "()", "A child."),
        ("function", "walked.plus", "(a, b=len, *, c=...)", "Adds."),
    ]
    assert found.failures == {"walked: ModuleNotFoundError": 1}
    assert found.dropped["inherited docstring"] == found.dropped["method without a docstring"] == 1


def test_other_versions_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "HERE", tmp_path)
    (tmp_path / "requirements.txt").write_text("# tools\npytest==0.0.1\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"pytest 0\.0\.1 is wanted, .* found"):
        build.check_versions()
    (tmp_path / "requirements.txt").write_text(f"pytest=={pytest.__version__}  # as installed\n", encoding="utf-8")
    build.check_versions()
