"""The second collection, `pydocs`, as it is shipped: what was promised about its texts, groups and splits."""

from __future__ import annotations

import importlib
import itertools
import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

from lab.collection import Collection, load_collection

PYDOCS = Path(__file__).resolve().parents[1] / "data" / "pydocs"
SPLITS = ("train", "dev", "test")
README = (PYDOCS / "README.md").read_text(encoding="utf-8")


def scripts(*names: str) -> Iterator[ModuleType]:
    """Scripts of the folder, which import one another by their bare names, as modules of those names."""
    sys.path.insert(0, str(PYDOCS))
    for name in names:
        sys.modules.pop(name, None)  # `build` is also a package some machines have
        yield importlib.import_module(name)
    sys.path.remove(str(PYDOCS))


near, texts, build = scripts("near_duplicates", "texts", "build")


@cache
def pydocs() -> Collection:
    return load_collection("pydocs")


@cache
def group_of() -> dict[str, str]:
    """Document id -> group."""
    return dict(zip(pydocs().doc_ids, pydocs().fields["group"], strict=True))


@cache
def split_of() -> dict[str, str]:
    """Document id -> split, for documents that are relevant to a query."""
    return {document: split for split in SPLITS for judged in pydocs().qrels[split].values() for document in judged}


def asking() -> dict[str, str]:
    """Document id -> the query taken from its docstring."""
    return {key.removeprefix("q:"): text for split in SPLITS for key, text in pydocs().queries[split].items()}


def telling() -> dict[str, str]:
    """Document id -> text."""
    return dict(zip(pydocs().doc_ids, pydocs().bodies, strict=True))


def exact_pairs(
    found: Mapping[str, str], shingles: Callable[[str], frozenset], threshold: float
) -> Iterator[tuple[str, str]]:
    """All pairs of Jaccard similarity at least `threshold`, without MinHash.

    Two sets that similar share one of the rarest n - ceil(threshold n) + 1 elements of either (prefix filter,
    Chaudhuri, Ganti and Kaushik 2006), so only those are indexed.
    """
    sets = {key: frozenset(map(hash, shingles(text))) for key, text in found.items()}
    counts = Counter(itertools.chain.from_iterable(sets.values()))
    holding: dict[int, list[str]] = defaultdict(list)
    for key, present in sets.items():
        size = len(present)
        rarest = sorted(present, key=lambda one: (counts[one], one))
        prefix = rarest[: size - math.ceil(threshold * size - 1e-9) + 1]
        for other in {other for one in prefix for other in holding[one]}:
            alike_in_size = threshold <= len(sets[other]) / size <= 1 / threshold
            if alike_in_size and near.jaccard(present, sets[other]) >= threshold:
                yield other, key
        for one in prefix:
            holding[one].append(key)


@cache
def near_equal() -> list[tuple[str, str]]:
    """Pairs of documents that belong in one group: queries or texts of Jaccard similarity >= 0.8."""
    return [*exact_pairs(asking(), near.query_shingles, 0.8), *exact_pairs(telling(), near.body_shingles, 0.8)]


@cache
def much_the_same_words() -> list[tuple[str, str]]:
    """Pairs of documents that belong in one split at least; of the longer texts every third, to be quick."""
    some = dict(itertools.islice(telling().items(), 0, None, 3))
    return [*exact_pairs(asking(), near.word_shingles, 0.7), *exact_pairs(some, near.word_shingles, 0.7)]


