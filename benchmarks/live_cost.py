"""What watching costs: the live views of two notebooks, and the looks at the student that they draw.

    python benchmarks/live_cost.py              # as many pairs as this commit misses of five a view, and the looks
    python benchmarks/live_cost.py --pairs 1    # one more of each; where others want the machine

The views: that of 00 (`train_in_background`) and the experiments of 03. The same short training with the view and
without it, in a kernel, pair by pair. Both arms train in a thread of one kernel, whose messages this process reads as
JupyterLab's server would; drawing in the browser is not included. Timed from the first step to the end, looks
included. The arms of a pair follow each other, the order alternates. Wall clock is what a reader feels and what the bar
of 5 % is for; processor time says the same where others use the cores meanwhile.

The looks: which share of a live training of a notebook is spent on looking at the student through texts that are held
out. One look and one step are timed in a short training of its settings; the share is that of as many looks and steps
as the notebook takes. Of 03 these are the usual run, that with the shortest steps, that with the fewest steps and that
which encodes the documents anew for each look. Goes to docs/live_cost.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import queue
import time
from pathlib import Path
from typing import Any

import numpy as np
from results import ROOT, commit, read_json, write_json

from lab.training.batches import probe_steps

HERE = Path(__file__).resolve().parent
OUT = ROOT / "docs" / "live_cost.json"
VIEWS, PAIRS, BAR, PATIENCE = ("00", "03"), 5, 0.05, 900.0
ANSWER = "LIVE COST "
WATCHED, LOOKS, SECONDS = 150, 7, 45.0  # of the live training of notebook 00
SHORT, TIMED = 0.3, 8  # passes in which a look and a step are timed, and looks


def arm(name: str, live: bool) -> dict[str, float]:
    """In the kernel: one training in the view of this notebook; seconds of wall clock and of processor from the first
    step to the end."""
    import lab
    from lab import artefacts
    from lab.panels import train_in_background
    from lab.teaching import experiments
    from lab.training import Finished, Progress

    collection, teacher = lab.load_collection("wiki"), lab.load_teacher()
    config = dataclasses.replace(experiments.usual(), epochs=0.4, observed=300)
    at: dict[str, tuple[float, float]] = {}

    def listen(event: Any) -> None:
        if isinstance(event, Progress) and event.step == 1:
            at["begin"] = time.perf_counter(), time.process_time()
        elif isinstance(event, Finished):
            at["end"] = time.perf_counter(), time.process_time()

    if name == "00":
        more = {"collection": collection, "teacher": teacher, "prepared": artefacts.live_data(collection)}
    else:
        prepared = artefacts.live_data(collection, experiments.WATCHED)
        more = experiments.arguments(collection, teacher, prepared)
    if name == "00" or not live:  # without a view the panel of 03 would still write every step on its label
        steps = train_in_background(config, live, listen, record=False, **more).result().finished.step
    else:
        panel = experiments.experiment_panel(collection, teacher, config=config, live=live)
        costs = panel._listen  # what is measured; the clock is read around it

        def heard(event: Any) -> None:
            costs(event)
            listen(event)

        panel._listen = heard  # type: ignore[method-assign]
        steps = panel.start("usual").join().step
    wall, cpu = (end - begin for begin, end in zip(at["begin"], at["end"], strict=True))
    return {"wall": wall, "cpu": cpu, "steps": steps}


def looks() -> dict[str, dict[str, float]]:
    """Run → seconds of a look, seconds of a step, how many of each, and the looks' share of the time."""
    import lab
    from lab import artefacts
    from lab.panels import knobs
    from lab.teaching import experiments
    from lab.teaching.pace import REFERENCE, Pace
    from lab.training.batches import steps_in

    collection, teacher = lab.load_collection("wiki"), lab.load_teacher()
    epochs = Pace(REFERENCE).epochs(SECONDS, artefacts.LIVE_MIX.most, LOOKS, WATCHED)
    first = lab.DistillConfig(student="tenth", static=False, epochs=epochs, probes=LOOKS)
    usual = experiments.usual()
    guided = {each.name: each.config(usual) for each in experiments.experiments(usual)}
    fewest = knobs.free(usual, steps=list(knobs.LENGTHS)[-1]).config(usual)
    prepared = artefacts.live_data(collection, WATCHED)
    trainings = {"00": (first, {"collection": collection, "prepared": prepared, "record": True})}
    more = experiments.arguments(collection, teacher, artefacts.live_data(collection, experiments.WATCHED))
    more.pop("teacher")
    trainings |= {f"03, {name}": (guided[name], more) for name in ("usual", "size 1/20", "own tower")}
    trainings["03, fewest steps"] = (fewest, more)
    found = {}
    for name, (config, own) in trainings.items():
        took = one_look(dataclasses.replace(config, epochs=SHORT, probes=TIMED, observed=300), teacher, own)
        steps = steps_in(len(own["prepared"][0].texts), config.batch, config.epochs)
        found[name] = {**took, "looks": len(probe_steps(steps, config.probes)), "steps": steps}
    return {name: {**each, "share": share(**each)} for name, each in found.items()}


