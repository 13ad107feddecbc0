"""The default collection: what the published numbers rest on, and the script that built it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.collection import Collection, load_collection

WIKI = Path(__file__).resolve().parents[1] / "data" / "wiki"


@pytest.fixture(scope="module")
def wiki() -> Collection:
    return load_collection("wiki")


def load_build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("wiki_build", WIKI / "build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["wiki_build"] = module
    spec.loader.exec_module(module)
    return module


build = load_build()


# ---------------------------------------------------------------------------------------- the collection


def test_has_the_documents_and_questions_it_is_known_for(wiki: Collection) -> None:
    assert len(wiki) == 10_033
    assert wiki.splits == ("dev", "test")  # no train: there is no observed pair
    assert {split: len(wiki.queries[split]) for split in wiki.splits} == {"dev": 140, "test": 400}
    assert set(wiki.fields) == {"description", "topic"}
    assert all(wiki.titles) and all(wiki.bodies) and all(wiki.fields["topic"])
    row = wiki.row["Ada_Lovelace"]
    assert wiki.documents[row].startswith("Ada Lovelace. Augusta Ada King, Countess of Lovelace")
    assert wiki.fields["topic"][row] == "People"


def test_is_the_collection_the_published_numbers_were_measured_on(wiki: Collection) -> None:
    assert wiki.fingerprint == "fa292ead637c057ae5c3b9eb415bb6c5ff57067878a43025c7bcd3114f4f6f91"


def test_no_article_and_no_question_lies_in_both_splits(wiki: Collection) -> None:
    articles = {split: {doc for docs in wiki.qrels[split].values() for doc in docs} for split in wiki.splits}
    assert not articles["dev"] & articles["test"]
    assert len(articles["dev"] | articles["test"]) == 312
    assert not set(wiki.queries["dev"].values()) & set(wiki.queries["test"].values())
    assert len({*wiki.queries["dev"], *wiki.queries["test"]}) == 540


def test_two_questions_have_two_articles_and_all_others_one(wiki: Collection) -> None:
    judged = {**wiki.qrels["dev"], **wiki.qrels["test"]}
    texts = {**wiki.queries["dev"], **wiki.queries["test"]}
    assert {grade for docs in judged.values() for grade in docs.values()} == {1}
    assert {texts[query]: set(docs) for query, docs in judged.items() if len(docs) != 1} == {
        "What is the capital of Russia?": {"Russia", "Moscow"},
        "What is the capital of Germany?": {"Germany", "Berlin"},
    }


def test_is_read_in_half_a_second() -> None:
    def seconds() -> float:
        start = time.process_time()  # of this process, so that a busy machine does not count
        load_collection("wiki")
        return time.process_time() - start

    assert min(seconds() for _ in range(3)) < 0.5


def test_readme_states_the_counts_of_the_files(wiki: Collection) -> None:
    readme = (WIKI / "README.md").read_text(encoding="utf-8")
    stated = {
        name: int(rows.replace(",", ""))
        for name, rows in re.findall(r"\| `(\S+)\.parquet` \| ([\d,]+) \|", readme)
    }
    counted = {"corpus": len(wiki)}
    for split in wiki.splits:
        counted[f"queries-{split}"] = len(wiki.queries[split])
        counted[f"qrels-{split}"] = sum(map(len, wiki.qrels[split].values()))
        articles = {doc for docs in wiki.qrels[split].values() for doc in docs}
        assert f"{len(articles)} articles |" in readme
    assert stated == counted
    assert f"{wiki.fields['description'].count('')} documents have an empty `description`" in readme


def test_licence_and_attribution_lie_beside_the_data() -> None:
    licence = (WIKI / "LICENSE").read_text(encoding="utf-8")
    assert "Attribution-ShareAlike 4.0 International" in licence
    assert "https://creativecommons.org/licenses/by-sa/4.0/legalcode" in licence
    for name in (
        "contributors of English Wikipedia",
        "Andrew Zhu, Alyssa Hwang, Liam Dugan, Chris Callison-Burch",
    ):
        assert name in licence


# -------------------------------------------------------------------------------------------- the script


def evidence(identifier: str, text: str, title: str | None, *below: dict[str, Any]) -> dict[str, Any]:
    shown = {"title": title} if title else None
    return {"id": identifier, "question": text, "evidence": shown, "decomposition": list(below)}


def test_questions_are_joined_by_title_at_any_depth_and_once_each() -> None:
    questions = [
        {
            "id": "top",
            "question": "the fan-out question itself has no evidence",
            "decomposition": [
                evidence("a", "about owls?", "Owl"),
                evidence("b", "about nobody here?", "Unknown"),
                evidence("c", "divided further", None, evidence("d", "about foxes?", "Red fox")),
                evidence("e", "about owls?", "Red fox"),
            ],
        }
    ]
    texts, articles = build.join({"Owl": {}, "Red fox": {}}, questions)
    assert texts == {"a": "about owls?", "d": "about foxes?"}
    assert articles == {"a": {"Owl", "Red fox"}, "d": {"Red fox"}}


articles_of_questions = st.dictionaries(
    st.integers(0, 40).map(str), st.sets(st.sampled_from("ABCDEFGHIJKL"), min_size=1, max_size=2), min_size=1
)


@given(articles_of_questions, st.randoms())
def test_split_divides_no_group_and_does_not_depend_on_order(
    articles: dict[str, set[str]], random: Any
) -> None:
    filled = []
    for dev_size in range(len(articles) + 1):
        try:
            split = build.split_by_article(articles, dev_size)
        except SystemExit as refusal:
            assert f"not {dev_size}" in str(refusal)
            continue
        filled.append(dev_size)
        assert len(split["dev"]) == dev_size
        assert sorted(split["dev"] + split["test"]) == sorted(articles)
        seen = {name: {title for query in split[name] for title in articles[query]} for name in split}
        assert not seen["dev"] & seen["test"]
        shuffled = list(articles)
        random.shuffle(shuffled)
        again = build.split_by_article({query: articles[query] for query in shuffled}, dev_size)
        assert {name: set(queries) for name, queries in again.items()} == {
            name: set(queries) for name, queries in split.items()
        }
    assert {0, len(articles)} <= set(filled)


def wheel(folder: Path, source: Any, content: Any) -> Any:
    """A wheel of `source` that holds `content`, and the source with that content's sha256."""
    data = json.dumps(content).encode()
    name = f"{source.package.replace('-', '_')}-{source.version}-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as file:
        file.writestr(source.member, data)
    return source._replace(sha256=hashlib.sha256(data).hexdigest())


