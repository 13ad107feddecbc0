"""What is stored of an executed notebook, and what `--check` finds wrong with it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lab.panels.shown import STILL
from notebooks import refresh
from notebooks.refresh import INSTEAD, PLOTLY, WIDGET, picture, problems, source_hash, tidy, tidy_output

PNG = b"\x89PNG drawn"
FIGURE = {
    "data": [{"type": "scatter", "name": "teacher", "y": [1]}, {"type": "bar", "y": [1]}],
    "layout": {"title": {"text": "Two engines<br><sup>side by side</sup>"}},
    "config": {"plotlyServerURL": "x"},
}


def draw(figure: dict) -> bytes:
    assert figure["data"] == FIGURE["data"]
    return PNG


def show(data: dict, kind: str = "display_data"):
    more = {"execution_count": 1} if kind == "execute_result" else {}
    return new_output(kind, data=data, **more)


def executed(*outputs, source: str = "show()"):
    """A notebook as nbclient leaves it."""
    code = new_code_cell(
        source, outputs=list(outputs), execution_count=1, metadata={"tags": ["picture"], "execution": {}}
    )
    metadata = {"widgets": {"state": "5 MB"}, "kernelspec": {"name": "mine", "display_name": "mine"}}
    return new_notebook(cells=[new_markdown_cell("# Title"), code], metadata=metadata)


def stored(*outputs):
    return tidy(executed(*(outputs or [new_output("stream", name="stdout", text="hello\n")])), draw)


def size(notebook) -> int:
    return len(nbformat.writes(notebook))


def test_a_tidied_notebook_has_no_problems_and_is_valid() -> None:
    notebook = stored(show({PLOTLY: FIGURE, "text/html": "<script>plotly.js</script>"}))
    assert problems(notebook, size(notebook)) == []
    nbformat.validate(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info", "lab"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.cells[1].metadata == {"tags": ["picture"]}


def test_tidying_leaves_the_executed_notebook_alone_and_is_stable() -> None:
    notebook = executed(show({PLOTLY: FIGURE}))
    before = nbformat.writes(notebook)
    once = tidy(notebook, draw)
    assert nbformat.writes(notebook) == before
    assert nbformat.writes(tidy(once, draw)) == nbformat.writes(once)


def test_a_plotly_figure_becomes_a_png_with_words() -> None:
    output = tidy_output(show({PLOTLY: FIGURE, "text/html": "<script>"}), draw)
    assert set(output.data) == {"image/png", "text/plain"}
    assert base64.b64decode(output.data["image/png"]) == PNG
    assert output.data["text/plain"] == "[figure: Two engines. side by side (teacher)]"
    assert picture(stored(show({PLOTLY: FIGURE}))) == PNG
    assert picture(stored()) is None


def test_a_widget_view_becomes_words() -> None:
    output = tidy_output(show({WIDGET: {"model_id": "1"}, "text/plain": "VBox(...)"}), draw)
    assert output.output_type == "stream" and output.text == f"{INSTEAD}\n"
    assert INSTEAD == STILL, "panels and stored notebooks should say the same"


def test_a_progress_bar_leaves_its_last_state() -> None:
    bar = new_output("stream", name="stdout", text="10%\r50%\r100%\ndone\n")
    assert tidy_output(bar, draw).text == "100%\ndone\n"


def test_streams_are_joined_but_not_across_other_outputs() -> None:
    lines = [new_output("stream", name="stdout", text=text) for text in ("a", "b")]
    notebook = stored(*lines, show({"text/plain": "x"}), new_output("stream", name="stdout", text="c"))
    assert [output.get("text") for output in notebook.cells[1].outputs] == ["ab", None, "c"]


def test_the_hash_is_of_the_code_alone() -> None:
    notebook = executed()
    before = source_hash(notebook)
    notebook.cells[1].outputs = [show({"text/plain": "x"})]
    notebook.cells[1].metadata = {}
    notebook.cells[0].source += "!"  # prose
    assert source_hash(notebook) == before
    notebook.cells[1].source += "!"
    assert source_hash(notebook) != before


def spoil(notebook, kind: str):
    code = notebook.cells[1]
    if kind == "edited":
        code.source += "\n1 + 1"
    elif kind == "version":
        notebook.metadata.lab.version = "0.0.0"
    elif kind == "never refreshed":
        del notebook.metadata["lab"]
    elif kind == "widgets":
        notebook.metadata["widgets"] = {}
    elif kind == "view":
        code.outputs.append(show({WIDGET: {"model_id": "1"}}))
    elif kind == "plotly":
        code.outputs.append(show({PLOTLY: FIGURE}))
    elif kind == "script":
        code.outputs.append(show({"text/html": "<div><script>1</script>"}, "execute_result"))
    elif kind == "error":
        code.outputs.append(new_output("error", ename="ValueError", evalue="no", traceback=[]))
    elif kind == "stderr":
        code.outputs.append(new_output("stream", name="stderr", text="UserWarning: old"))
    elif kind == "empty":
        code.outputs = []
    elif kind == "not run":
        code.execution_count = None
    return notebook


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("edited", "stale outputs"),
        ("version", "executed with version 0.0.0"),
        ("never refreshed", "stale outputs"),
        ("widgets", "widget state"),
        ("view", f"cell 1: an output of kind {WIDGET}"),
        ("plotly", f"cell 1: an output of kind {PLOTLY}"),
        ("script", "cell 1: an output with a script"),
        ("error", "cell 1: it raised ValueError: no"),
        ("stderr", "cell 1: it wrote to stderr"),
        ("empty", "it has no outputs"),
        ("not run", "cell 1 was not executed"),
    ],
)
def test_what_may_not_be_committed_is_found(kind: str, words: str) -> None:
    assert problems(stored(), 1000) == []
    assert any(words in found for found in problems(spoil(stored(), kind), 1000))


def test_a_large_notebook_is_found() -> None:
    assert problems(stored(), 300_000) == []
    assert problems(stored(), 300_001) == ["300,001 bytes, more than 300,000"]


def test_check_looks_at_files_and_runs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "execute", lambda path: pytest.fail("executed"))
    good, bad = tmp_path / "good.ipynb", tmp_path / "bad.ipynb"
    nbformat.write(stored(), good)
    nbformat.write(spoil(stored(), "edited"), bad)
    before = bad.read_bytes()
    assert refresh.main(["--check", str(good)]) == 0
    assert refresh.main(["--check", str(good), str(bad)]) == 1
    assert "good.ipynb: fine" in (said := capsys.readouterr().out) and "bad.ipynb: its cells are not" in said
    assert bad.read_bytes() == before
    monkeypatch.setattr(refresh, "FOLDER", tmp_path / "nothing here")
    assert refresh.main(["--check"]) == 1, "no notebook at all is no success"


def test_refresh_stores_what_was_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.ipynb"
    nbformat.write(executed(), path)
    monkeypatch.setattr(refresh, "execute", lambda _: executed(show({PLOTLY: FIGURE})))
    monkeypatch.setattr(refresh, "draw_png", draw)
    monkeypatch.setattr(refresh, "PICTURE", tmp_path / "docs" / "picture.png")
    assert refresh.main([str(path)]) == 0
    assert json.loads(path.read_text(encoding="utf-8"))["metadata"]["lab"]["source"] == source_hash(executed())
    assert (tmp_path / "docs" / "picture.png").read_bytes() == PNG
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".tmp")] == []
    assert refresh.main(["--check", str(path)]) == 0