def share(look: float, step: float, looks: int, steps: int) -> float:
    """Of the time of a training, what its looks take."""
    return looks * look / (looks * look + steps * step)


def one_look(config: Any, teacher: Any, more: dict[str, Any]) -> dict[str, float]:
    """Processor seconds, the median of those of a short training: of a look, of a step."""
    import lab
    from lab.preparation import Looked
    from lab.training import Probed, Progress

    at, began, taken = [], 0.0, []

    def listen(event: Any) -> None:
        nonlocal began
        now = time.process_time()
        if isinstance(event, Progress):
            at.append(now - began)
            began = now
        elif isinstance(event, Looked):
            taken.append(now - began)
        elif isinstance(event, Probed):
            began = now

    lab.distill(config, teacher=teacher, listen=listen, **more)
    # the look at the start has building the student before it, the first step compiling
    return {"look": float(np.median(taken[1:])), "step": float(np.median(at[1:]))}


def pairs_in_a_kernel(name: str, count: int, done: int) -> list[dict[str, dict[str, float]]]:
    """So many pairs of one view, after a warm-up that is not counted."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel()
    try:
        ask(client, f"import json, sys; sys.path.insert(0, {str(HERE)!r}); import live_cost")
        ask(client, f"live_cost.arm({name!r}, True)")
        found = []
        for number in range(done, done + count):
            order = (False, True) if number % 2 == 0 else (True, False)
            arms = {live: ask(client, _say(name, live)) for live in order}
            found.append({"plain": arms[False], "live": arms[True]})
            print(json.dumps(found[-1]), flush=True)
        return found
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _say(name: str, live: bool) -> str:
    return f"print({ANSWER!r} + json.dumps(live_cost.arm({name!r}, {live})))"


def ask(client: Any, code: str) -> Any:
    """Run code in the kernel, read all it sends, and return what it answered."""
    request, answer, messages, end = client.execute(code), None, 0, time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            message = client.get_iopub_msg(timeout=5)
        except queue.Empty:
            continue
        messages += message["msg_type"] == "comm_msg"
        if message["msg_type"] == "error":
            raise RuntimeError("\n".join(message["content"]["traceback"]))
        if message["msg_type"] == "stream" and ANSWER in message["content"]["text"]:
            answer = json.loads(message["content"]["text"].split(ANSWER)[1].splitlines()[0])
        idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
        if idle and message["parent_header"].get("msg_id") == request:
            return answer and {**answer, "messages": messages}
    raise TimeoutError(f"the kernel did not answer in {PATIENCE:.0f} s")


def summary(views: dict[str, list[dict]], looked: dict[str, Any] | None = None) -> dict[str, Any]:
    """View → median slowdown over its pairs: live over plain, minus 1; and what `looks` found."""
    told = {}
    for name, pairs in views.items():
        slower = {
            clock: [pair["live"][clock] / pair["plain"][clock] - 1 for pair in pairs] for clock in ("wall", "cpu")
        }
        median = {clock: float(np.median(values)) for clock, values in slower.items()}
        told[name] = {"median slowdown": median, "slowdowns": slower, "pairs": pairs}
    about = {"command": "python benchmarks/live_cost.py", "commit": commit(), "bar": BAR}
    return {**about, "views": told, "looks": looked or {}}


def main() -> None:
    """Measure what is missing and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, help="measure so many more of each; by default what is missing of five")
    parser.add_argument("--anew", action="store_true", help="forget what was measured before")
    arguments = parser.parse_args()
    stored = read_json(OUT, missing={"views": {}})
    if arguments.anew or stored.get("commit") != commit():  # pairs of another commit would be told as of this one
        stored = {"views": {}}
    views = {name: stored["views"].get(name, {"pairs": []})["pairs"] for name in VIEWS}
    for name, known in views.items():
        count = max(0, PAIRS - len(known)) if arguments.pairs is None else arguments.pairs
        views[name] = known + (pairs_in_a_kernel(name, count, len(known)) if count else [])
    told = summary(views, looks())
    write_json(OUT, told)
    for name, each in told["views"].items():
        print(name, json.dumps(each["median slowdown"]), f"over {len(each['pairs'])} pairs; the bar is {BAR:.0%}")
    for name, each in told["looks"].items():
        print(f"notebook {name}: {each['looks']} looks take {each['share']:.1%} of the training")


if __name__ == "__main__":
    main()
