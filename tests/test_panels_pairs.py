"""The panel of pairs: the slider moves the point, typed texts are read, and code does what the controls do."""

from __future__ import annotations

import numpy as np
import pytest

from lab.collection import load_collection
from lab.cross import Case, CrossConfig, CrossEncoder, PairExplorer
from lab.encoders.teacher import load_teacher
from lab.errors import DataError
from lab.panels import PairPanel
from lab.panels.pairs import words_of


@pytest.fixture(scope="module")
def explorer(tiny_collection_dir, tiny_teacher_dir) -> PairExplorer:
    collection, teacher = load_collection(tiny_collection_dir), load_teacher(tiny_teacher_dir, "cpu", "float32")
    config = {"length": 48, "layers": 1, "precision": "float32"}
    models = {s: CrossEncoder.from_teacher(teacher, CrossConfig(scorer=s, **config)) for s in ("cls", "dual")}
    cases = [Case("white fox", (0, 1, 2, 3), (False, True, False, False)),
             Case("volcano in Italy", (2, 3, 4), (True, False, False))]  # fmt: skip
    return PairExplorer(collection, teacher, models, cases)


def test_a_case_has_a_point_a_document(explorer: PairExplorer) -> None:
    seen = explorer.moved(0)
    assert seen.vectors.shape == (4, 32) and seen.teacher.shape == (32,) and seen.names[1] == "Arctic fox"
    assert np.linalg.norm(seen.vectors - seen.vectors.mean(axis=0), axis=1).min() > 1e-3
    assert explorer.moved(0) is seen


def test_a_view_holds_all_three_encoders(explorer: PairExplorer) -> None:
    view = explorer.view("white fox", "a fox with white fur")
    assert list(view.scores) == ["dual encoder", "cls", "dual"]
    assert view.cosines.shape == (len(view.query_tokens), len(view.document_tokens))
    assert view.scores["dual"] == pytest.approx(
        float(explorer.models["dual"].scores(["white fox"], ["a fox with white fur"])[0])
    )
    with pytest.raises(DataError, match="type a query"):
        explorer.view(" ", "text")
    with pytest.raises(DataError, match="one case"):
        PairExplorer(explorer.collection, explorer.teacher, explorer.models, [])
    with pytest.raises(DataError, match="'dual' and 'cls'"):
        PairExplorer(explorer.collection, explorer.teacher, {"dual": explorer.models["dual"]}, explorer.cases)


def test_both_scorers_have_a_picture_of_the_same_tokens(explorer: PairExplorer) -> None:
    panel = PairPanel(explorer, 0.3, live=False)
    view = panel.look("white fox", "a fox with white fur")
    assert view.cls.query_tokens == view.query_tokens and view.cls.document_tokens == view.document_tokens
    heat, strips = panel.heat(), panel.heat("cls")
    assert heat.layout.yaxis.ticktext == strips.layout.xaxis.ticktext
    assert [len(trace.z[0]) for trace in strips.data] == [len(view.query_tokens), len(view.document_tokens)]
    with pytest.raises(DataError, match="choose 'dual' or 'cls'"):
        panel.heat("mean")


def test_controls_and_code_do_the_same(explorer: PairExplorer) -> None:
    panel, code = PairPanel(explorer, 0.3, live=True), PairPanel(explorer, 0.3, live=False)
    panel.document.value = 2
    code.choose(0, 2)
    assert panel.place == code.place == 2 and panel.view.document == code.view.document
    assert panel._moved.figure().data[5].text == ("Mount Etna",) and panel.typed_document.value == panel.view.document
    panel.query.value = 1
    assert (panel.case, panel.place, panel.document.value, panel.document.max) == (1, 0, 0, 2)
    assert panel.view.query == panel.typed_query.value == "volcano in Italy"
    code.choose(1, 0)
    assert panel.figure().to_dict() == code.figure().to_dict()


def test_typed_texts_are_read_and_an_empty_one_is_told(explorer: PairExplorer) -> None:
    panel = PairPanel(explorer, 0.3, live=True)
    panel.typed_query.value = "an old castle"
    assert panel.view.query == "an old castle" and panel._heats["dual"].figure().layout.yaxis.ticktext is not None
    assert panel._heats["cls"].figure().to_dict() == panel.heat("cls").to_dict()
    before = panel.view
    panel.typed_document.value = "  "
    assert panel.view is before and "type a query" in panel.words.value
    with pytest.raises(DataError):
        PairPanel(explorer, 0.3, live=False).look("", "")


def test_every_control_has_a_whole_label(explorer: PairExplorer) -> None:
    panel = PairPanel(explorer, 0.3, live=True)
    for control in (panel.query, panel.document, panel.typed_query, panel.typed_document):
        assert control.style.description_width == "initial" and control.description
    assert "dual encoder" in words_of(panel.view)
