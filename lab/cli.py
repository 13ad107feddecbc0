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

# of --mix, with the defaults of DistillConfig: importing it for --help would import torch
KINDS = {"titles": 1, "sentences": 12, "spans": 3, "questions": 6, "most": 80_000, "generated": 0}


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
        "--student", help="half, quarter, tenth (default), twentieth, or an encoder's folder or hub id"
    )
    distill.add_argument("--seed", type=int, help="default: 0")
    distill.add_argument("--out", type=Path, required=True, help="folder of the student")
    distill.add_argument("--queries", choices=("documents", "train"), help="default: documents")
    usual = " ".join(f"{kind}={number}" for kind, number in KINDS.items())
    distill.add_argument(
        "--mix", nargs="+", metavar="KIND=N", help="training texts of each kind that a document gives, `most` in all,"
        f" and `generated`: queries made by noise of each train query (with --queries train); default: {usual}",
    )  # fmt: skip
    distill.add_argument("--sigma", type=float, help="noise of `generated`, in units of the encoder's RMS; default: 1")
    distill.add_argument("--documents", choices=("inherited", "own"), help="default: inherited")
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
    evaluate.add_argument("--split", default="dev", help="dev to choose, test once at the end")
    evaluate.add_argument("--teacher", help="default: what it was distilled from")
    evaluate.add_argument("--device", default="auto")
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.add_argument("--runs", type=Path, help="folder for TREC run files of all engines")
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
    config = DistillConfig.from_json(arguments.config.read_text()) if arguments.config else DistillConfig()
    named = ("collection", "teacher", "student", "seed", "queries", "sigma", "documents", "epochs", "device")
    changes = {name: getattr(arguments, name) for name in named if getattr(arguments, name) is not None}
    if arguments.mix:
        changes |= _mixed(arguments.mix, config)
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


def _mixed(words: Sequence[str], config: DistillConfig) -> dict[str, Any]:
    """Changes of the config that `--mix` asks for."""
    asked: dict[str, Any] = {}
    for word in words:
        kind, _, number = word.partition("=")
        if kind not in KINDS or not number.isdecimal():
            raise DataError(f"--mix {word}: write KIND=N, a whole number from 0; kinds are {', '.join(KINDS)}")
        asked[kind] = int(number)
    changes: dict[str, Any] = {"generated": asked.pop("generated")} if "generated" in asked else {}
    if "titles" in asked:
        asked["titles"] = bool(asked["titles"])
    return changes | {"texts": dataclasses.replace(config.texts, **asked)}


def _report(arguments: argparse.Namespace):
    from lab.collection import load_collection
    from lab.encoders.export import FACTS, facts, load_student
    from lab.encoders.teacher import load_teacher
    from lab.report import evaluate

    student = load_student(arguments.student, arguments.device)
    known = facts(arguments.student) if (arguments.student / FACTS).exists() else None
    if known is None and not (arguments.collection and arguments.teacher):
        raise DataError(f"{arguments.student} has no {FACTS}: name --collection and --teacher")
    config = known["config"] if known else {}
    teacher = load_teacher(arguments.teacher or config["teacher"], arguments.device, config.get("precision", "auto"))
    static = arguments.student / "static"
    report = evaluate(
        student,
        load_collection(arguments.collection or config["collection"]),
        arguments.split,
        teacher,
        static=load_student(static, arguments.device) if static.exists() else None,
        own_documents=config.get("documents") == "own",
    )
    return report, known


def _evaluate(arguments: argparse.Namespace) -> int:
    report, known = _report(arguments)
    if arguments.runs:
        arguments.runs.mkdir(parents=True, exist_ok=True)
        for name, run in report.runs.items():
            run.to_trec(arguments.runs / f"{name}.trec")
    if arguments.json:
        minutes = known["minutes"] if known else None
        print(json.dumps(report.as_json() | {"minutes": minutes}, indent=2))
    else:
        print(report)
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    report, _ = _report(arguments)
    comparison = report.comparison()
    print(comparison)
    print(comparison.frame().head(arguments.top).to_string(index=False, max_colwidth=60))
    print(comparison.slices().to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
