"""The command line: `lab doctor`, `lab distill`, `lab evaluate`, `lab compare`. Thin: every verb is a function of the
package."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import DataError, LabError

if TYPE_CHECKING:
    from lab.config import DistillConfig
    from lab.report import FidelityReport, Report
    from lab.saving import Opened

# of --mix and --sigma, with the defaults of DistillConfig: importing it for --help would import torch
SIGMA = 0.75
KINDS = {
    "titles": 1, "sentences": 12, "spans": 3, "questions": 6, "names": 0, "most": 80_000, "at_least": 40_000,
    "generated": 0,
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, or 1 with one line on stderr that says what was wrong."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except (LabError, OSError) as error:
        print(f"lab {arguments.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            f"lab {arguments.command}: interrupted; the same command goes on from the last checkpoint", file=sys.stderr
        )
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="Distil a retrieval teacher into a small query encoder.")
    commands = parser.add_subparsers(dest="command", required=True)

    doctor = commands.add_parser("doctor", help="check this machine")
    doctor.set_defaults(run=_doctor)

    distill = commands.add_parser("distill", help="make a student; reads documents only unless told otherwise")
    distill.add_argument("--collection", required=True, help="wiki, pydocs, a folder in BEIR layout, or irds:<id>")
    distill.add_argument(
        "--teacher", help="folder or hub id; default: the embedded all-MiniLM-L6-v2"
    )
    distill.add_argument(
        "--student",
        help="half, quarter, tenth (default), twentieth, a share like 1/6, or an encoder's folder or hub id",
    )
    distill.add_argument(
        "--table", choices=("auto", "corpus", "teacher"), help="tokens that get a vector: those the corpus uses, or"
        " others of the teacher's too, for documents that come later; default: auto, by what held-out documents bring",
    )  # fmt: skip
    distill.add_argument("--seed", type=int, help="default: 0")
    distill.add_argument("--out", type=Path, required=True, help="folder of the student")
    distill.add_argument("--queries", choices=("documents", "train"), help="default: documents")
    usual = " ".join(f"{kind}={number}" for kind, number in KINDS.items())
    distill.add_argument(
        "--mix", nargs="+", metavar="KIND=N", help="training texts of each kind that a document gives; `most` in all;"
        " `at_least` with general ones where documents give few; `generated`: made by noise of each train query (with"
        f" --queries train); default: {usual}",
    )  # fmt: skip
    distill.add_argument(
        "--sigma", type=float, help=f"noise of `generated`, in units of the encoder's RMS; default: {SIGMA:g}"
    )
    distill.add_argument("--documents", choices=("inherited", "own"), help="default: inherited")
    distill.add_argument(
        "--loss", choices=("matching", "combined"), help="combined: the teacher's scores as well as its vectors, with"
        " the gradient norm of each; --config sets any weights; default: matching",
    )  # fmt: skip
    distill.add_argument("--epochs", type=float, help="passes over the texts")
    distill.add_argument(
        "--config", type=Path, help="settings to start from: a student's lab.json or a config; options overrule them"
    )
    distill.add_argument("--device", help="auto, cpu, cuda, mps")
    distill.add_argument("--record", action="store_true", help="also keep a recording of how the geometry moved")
    distill.add_argument("--no-static", action="store_true", help="leave the static student out")
    distill.set_defaults(run=_distill)

    evaluate = commands.add_parser("evaluate", help="score a student on judged queries beside teacher, BM25 and static")
    evaluate.add_argument("--student", type=Path, required=True)
    evaluate.add_argument("--collection", help="default: what it was distilled on")
    evaluate.add_argument(
        "--split", help="dev to choose, test once at the end; held-out: agreement with the teacher on texts of held-out"
        " documents, where nobody has judged any; default: dev, or held-out where there are no judgements",
    )  # fmt: skip
    evaluate.add_argument("--teacher", help="default: what it was distilled from")
    evaluate.add_argument("--device", default="auto")
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.add_argument("--runs", type=Path, help="folder for TREC run files of all engines")
    evaluate.add_argument("--card", action="store_true", help="also write the figures into the student's model card")
    evaluate.set_defaults(run=_evaluate)

    compare = commands.add_parser("compare", help="query by query: where the student lost, and on what kind of query")
    compare.add_argument("--student", type=Path, required=True)
    compare.add_argument("--collection")
    compare.add_argument("--split", default="dev")
    compare.add_argument("--teacher")
    compare.add_argument("--device", default="auto")
    compare.add_argument("--top", type=int, default=15, help="lost queries shown")
    compare.set_defaults(run=_compare)
    return parser


def _doctor(_: argparse.Namespace) -> int:
    from lab.doctor import checks

    failed = 0
    for check in checks():
        print(check, flush=True)
        failed += not check.passed
    return 1 if failed else 0


def _distill(arguments: argparse.Namespace) -> int:
    from lab.config import DistillConfig
    from lab.distillation import distill
    from lab.encoders.export import FACTS
    from lab.progress import ProgressBars
    from lab.saving import save

    out: Path = arguments.out
    if out.exists() and any(out.iterdir()) and not (out / FACTS).exists():
        raise DataError(f"{out} exists and is not a student of this lab; choose another --out, or empty it")
    config = _settings(arguments.config) if arguments.config else DistillConfig()
    named = ("collection", "teacher", "student", "table", "seed", "queries", "sigma", "documents", "epochs", "device")
    changes = {name: getattr(arguments, name) for name in named if getattr(arguments, name) is not None}
    if arguments.mix:
        changes |= _mixed(arguments.mix, config)
    if arguments.loss:
        from lab.losses import COMBINED, LossWeights

        changes["losses"] = COMBINED if arguments.loss == "combined" else LossWeights()
    config = dataclasses.replace(config, **changes, static=config.static and not arguments.no_static)
    generator = None
    if config.generated:
        from lab.artefacts import query_generator

        generator = query_generator(device=config.device)
    out.parent.mkdir(parents=True, exist_ok=True)
    checkpoint = out.with_name(f".{out.name}.checkpoint.safetensors")
    with ProgressBars() as bars:
        distilled = distill(config, record=arguments.record, listen=bars, checkpoint=checkpoint, generator=generator)
    about = save(distilled, out)
    small, large = about["parameters"]["student"], about["parameters"]["teacher"]
    print(
        f"{out}: {small:,} parameters ({large / small:.1f} times fewer than the teacher),"
        f" {distilled.minutes:.1f} minutes"
    )
    print(f"held-out texts, no judgements: {distilled.fidelity}")
    if distilled.static_fidelity:
        print(f"static student of the same size: {distilled.static_fidelity}")
    return 0


def _settings(path: Path) -> DistillConfig:
    from lab.config import DistillConfig

    try:
        return DistillConfig.from_json(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise DataError(f"--config {path} is no UTF-8 text ({error}): name a student's lab.json or a config") from error


def _mixed(words: Sequence[str], config: DistillConfig) -> dict[str, Any]:
    """Changes of the config that `--mix` asks for."""
    asked: dict[str, Any] = {}
    for word in words:
        kind, _, number = word.partition("=")
        if kind not in KINDS or not number.isdecimal():
            raise DataError(f"--mix {word}: write KIND=N, a whole number from 0; kinds are {', '.join(KINDS)}")
        asked[kind] = int(number)
    changes: dict[str, Any] = {kind: asked.pop(kind) for kind in ("at_least", "generated") if kind in asked}
    if "titles" in asked:
        asked["titles"] = bool(asked["titles"])
    return changes | {"texts": dataclasses.replace(config.texts, **asked)}


def _opened(arguments: argparse.Namespace) -> Opened:
    from lab.saving import open_student

    opened = open_student(arguments.student, arguments.collection, arguments.teacher, arguments.device)
    for note in opened.notes:
        print(f"lab {arguments.command}: {note}", file=sys.stderr)
    return opened


def _judged(opened: Opened, split: str) -> Report:
    from lab.report import evaluate

    return evaluate(
        opened.student, opened.collection, split, opened.teacher,
        static=opened.static, own_documents=opened.own_documents,
    )  # fmt: skip


def _evaluate(arguments: argparse.Namespace) -> int:
    from lab.report import HELD_OUT, evaluate_fidelity
    from lab.saving import note_measured

    opened = _opened(arguments)
    split = arguments.split or ("dev" if opened.collection.splits else HELD_OUT)
    report: Report | FidelityReport
    if split == HELD_OUT:
        report = evaluate_fidelity(
            opened.student, opened.collection, opened.teacher,
            static=opened.static, own_documents=opened.own_documents,
        )  # fmt: skip
    else:
        report = _judged(opened, split)
    if arguments.runs:
        arguments.runs.mkdir(parents=True, exist_ok=True)
        for name, run in report.runs.items():
            run.to_trec(arguments.runs / f"{name}.trec")
    if arguments.card:
        note_measured(arguments.student, report.as_json())
    if arguments.json:
        minutes = opened.facts["minutes"] if opened.facts else None
        print(json.dumps(report.as_json() | {"minutes": minutes}, indent=2))
    else:
        print(report)
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    comparison = _judged(_opened(arguments), arguments.split).comparison()
    print(comparison)
    print(comparison.frame().head(arguments.top).to_string(index=False, max_colwidth=60))
    print(comparison.slices().to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
