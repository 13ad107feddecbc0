"""What watching costs: the same short training with the live view and without it, in a kernel, pair by pair.

    python benchmarks/live_cost.py              # as many pairs as are missing of five
    python benchmarks/live_cost.py --pairs 1    # one more; where others want the machine

Both arms train in a thread of one kernel, whose messages this process reads as JupyterLab's server would; drawing in
the browser is not included. Timed from the first step to the end, looks included. The arms of a pair follow each other,
the order alternates. Wall clock is what a reader feels and what the bar of 5 % is for; processor time says the same
where others use the cores meanwhile. Goes to docs/live_cost.json.
"""

from __future__ import annotations

import argparse
import json
import queue
import time
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "docs" / "live_cost.json"
PAIRS, BAR, PATIENCE = 5, 0.05, 900.0
ANSWER = "LIVE COST "


def arm(live: bool) -> dict[str, float]:
    """In the kernel: one training; seconds of wall clock and of processor from the first step to the end."""
    import lab
    from lab import artefacts
    from lab.panels import train_in_background
    from lab.training import Finished, Progress

    collection, teacher = lab.load_collection("wiki"), lab.load_teacher()
    config = lab.DistillConfig(student="tenth", epochs=0.4, probes=8, observed=300, static=False)
    at: dict[str, tuple[float, float]] = {}

    def listen(event: Any) -> None:
        if isinstance(event, Progress) and event.step == 1:
            at["begin"] = time.perf_counter(), time.process_time()
        elif isinstance(event, Finished):
            at["end"] = time.perf_counter(), time.process_time()

    training = train_in_background(
        config, live, listen, collection=collection, teacher=teacher, prepared=artefacts.live_data(collection),
        record=False,
    )  # fmt: skip
    steps = training.result().finished.step
    wall, cpu = (end - begin for begin, end in zip(at["begin"], at["end"], strict=True))
    return {"wall": wall, "cpu": cpu, "steps": steps}


def pairs_in_a_kernel(count: int, done: int) -> list[dict[str, dict[str, float]]]:
    """So many pairs, after a warm-up that is not counted."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel()
    try:
        ask(client, f"import json, sys; sys.path.insert(0, {str(HERE)!r}); import live_cost; live_cost.arm(True)")
        found = []
        for number in range(done, done + count):
            order = (False, True) if number % 2 == 0 else (True, False)
            arms = {live: ask(client, f"print({ANSWER!r} + json.dumps(live_cost.arm({live})))") for live in order}
            found.append({"plain": arms[False], "live": arms[True]})
            print(json.dumps(found[-1]), flush=True)
        return found
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


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


def summary(pairs: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Median slowdown over the pairs: live over plain, minus 1."""
    slower = {clock: [pair["live"][clock] / pair["plain"][clock] - 1 for pair in pairs] for clock in ("wall", "cpu")}
    return {
        "command": "python benchmarks/live_cost.py",
        "bar": BAR,
        "median slowdown": {clock: float(np.median(values)) for clock, values in slower.items()},
        "slowdowns": slower,
        "pairs": pairs,
    }


def main() -> None:
    """Measure what is missing and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, help="measure so many more; by default what is missing of five")
    parser.add_argument("--anew", action="store_true", help="forget what was measured before")
    arguments = parser.parse_args()
    known = json.loads(OUT.read_text())["pairs"] if OUT.exists() and not arguments.anew else []
    count = max(0, PAIRS - len(known)) if arguments.pairs is None else arguments.pairs
    pairs = known + (pairs_in_a_kernel(count, len(known)) if count else [])
    told = summary(pairs)
    OUT.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told["median slowdown"]), f"over {len(pairs)} pairs; the bar is {BAR:.0%}")


if __name__ == "__main__":
    main()
