"""Build the `pydocs` collection from the packages installed beside it: python build.py (see README.md).

A query is the first paragraph of a docstring, its document the signature and the rest; documents that say
nearly the same lie in one group, share their judgements, and never span two splits.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import subprocess
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from harvest import Entry, harvest
from licences import licence_page
from near_duplicates import body_shingles, groups, members, query_shingles, similar_pairs, word_shingles, words
from texts import document, masked, split_docstring

HERE = Path(__file__).parent
PACKAGES = ("numpy", "scipy", "pandas", "sklearn", "networkx", "sympy", "matplotlib", "torch", "transformers")
SHORTEST_REST = 8  # words, of two letters or more, that a docstring says beyond its summary and boilerplate
SHORTEST_QUERY = 4  # words
MOST_RELEVANT = 20  # documents
MOST_PER_PACKAGE = 2_000  # documents
# Splits are drawn by wider groups, in which texts made of much the same words in any order belong together too:
# nothing borderline lies on both sides.
SPLIT_THRESHOLD = 0.7
SHARES = {"test": 0.14, "dev": 0.09}  # of the groups; the rest is for training


class Document(NamedTuple):
    """One document and the query taken from the same docstring."""

    id: str
    text: str
    query: str
    package: str
    kind: str


def documents(entries: Iterable[Entry], dropped: Counter[str]) -> list[Document]:
    """Cut entries into query and document; leave out what asks or answers nothing, and texts that are equal.

    Lines that more than `MOST_RELEVANT` objects share ("Refer to ... for full documentation") answer nothing.
    """
    ordered = sorted(entries, key=lambda entry: (entry.name.count("."), len(entry.name), entry.name))
    parts = [split_docstring(entry.doc, entry.name.rpartition(".")[2]) for entry in ordered]
    seen = Counter(line for _, _, rest in parts for line in {line.strip() for line in rest.splitlines()})
    found: dict[tuple[str, str], Document] = {}
    for entry, (call, query, rest) in zip(ordered, parts, strict=True):
        own = " ".join(line for line in rest.splitlines() if seen[line.strip()] <= MOST_RELEVANT)
        text = document(masked(call or entry.signature, entry.name.rpartition(".")[2]), rest)
        if not query:
            dropped["no summary"] += 1
        elif len(re.findall(r"[^\W\d_]{2,}", own)) < SHORTEST_REST:
            dropped[f"fewer than {SHORTEST_REST} words of its own after the summary"] += 1
        elif (query, text) in found:
            dropped["same text as another object"] += 1
        else:
            found[query, text] = Document(entry.name, text, query, entry.package, entry.kind)
    return list(found.values())


def capped(found: Iterable[Document], dropped: Counter[str], most: int = MOST_PER_PACKAGE) -> list[Document]:
    """At most `most` documents a package: shortest paths (what users import) first, then by hash."""
    by_package = defaultdict(list)
    for one in found:
        by_package[one.package].append(one)
    kept = []
    for package, ones in by_package.items():
        ones.sort(key=lambda one: (one.id.count("."), digest(one.id)))
        kept += ones[:most]
        dropped[f"{package}: over {most:,} documents"] += max(0, len(ones) - most)
    return sorted(kept)


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def split_of(group: str) -> str:
    """The split a group falls into: by a hash of its name alone, so that new documents move no old ones."""
    position = int(digest(group)[:12], 16) / 16**12
    for split, share in SHARES.items():
        if position < share:
            return split
        position -= share
    return "train"


def queries(found: Iterable[Document], group_of: Mapping[str, str], dropped: Counter[str]) -> dict[str, Document]:
    """Query id -> the document it was taken from; equal wordings within a group are kept once."""
    sizes = Counter(group_of.values())
    kept: dict[tuple[str, str], Document] = {}
    for one in found:
        key = group_of[one.id], " ".join(words(one.query))
        if len(one.query.split()) < SHORTEST_QUERY:
            dropped[f"query: fewer than {SHORTEST_QUERY} words"] += 1
        elif sizes[group_of[one.id]] > MOST_RELEVANT:
            dropped[f"query: more than {MOST_RELEVANT} relevant documents"] += 1
        elif key in kept:
            dropped["query: asked already in its group"] += 1
        else:
            kept[key] = one
    return {f"q:{one.id}": one for one in kept.values()}


def write(name: str, columns: Mapping[str, list]) -> None:
    """One parquet file, by way of a temporary name."""
    path = HERE / f"{name}.parquet"
    temporary = path.with_suffix(".tmp")
    pq.write_table(pa.table(dict(columns)), temporary, compression="zstd", compression_level=19)
    os.replace(temporary, path)
    rows = len(next(iter(columns.values())))
    print(f"{path.name:24} {rows:7,} rows {path.stat().st_size / 1e6:6.2f} MB")


def check_versions() -> None:
    """Stop where an installed package is not the one requirements.txt names: other versions, other texts."""
    installed = {one.metadata["Name"].lower(): one.version for one in metadata.distributions()}
    for line in (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines():
        name, _, wanted = line.partition("#")[0].strip().partition("==")
        found = installed.get(name, "nothing").partition("+")[0]
        if name and found != wanted:
            raise SystemExit(f"{name} {wanted} is wanted, {found} found: pip install -r requirements.txt")


def main() -> None:
    check_versions()
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    found = harvest(PACKAGES)
    print("could not be imported:", dict(sorted(found.failures.items())))
    print(f"{len(found.entries):,} documented objects; left out:", dict(sorted(found.dropped.items())))

    dropped: Counter[str] = Counter()
    kept = capped(documents(found.entries, dropped), dropped)
    ids = [one.id for one in kept]
    asking, telling = ({one.id: one.query for one in kept}, {one.id: one.text for one in kept})
    alike = [*similar_pairs(asking, query_shingles), *similar_pairs(telling, body_shingles)]
    akin = [pair for ones in (asking, telling) for pair in similar_pairs(ones, word_shingles, SPLIT_THRESHOLD)]
    group_of = groups(ids, alike)
    split_by = {key: split_of(group) for key, group in groups(ids, alike + akin).items()}
    asked = queries(kept, group_of, dropped)
    print("left out:", dict(sorted((reason, count) for reason, count in dropped.items() if count)))

    write("corpus", {
        "_id": ids, "title": [""] * len(ids), "text": [one.text for one in kept],
        "package": [one.package for one in kept], "kind": [one.kind for one in kept],
        "name": ids, "group": [group_of[key] for key in ids],
    })  # fmt: skip
    in_group = members(group_of)
    for split in ("train", "dev", "test"):
        chosen = {key: one for key, one in asked.items() if split_by[one.id] == split}
        judged = [(key, other) for key, one in chosen.items() for other in in_group[group_of[one.id]]]
        write(f"queries-{split}", {
            "_id": list(chosen), "text": [one.query for one in chosen.values()],
            "group": [group_of[one.id] for one in chosen.values()],
        })  # fmt: skip
        write(f"qrels-{split}", {
            "query_id": [key for key, _ in judged], "corpus_id": [other for _, other in judged],
            "score": [1] * len(judged),
        })  # fmt: skip
    for package in PACKAGES:
        counts = (sum(one.package == package for one in ones) for ones in (kept, asked.values()))
        print(f"{package:13} {next(counts):6,} documents {next(counts):6,} queries")
    shared = [ones for ones in in_group.values() if len(ones) > 1]
    print(f"{len(in_group):,} groups, {len(shared):,} of several documents ({sum(map(len, shared)):,})")
    (HERE / "LICENSES.md").write_text(licence_page(), encoding="utf-8")


if __name__ == "__main__":
    # A few docstrings are put together from sets when their module is imported: fix the order of sets, which only
    # a new process can, and let no package look for a display or the network.
    fixed = {"PYTHONHASHSEED": "0", "MPLBACKEND": "Agg", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    if os.environ.get("PYTHONHASHSEED") == "0":
        main()
    else:
        raise SystemExit(subprocess.run([sys.executable, *sys.argv], env=os.environ | fixed).returncode)
