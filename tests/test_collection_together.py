"""Several collections as one corpus: by a name with a plus, or from Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.collection import Collection, load_collection
from lab.collection.texts import document_texts
from lab.collection.together import together
from lab.errors import DataError

TOPICS = {"topic": ("a", "b")}
ANIMALS = Collection("animals", ("1", "2"), ("Fox", ""), ("It is red.", "Owls fly at night."), fields=TOPICS)
TOOLS = Collection("tools", ("1",), ("Saw",), ("It cuts wood.",), {"dev": {"q": "cuts"}}, {"dev": {"q": {"1": 1}}})


def test_documents_stand_in_order_under_ids_that_say_whence() -> None:
    both = together([ANIMALS, TOOLS])
    assert both.name == "animals+tools" and both.splits == ()
    assert both.doc_ids == ("animals/1", "animals/2", "tools/1")
    assert both.documents == (*ANIMALS.documents, *TOOLS.documents)
    assert both.fields["topic"] == ("a", "b", "")
    assert set(document_texts(both).rows.tolist()) == {0, 1, 2}


def test_a_plus_in_a_name_joins_and_a_folder_with_a_plus_is_a_folder(tiny_collection_dir: Path, tmp_path: Path) -> None:
    for name in ("a", "b", "c+d"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "corpus.jsonl").write_bytes((tiny_collection_dir / "corpus.jsonl").read_bytes())
    assert len(load_collection(f"{tmp_path}/a+{tmp_path}/b")) == 24
    assert len(load_collection(f"{tmp_path}/c+d")) == 12


@pytest.mark.parametrize(("parts", "message"), [((ANIMALS,), "animals; name two"), ((TOOLS, TOOLS), "different ones")])
def test_one_part_or_one_twice_is_refused(parts: tuple[Collection, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        together(parts)


def test_a_part_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="No collection 'nowhere'"):
        load_collection("wiki+nowhere")
