"""One verb for every kind of collection: its name or path says which reader it needs."""

from __future__ import annotations

from pathlib import Path

from lab.collection.beir import load_beir
from lab.collection.core import Collection
from lab.collection.irds import load_irds
from lab.collection.shipped import data_folder, load_shipped, shipped_names
from lab.collection.together import together
from lab.errors import DataError

LAYOUT = (
    'A BEIR folder holds corpus.jsonl (one {"_id", "title", "text"} a line) and, to be evaluated on, '
    "queries.jsonl and qrels/<split>.tsv (query-id, corpus-id, score between tabs)."
)


def load_collection(name_or_path: str | Path) -> Collection:
    """The collection of that name or in that folder; queries are not opened before a split is asked for.

    "wiki", "pydocs"    shipped with the lab; "./wiki" is a folder of that name
    a folder            in BEIR layout, with corpus.jsonl alone, or with parquet files like the shipped ones
    "irds:<id>"         of ir_datasets, an extra
    "wiki+pydocs"       any of these as one corpus without splits, see `together`

    Raises:
        DataError: what is wrong and how to mend it, with file and line.
        OfflineError: data of ir_datasets cannot be fetched.
    """
    name = str(name_or_path)
    if name.startswith("irds:"):
        return load_irds(name.removeprefix("irds:"))
    if isinstance(name_or_path, str) and name in shipped_names():
        return load_shipped(data_folder() / name)
    folder = Path(name).expanduser()
    if (folder / "corpus.parquet").is_file():
        return load_shipped(folder)
    if (folder / "corpus.jsonl").is_file():
        return load_beir(folder)
    if isinstance(name_or_path, str) and "+" in name and not folder.exists():
        return together([load_collection(part) for part in name.split("+")])
    shipped = ", ".join(shipped_names()) or "none, set LAB_DATA to the repository's data/ folder"
    raise DataError(f"{_what_is_there(name, folder)} Shipped in {data_folder()}: {shipped}. {LAYOUT}")


def _what_is_there(name: str, folder: Path) -> str:
    if folder.is_file():
        return f"{name!r} is a file; give the folder it lies in."
    if folder.is_dir():
        held = sorted(path.name for path in folder.iterdir())[:5]
        return f"The folder {name!r} holds no corpus.jsonl, but {', '.join(held) or 'nothing'}."
    return f"No collection {name!r}: neither a shipped name nor a folder."
