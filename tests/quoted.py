"""What README quotes of the files it comes from, as the sentences that have to stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from lab import artefacts
from lab.encoders.export import QUERY_TOKENS
from lab.evaluation.bootstrap import RESAMPLES
from tests.scripts import benchmark

ROOT = Path(__file__).resolve().parents[1]
DOCS = (
    "quality", "quality-unseen", "quality-twentieth", "quality-elsewhere", "quality-unseen-corpus-words",
    "speed", "rerank_speed", "ladder", "live_cost", "fidelity", "towers", "generation", "timings", "minutes", "run_all",
    "redraw",
)  # fmt: skip


def read() -> dict[str, Any]:
    """All that README quotes, by name."""
    files = {name: json.loads((ROOT / f"docs/{name}.json").read_text(encoding="utf-8")) for name in DOCS}
    shipped = {"shipped": artefacts.STUDENT, "general": artefacts.GENERAL}
    return files | {
        name: json.loads((ROOT / "data/artefacts" / folder / "lab.json").read_text(encoding="utf-8"))
        for name, folder in shipped.items()
    }


def interval(found: dict[str, float], digits: int = 3, sign: str = "") -> str:
    told = [f"{found[key]:{sign}.{digits}f}".replace("-", "−") for key in ("value", "low", "high")]
    return f"{told[0]} [{told[1]}, {told[2]}]"


def signed(found: dict[str, float]) -> str:
    return interval(found, sign="+")


def of_quality(of: dict[str, Any]) -> list[str]:
    """The table and the sentences below it."""
    rows = {(row["collection"], row["student"]): row for row in of["quality"]}
    tenth, quarter = rows["wiki", "tenth"], rows["wiki", "quarter"]
    py_tenth, py_quarter = (rows["pydocs", size] for size in ("tenth", "quarter"))
    later = of["quality-unseen"]  # tenth, quarter and twentieth
    small = of["quality-twentieth"]  # wiki and pydocs
    before = [f"{row['retention']['value']:.3f}" for row in of["quality-unseen-corpus-words"]]
    encoders = of["speed"]["encoders"]
    rates, own = encoders[artefacts.STUDENT], f"{encoders['teacher']['parameters']:,}"
    alone, batches = (f"{rates[how]['times the teacher']:.1f} ×" for how in ("one by one", "batches"))
    seeds, shipped = f"mean of {len(tenth['seeds'])} seeds", of["shipped"]["report"]["dev"]
    k1, b = re.search(r"k\w=([\d.]+), b=([\d.]+)", shipped["bm25"]).groups()  # type: ignore[union-attr]
    return [
        f"| `wiki`, test split, {tenth['queries']} questions |",
        f"| teacher, all-MiniLM-L6-v2 | {own} | {tenth['teacher']:.3f} | | 1 × |",
        f"| student `tenth`, {seeds} | {tenth['parameters']:,} | {tenth['student_value']:.3f} |"
        f" {interval(tenth['retention'])} | {alone} alone, {batches} in batches |",
        f"| student `quarter`, {seeds} | {quarter['parameters']:,} | {quarter['student_value']:.3f} |"
        f" {interval(quarter['retention'])} | |",
        f"| static student, a tenth | {shipped['parameters']['static']:,} | {tenth['static_value']:.3f} |"
        f" {interval(tenth['retention_static'])} | |",
        f"| static student, at most a quarter | at most {quarter['parameters'] / 1e6:.1f} million |"
        f" {quarter['static_value']:.3f} |"
        f" {interval(quarter['retention_static'])} | |",
        f"| BM25 | | {tenth['bm25']:.3f} | {tenth['bm25'] / tenth['teacher']:.3f} | |",
        f"On `pydocs` ({py_quarter['queries']:,} test queries) `quarter` keeps {interval(py_quarter['retention'])} of"
        f" its teacher's {py_quarter['teacher']:.3f} and `tenth` {interval(py_tenth['retention'])}; there static"
        f" students of their sizes keep {py_quarter['retention_static']['value']:.3f} and"
        f" {py_tenth['retention_static']['value']:.3f}, BM25 {py_quarter['bm25'] / py_quarter['teacher']:.3f}.",
        f"`tenth` keeps {interval(later[0]['retention'])} on wiki and `quarter` {interval(later[1]['retention'])}"
        f" ({len(later[0]['seeds'])} seeds), the static students of their sizes"
        f" {interval(later[0]['retention_static'])} and {interval(later[1]['retention_static'])},"
        f" BM25 {later[0]['bm25'] / later[0]['teacher']:.3f}.",
        f"before, the same two kept {before[0]} and {before[1]}",
        f"{interval(small[0]['retention'])} on wiki, where a static student of its size keeps"
        f" {small[0]['retention_static']['value']:.3f}, and {interval(small[1]['retention'])} on pydocs, below BM25"
        f" ({small[1]['bm25'] / small[1]['teacher']:.3f}); on wiki's later documents it keeps"
        f" {interval(later[2]['retention'])}, below BM25 too:",
        f"the present one is of commit {tenth['commit']});",
        f"over queries and seeds {', '.join(map(str, tenth['seeds']))};",
        f"Of what the teacher adds to BM25 on wiki `tenth` keeps {tenth['over_bm25']}.",
        f"the student that ships (seed {of['shipped']['config']['seed']}) keeps"
        f" {interval(shipped['retention']['nDCG@10'])} on the {shipped['queries']} dev questions.",
        f"all documents and {of['shipped']['config']['texts']['most']:,} texts encoded by the teacher",
        f"BM25: Lucene's variant, k1 = {k1}, b = {b},",
    ]


def of_bm25(of: dict[str, Any]) -> list[str]:
    """Whether students of pydocs are above BM25 as their teacher is."""
    rows = {row["student"]: row for row in of["quality"] if row["collection"] == "pydocs"}
    assert not any(row["above_bm25_as_the_teacher"] for row in rows.values()), "README says: missed"
    teacher = signed(rows["quarter"]["teacher_minus_bm25"])
    quarter, tenth = (signed(rows[size]["student_minus_bm25"]) for size in ("quarter", "tenth"))
    return [
        f"beyond the interval, as the teacher is ({teacher} of nDCG@10; `quarter` {quarter}, `tenth` {tenth}): missed"
    ]


def of_elsewhere(of: dict[str, Any]) -> list[str]:
    """A student where it was not distilled, and one of both collections."""
    away = next(row for row in of["quality-elsewhere"] if row["collection"] == "pydocs-from-wiki")
    dev = [of["general"]["measured"][f"{name}, dev"] for name in ("wiki", "pydocs")]
    kept = [interval(told["retention"]["nDCG@10"]) for told in dev]
    bm25, static = (
        [f"{told['metrics'][engine]['nDCG@10'] / told['metrics']['teacher']['nDCG@10']:.3f}" for told in dev]
        for engine in ("bm25", "static")
    )
    return [
        f"taken to pydocs' test queries, keeps {interval(away['retention'])} of its teacher there (seed"
        f" {', '.join(map(str, away['seeds']))}; the static student {away['retention_static']['value']:.3f}, BM25"
        f" {away['bm25'] / away['teacher']:.3f})",
        f"on dev it keeps {kept[0]} on wiki and {kept[1]} on pydocs (seed {of['general']['config']['seed']}; BM25"
        f" {bm25[0]} and {bm25[1]}, static {static[0]} and {static[1]})",
    ]


def of_speed(of: dict[str, Any]) -> list[str]:
    alone, batches = (of["speed"]["encoders"][artefacts.STUDENT][how] for how in ("one by one", "batches"))
    flops = {who: number / 1e6 for who, number in of["shipped"]["flops"].items()}
    scorers = [of["rerank_speed"]["float32"][scorer] for scorer in ("cls", "dual")]
    told = [interval({"value": s["ratio"], "low": s["smallest"], "high": s["largest"]}, 2) for s in scorers]
    live, of_looks = of["live_cost"]["views"], of["live_cost"]["looks"]
    slower = [f"{live[name]['median slowdown']['wall']:.1%}".replace("-", "−") for name in ("00", "03")]
    return [
        f"smallest and largest {alone['smallest']:.1f} and {alone['largest']:.1f} alone,"
        f" {batches['smallest']:.1f} and {batches['largest']:.1f} in batches);",
        f"a query of {QUERY_TOKENS} tokens costs {flops['student']:.1f} MFLOPs instead of {flops['teacher']:.1f}.",
        f"`cls` scores {told[0]} and `dual` {told[1]} times as many pairs a second as sentence-transformers' own",
        f"median, smallest and largest of {of['rerank_speed']['repeats']} repeats",
        f"cost {slower[0]} of the time in notebook 00 and {slower[1]} in the experiments of 03".replace("%", " %"),
        f"(medians of {len(live['03']['pairs'])} pairs, one core,",
        f"looking at the student takes {of_looks['00']['share']:.1%} of the live training of 00 and"
        f" {of_looks['03, usual']['share']:.1%} of an experiment of 03, which is looked at"
        f" {of_looks['03, usual']['looks']} times in {of_looks['03, usual']['steps']} steps.".replace("%", " %"),
        f"for each look, which takes {of_looks['03, own tower']['share']:.1%}.".replace("%", " %"),
    ]


def of_studies(of: dict[str, Any]) -> list[str]:
    study, arms = of["ladder"]["study"], next(iter(of["ladder"]["blocks"].values()))["arms"]
    planned = len(arms)
    for part in ("collections", "sizes", "starts", "seeds"):
        planned *= len(study[part])
    of_wiki, of_pydocs = (of["fidelity"]["spearman"][collection] for collection in ("wiki", "pydocs"))
    wiki, pydocs, paper_wiki, paper_pydocs = (
        spearman[targets]["retention"]["overlap"]
        for targets in ("pulled", "teacher's vectors")
        for spearman in (of_wiki, of_pydocs)
    )
    return [
        f"all {planned} runs are stored, {len(study['seeds'])} seeds each"
        if len(of["ladder"]["runs"]) == planned
        else f"{len(of['ladder']['runs'])} of its {planned} runs are stored",
        f"ranks {wiki['students']} short trainings of the recipe as their dev retention does with a Spearman"
        f" correlation of {interval(wiki, 2)} on wiki and {interval(pydocs, 2)} on pydocs, {paper_wiki['students']}"
        f" with the paper's own targets with {interval(paper_wiki, 2)} and {interval(paper_pydocs, 2)}:",
        f"own minus inherited {interval(of['towers']['own minus inherited'])},",
    ]


def of_generation(of: dict[str, Any]) -> list[str]:
    found, either = of["generation"], ("missed on both", "met on wiki alone", "met on pydocs alone", "met on both")
    bars, rate, chosen = found["met"], found["speed at the default sigma"], found["default sigma"]
    rebuilt, kept = (either[bars[name]["wiki"] + 2 * bars[name]["pydocs"]] for name in list(bars)[:2])
    noisiest_first = sorted(found["without masking"], key=lambda row: -row["sigma"])
    bare = {row["collection"]: row["rebuilt exactly"] for row in noisiest_first}  # the last: without noise
    rows = [next(row for row in found["per sigma, dev queries"][name] if row["sigma"] == chosen)
            for name in ("wiki", "pydocs")]  # fmt: skip
    stays = " and for ".join(interval(row["top document kept"], 2) for row in rows)
    fast = "met" if bars["100 queries per second"] else "missed"
    speed = f"{rate['queries per second']:.0f} made queries a second by the clock on {rate['threads']} threads"
    return [
        f"embedded generator rebuilds {bare['wiki']:.2f} of wiki's dev queries and {bare['pydocs']:.2f} of"
        f" pydocs' exactly (aimed at: 0.80, {rebuilt})",
        f"at the default σ, {chosen:g}, the teacher's top document stays for {stays} of what it makes (0.80: {kept});",
        f"{speed} (100 asked for: {fast}).",
    ]


def of_timings(of: dict[str, Any]) -> list[str]:
    kept = of["timings"]
    took = {stage: told["seconds"] for stage, told in kept["stages"].items()}
    units, cells = (kept["stages"][stage]["passed"] for stage in ("unit", "notebooks"))
    return [
        f"`make test` from a fresh clone: {kept['total']} seconds on {kept['cores']} cores, of which"
        f" {took['install']} set up, {took['types']} check types, {took['unit']} run {units:,} unit tests,"
        f" {took['notebooks']} run the {cells} cells of the notebooks and {took['browser']} drive a browser"
        f" (commit {kept['commit']}, one run;"
    ]


def of_waiting(of: dict[str, Any]) -> list[str]:
    """Minutes of the command, seconds of Run All, milliseconds of a selection."""
    means, bars = of["minutes"]["means"], of["minutes"]["bars"]
    books, ms = of["run_all"]["notebooks"], [each["median"] for each in of["redraw"]["redraws"].values()]
    took = {name: each["seconds"] for name, each in books.items()}
    others = [seconds for name, seconds in took.items() if name != "00_start_here"]
    missed = sum(median > 1000 * of["redraw"]["bar"] for median in ms)
    return [
        *(f"`{size}` takes {found['minutes']:.1f} ({found['seeds']}; {bar} asked for"
          for size, bar in bars.items() for found in [means[f"wiki {size}"]]),
        f"Run All of `00_start_here` takes {took['00_start_here']:.0f} seconds, and its first search has answered after"
        f" {books['00_start_here']['first search']:.0f}; the others take {min(others):.0f} to {max(others):.0f}",
        f"is drawn within {min(ms)} to {max(ms)} ms (medians; the bar of {1000 * of['redraw']['bar']:.0f} is missed by"
        f" {missed} of {len(ms)} kinds",
    ]  # fmt: skip


def of_code() -> list[str]:
    """What the measuring code says itself."""
    return [f"{RESAMPLES:,} resamples", f"medians of {benchmark('speed').REPEATS} interleaved repeats"]


def expected(of: dict[str, Any]) -> list[str]:
    parts = (of_quality, of_bm25, of_elsewhere, of_speed, of_studies, of_generation, of_timings, of_waiting)
    return [phrase for part in parts for phrase in part(of)]
