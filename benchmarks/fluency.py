"""Would somebody type this? Made queries of every σ, and real ones among them, marked by readers who know neither.

    python benchmarks/fluency.py sheet SHEET KEY          # SHEET: numbered lines, text only · KEY: what each line is
    python benchmarks/fluency.py count KEY MARKS MARKS    # two readers' marks → docs/fluency.json

The first 100 dev questions of wiki, one made of each at every σ, unselected and unfiltered, and the questions
themselves as a control, written the way the generator writes (its tokenizer's lower case and spaces), in one shuffled
list. A text that several of them gave stands there once and counts for each. Readers are asked: "Is this a search query
or a question that somebody might type and mean? 1 or 0", one line each: number, tab, mark. Intervals: 95 %, bootstrap
over queries.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from results import ROOT, commit, read_json, write_json

import lab
from lab import artefacts
from lab.errors import DataError
from lab.evaluation import mean_interval
from lab.generation import NoiseSettings

OUT = ROOT / "docs" / "fluency.json"
SIGMAS, COUNT, REAL = (0.0, 0.75, 1.0, 1.5, 2.0), 100, "real"


def samples() -> dict[str, list[str]]:
    """REAL or σ → a text for each of the questions, in their order."""
    teacher = lab.load_teacher()
    questions = list(lab.load_collection("wiki").queries["dev"].values())[:COUNT]
    generator = artefacts.query_generator(teacher)
    found = {REAL: generator.as_read(questions)}
    for sigma in SIGMAS:
        found[f"{sigma:g}"] = generator.rewrite(questions, NoiseSettings(sigma=sigma, per_query=1))
    return found


def sheet(found: dict[str, list[str]], seed: int = 0) -> tuple[list[str], dict[str, list[int]]]:
    """Shuffled different texts, and for each kind the numbers (from 1) of its texts, in the order of the questions."""
    texts = sorted({text for made in found.values() for text in made})
    texts = [texts[i] for i in np.random.default_rng(seed).permutation(len(texts))]
    number = {text: place for place, text in enumerate(texts, 1)}
    return texts, {kind: [number[text] for text in made] for kind, made in found.items()}


def marks(lines: list[str], texts: int) -> np.ndarray:
    """(texts,) of 0 and 1, out of lines "number<TAB>mark".

    Raises:
        DataError: a text without a mark, with two, or with another than 0 and 1.
    """
    found: dict[int, int] = {}
    for line in (line for line in lines if line.strip()):
        number, _, mark = line.strip().partition("\t")
        if not number.isdigit() or mark not in ("0", "1") or int(number) in found or not 1 <= int(number) <= texts:
            raise DataError(f"{line!r}: each line is a number from 1 to {texts}, once, a tab, and 0 or 1")
        found[int(number)] = int(mark)
    if missing := sorted(set(range(1, texts + 1)) - set(found)):
        raise DataError(f"{len(missing)} texts have no mark, the first is number {missing[0]}: mark every line")
    return np.array([found[number] for number in range(1, texts + 1)])


def agreement(a: np.ndarray, b: np.ndarray) -> dict[str, float | None]:
    """Share of texts marked alike, and Cohen's kappa (1960): that share above what two such readers reach by chance.

    Kappa is None where chance alone explains everything: both readers gave one and the same mark throughout.
    """
    same = float((a == b).mean())
    chance = float(a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean()))
    return {"same mark": same, "kappa": None if chance == 1 else (same - chance) / (1 - chance)}


def count(texts: list[str], numbers: dict[str, list[int]], readers: list[np.ndarray]) -> dict[str, Any]:
    """Per kind: texts each reader took for a query, those both did, the mean of both with its interval."""
    rows = []
    for kind, places in numbers.items():
        given = np.stack([reader[np.array(places) - 1] for reader in readers])  # (readers, questions)
        share = mean_interval(given.mean(axis=0))
        rows.append({
            "kind": kind, "samples": len(places), "yes": given.sum(axis=1).tolist(),
            "yes by all": int(given.all(axis=0).sum()),
            "share": {"value": share.value, "low": share.low, "high": share.high},
        })  # fmt: skip
    return {"different texts": len(texts), "agreement": agreement(*readers), "per kind": rows}


def main() -> None:
    """Write the sheet, or count its marks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    writing = verbs.add_parser("sheet")
    writing.add_argument("sheet", type=Path)
    writing.add_argument("key", type=Path)
    counting = verbs.add_parser("count")
    counting.add_argument("key", type=Path)
    counting.add_argument("marks", type=Path, nargs=2)
    arguments = parser.parse_args()
    if arguments.verb == "sheet":
        texts, numbers = sheet(samples())
        lines = "".join(f"{place}\t{text}\n" for place, text in enumerate(texts, 1))
        arguments.sheet.write_text(lines, encoding="utf-8")
        write_json(arguments.key, {"commit": commit(), "texts": texts, "numbers": numbers}, None)
        print(f"{len(texts)} different texts of {COUNT * (1 + len(SIGMAS))} samples")
        return
    key = read_json(arguments.key)
    given = [marks(path.read_text(encoding="utf-8").splitlines(), len(key["texts"])) for path in arguments.marks]
    told = {"command": "python benchmarks/fluency.py count KEY MARKS MARKS", "commit": key["commit"]}
    told |= count(key["texts"], key["numbers"], given)
    told |= {"numbers": key["numbers"], "texts": key["texts"], "marks": ["".join(map(str, each)) for each in given]}
    OUT.write_text(json.dumps(told, ensure_ascii=False).replace('"numbers"', '\n"numbers"') + "\n", encoding="utf-8")
    print(json.dumps({"agreement": told["agreement"], "per kind": told["per kind"]}, indent=1))


if __name__ == "__main__":
    main()