def divided(pairs: list[tuple[str, str]], label: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs whose two documents carry different labels."""
    return [(a, b) for a, b in pairs if a in label and b in label and label[a] != label[b]]


# ------------------------------------------------------------------------------------- the shipped texts


def test_has_the_counts_the_readme_states() -> None:
    counts = {"corpus": len(pydocs()), **{f"queries-{split}": len(pydocs().queries[split]) for split in SPLITS}}
    counts |= {f"qrels-{split}": sum(map(len, pydocs().qrels[split].values())) for split in SPLITS}
    for name, count in counts.items():
        assert f"| `{name}.parquet` | {count:,} |" in README
    assert pydocs().splits == SPLITS
    assert 7_500 <= counts["queries-train"] <= 8_500
    assert counts["queries-dev"] >= 1_000 <= counts["queries-test"]
    assert sum(path.stat().st_size for path in PYDOCS.glob("*.parquet")) < 6e6


def test_packages_and_their_share_are_the_ones_stated() -> None:
    for package, count in Counter(pydocs().fields["package"]).items():
        assert re.search(rf"^\| {package} +\| [\d.]+ +\| {count:,} +\|", README, re.MULTILINE), (package, count)
        assert count <= build.MOST_PER_PACKAGE
    assert set(pydocs().fields["package"]) == set(build.PACKAGES)
    assert set(pydocs().fields["kind"]) == {"function", "class", "method", "property", "instance"}


def test_every_package_has_its_version_and_a_permissive_licence() -> None:
    licences = (PYDOCS / "LICENSES.md").read_text(encoding="utf-8")
    wanted = (PYDOCS / "requirements.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)$", wanted, re.MULTILINE))
    for package in build.PACKAGES:
        name = {"sklearn": "scikit-learn"}.get(package, package)
        row = re.search(rf"^\| {name} \| {re.escape(pinned[name])} \| (.+?) \| .*Copyright", licences, re.MULTILINE)
        assert row and re.match(r"BSD-3-Clause|Apache-2.0|Matplotlib licence", row[1]), name
        assert f"## {name} {pinned[name]}\n" in licences
        assert re.search(rf"^\| {package} +\| {re.escape(pinned[name])} +\|", README, re.MULTILINE), name


def test_no_group_spans_splits() -> None:
    splits_of = defaultdict(set)
    for document, split in split_of().items():
        splits_of[group_of()[document]].add(split)
    assert len(splits_of) > 9_000
    assert [group for group, splits in splits_of.items() if len(splits) > 1] == []


def test_near_equal_texts_share_a_group_and_much_the_same_words_a_split() -> None:
    assert len(near_equal()) > 1_000 and len(much_the_same_words()) > 4_000
    assert divided(near_equal(), group_of()) == []
    assert divided(near_equal(), split_of()) == []
    assert divided(much_the_same_words(), split_of()) == []


def test_without_grouping_near_equal_texts_would_lie_on_both_sides() -> None:
    alone = near.groups(pydocs().doc_ids, [])  # what a builder that had lost its grouping would write
    assert len(divided(near_equal(), alone)) == len(near_equal())
    assert len(divided(near_equal(), {key: build.split_of(group) for key, group in alone.items()})) > 100


def test_a_querys_relevant_documents_are_its_group() -> None:
    in_group = near.members(group_of())
    for split in SPLITS:
        for query, judged in pydocs().qrels[split].items():
            assert sorted(judged) == in_group[group_of()[query.removeprefix("q:")]]
            assert len(judged) <= build.MOST_RELEVANT and set(judged.values()) == {1}


def test_queries_say_something_and_are_asked_once_in_a_group() -> None:
    for split in SPLITS:
        queries = pydocs().queries[split]
        wordings = Counter((group_of()[key[2:]], " ".join(near.words(text))) for key, text in queries.items())
        assert max(wordings.values()) == 1
        assert min(len(text.split()) for text in queries.values()) >= build.SHORTEST_QUERY
        assert [text for text in queries.values() if re.search(r":\w+:`|``|>>>|\s\s|^\.\. ", text)] == []


def test_documents_do_not_give_their_name_away() -> None:
    told = []
    for key, body in telling().items():
        name = key.rpartition(".")[2]
        forms = [rf"{re.escape(name)}\(", rf"{re.escape(key)}(?!\w)"]  # a call, the qualified name
        if len(name) > 2 and re.search("[A-Z_0-9]", name):  # no ordinary word
            forms.append(rf"{re.escape(name)}(?!\w)")
        if re.search(rf"(?<!\w)(?:{'|'.join(forms)})", body):
            told.append(key)
    assert told == []


def test_documents_are_short_and_the_same_on_every_machine() -> None:
    assert not any(pydocs().titles)
    assert max(map(len, pydocs().bodies)) <= texts.LONGEST_DOCUMENT
    assert not any(" at 0x" in body.partition("\n")[0] or "lib/python3" in body for body in pydocs().bodies)
    assert pydocs().doc_ids == tuple(sorted(pydocs().doc_ids))
