"""Execute the notebooks and store outputs that are small and can be read anywhere: `make notebooks-refresh`.

    python notebooks/refresh.py [notebook ...]            execute, tidy, store
    python notebooks/refresh.py --check [notebook ...]    fail where stored outputs are missing, stale, broken or large

A stored notebook shows on GitHub what a reader would see: figures as PNG, text, no widget views (without a kernel they
open as red errors), no copy of plotly.js. What was executed is noted in the notebook's metadata as a hash of its code
and the lab's version, so that `--check` sees when the two have parted. The figure of the cell tagged `picture` also
becomes docs/picture.png.
"""

from __future__ import annotations

import argparse
import base64
import copy
import hashlib
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from palette import compact  # stands beside this script

from lab import __version__
from lab.teaching.pace import REFERENCE

FOLDER = Path(__file__).resolve().parent
PICTURE = FOLDER.parent / "docs" / "picture.png"
LARGEST = 300_000  # bytes of a notebook
SECONDS = 600  # a cell may take
COLOURS, SCALE = 128, 1.5  # of a stored PNG: palette and pixels per pixel
# width and palette, in turn where a notebook is too large
SMALLER = ((1.0, 32), (0.8, 32), (2 / 3, 24), (0.6, 24), (0.55, 24), (0.5, 24))
WIDGET, PLOTLY = "application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json"
INSTEAD = "Run this cell for the live panel."
KEPT = {"tags", "jupyter", "slideshow"}  # metadata of a cell that somebody wrote
ENVIRONMENT = {
    "LAB_PANELS": "static",
    "LAB_PACE": str(REFERENCE),  # as many steps as on idle cores, whatever else this machine is doing
    "PLOTLY_RENDERER": "plotly_mimetype",  # figures come as values and are drawn here
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
Draw = Callable[[dict[str, Any]], bytes]


def source_hash(notebook: NotebookNode) -> str:
    """sha256 over the code cells: outputs follow from nothing else, and prose may be mended without a run."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256(json.dumps(cells, ensure_ascii=False).encode()).hexdigest()


def tidy(notebook: NotebookNode, draw: Draw, version: str = __version__) -> NotebookNode:
    """A copy of an executed notebook as it is stored."""
    out = copy.deepcopy(notebook)
    out.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "lab": {"source": source_hash(notebook), "version": version},
        }
    )
    for cell in out.cells:
        cell.metadata = nbformat.from_dict({key: value for key, value in cell.metadata.items() if key in KEPT})
        if cell.cell_type == "code":
            cell.outputs = _joined([tidy_output(output, draw) for output in cell.outputs])
    return out


def tidy_output(output: NotebookNode, draw: Draw) -> NotebookNode:
    """One output: plotly figures become PNG, widget views words, progress bars their last state."""
    output = copy.deepcopy(output)
    if output.output_type == "stream":
        output.text = "\n".join(line.split("\r")[-1] for line in output.text.split("\n"))
    elif PLOTLY in output.get("data", {}):
        figure = output.data[PLOTLY]
        image = base64.b64encode(draw(figure)).decode()
        output.data, output.metadata = {"image/png": image, "text/plain": alternative(figure)}, {}
    elif WIDGET in output.get("data", {}):
        return nbformat.v4.new_output("stream", name="stdout", text=f"{INSTEAD}\n")
    return output


def alternative(figure: dict[str, Any]) -> str:
    """What stands for a picture where none can be shown: its title and the names of what it draws."""
    title = figure.get("layout", {}).get("title", {})
    words = title.get("text", "") if isinstance(title, dict) else str(title)
    names = ", ".join(trace["name"] for trace in figure.get("data", []) if trace.get("name"))
    return f"[figure: {words.replace('<br>', '. ').replace('<sup>', '').replace('</sup>', '')} ({names})]"


def draw_png(figure: dict[str, Any]) -> bytes:
    """A plotly figure as PNG with a palette, a fifth of what Chromium writes. Needs Chromium and kaleido."""
    import plotly.io as pio
    from PIL import Image

    drawn = pio.from_json(json.dumps({key: figure[key] for key in ("data", "layout")}))
    return compact(Image.open(io.BytesIO(drawn.to_image("png", scale=SCALE))), 1.0, COLOURS)


def fitted(notebook: NotebookNode, most: int = LARGEST) -> NotebookNode:
    """The notebook as it is, or with its pictures as much smaller as it takes to stay below `most` bytes."""
    from PIL import Image

    found = notebook
    for share, colours in SMALLER:
        if len(nbformat.writes(found).encode()) < most:
            break
        found = copy.deepcopy(notebook)
        for cell in found.cells:
            for output in cell.get("outputs", []):
                if "image/png" in output.get("data", {}):
                    image = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))
                    output.data["image/png"] = base64.b64encode(compact(image, share, colours)).decode()
    return found


def problems(notebook: NotebookNode, size: int, version: str = __version__) -> list[str]:
    """What is wrong with a stored notebook of so many bytes; nothing where it may be committed."""
    found = []
    noted = notebook.metadata.get("lab", {})
    if noted.get("source") != source_hash(notebook):
        found.append("its cells are not those that were executed (stale outputs)")
    if noted.get("version") != version:
        found.append(f"executed with version {noted.get('version')} of the lab, not {version}")
    if "widgets" in notebook.metadata:
        found.append("it holds widget state")
    if size > LARGEST:
        found.append(f"{size:,} bytes, more than {LARGEST:,}")
    code = [(place, cell) for place, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source]
    if not any(cell.outputs for _, cell in code):
        found.append("it has no outputs")
    for place, cell in code:
        if cell.execution_count is None:
            found.append(f"cell {place} was not executed")
        found += [f"cell {place}: {words}" for output in cell.outputs for words in _output_problems(output)]
    return found


def _output_problems(output: NotebookNode) -> list[str]:
    if output.output_type == "error":
        return [f"it raised {output.ename}: {output.evalue}"]
    if output.output_type == "stream":
        return [f"it wrote to stderr: {output.text[:80]!r}"] if output.name == "stderr" else []
    found = [f"an output of kind {kind}" for kind in (WIDGET, PLOTLY) if kind in output.data]
    return found + (["an output with a script in it"] if "<script" in str(output.data.get("text/html", "")) else [])


def _joined(outputs: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Streams that follow one another as one: how they were cut up is chance."""
    joined: list[NotebookNode] = []
    for output in outputs:
        if joined and output.output_type == "stream" == joined[-1].output_type and output.name == joined[-1].name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def picture(notebook: NotebookNode) -> bytes | None:
    """The PNG of the cell tagged `picture`."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []) if "picture" in cell.metadata.get("tags", []) else []:
            if "image/png" in output.get("data", {}):
                return base64.b64decode(output.data["image/png"])
    return None


def execute(path: Path) -> NotebookNode:
    """Run a notebook from top to bottom in a fresh kernel. Raises nbclient's CellExecutionError at the first error."""
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(path.parent)}})
    return client.execute(env=os.environ | ENVIRONMENT)


def write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def refresh(path: Path) -> list[str]:
    """Execute one notebook and store it; what is wrong with the result (it is stored nevertheless, to be looked at)."""
    stored = fitted(tidy(execute(path), draw_png))
    content = (nbformat.writes(stored) + "\n").encode()
    write(path, content)
    if (image := picture(stored)) is not None:
        write(PICTURE, image)
    return problems(stored, len(content))


def check(path: Path) -> list[str]:
    """What is wrong with a stored notebook."""
    return problems(nbformat.read(path, as_version=4), path.stat().st_size)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status: 1 where a notebook may not be committed as it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of this folder")
    parser.add_argument("--check", action="store_true", help="execute nothing, look at what is stored")
    arguments = parser.parse_args(argv)
    paths = arguments.notebooks or sorted(FOLDER.glob("*.ipynb"))
    failed = 0
    for path in paths:
        found = check(path) if arguments.check else refresh(path)
        failed += bool(found)
        for words in found or ["fine"]:
            print(f"{path.name}: {words}", flush=True)
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