def test_a_changed_source_is_refused(tmp_path: Path) -> None:
    wheel(tmp_path, build.SUMMARIES, {"Owl": {"title": "Owl"}})
    with pytest.raises(SystemExit, match="has sha256 .* expected 05ed445d"):
        build.read_member(build.SUMMARIES, tmp_path)


def test_a_missing_wheel_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no wheel of fanoutqa==1\.1\.1 in"):
        build.read_member(build.QUESTIONS, tmp_path)


def test_builds_the_same_files_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"title": "Snowy owl", "extract": "A white owl.", "description": "bird", "topic": "Birds"}
    fox = {"title": "Fox", "extract": "A fox.", "description": "", "topic": "Mammals"}
    questions = [evidence("a", "which owl is white?", "Snowy owl"), evidence("b", "what is red?", "Fox")]
    monkeypatch.setattr(build, "SUMMARIES", wheel(tmp_path, build.SUMMARIES, {"Snowy owl": row, "Fox": fox}))
    monkeypatch.setattr(build, "QUESTIONS", wheel(tmp_path, build.QUESTIONS, questions))
    monkeypatch.setattr(build, "DEV_QUESTIONS", 1)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        build.build(tmp_path, folder)
    one, two = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one == two and len(one) == 5
    collection = load_collection(folders[0])
    assert collection.doc_ids == ("Snowy_owl", "Fox")
    assert collection.fields == {"description": ("bird", ""), "topic": ("Birds", "Mammals")}
    assert {len(collection.queries[split]) for split in ("dev", "test")} == {1}


@pytest.mark.slow
def test_rebuilding_from_the_released_wheels_gives_what_is_shipped(tmp_path: Path, wiki: Collection) -> None:
    subprocess.run([sys.executable, str(WIKI / "build.py"), "--out", str(tmp_path)], check=True)
    rebuilt = load_collection(tmp_path)
    assert rebuilt.fingerprint == wiki.fingerprint
    for split in wiki.splits:
        assert rebuilt.queries[split] == wiki.queries[split]
        assert rebuilt.qrels[split] == wiki.qrels[split]
