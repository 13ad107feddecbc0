"""Trimming: fewer tokens, the same words."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from lab.encoders.vocabulary import bounds, promised, table_for, token_counts, trim, trimmable
from lab.errors import ModelError
from tests.tiny import TEXTS, wordpiece


def unigram() -> PreTrainedTokenizerFast:
    backend = Tokenizer(models.Unigram())
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.UnigramTrainer(vocab_size=220, special_tokens=special, unk_token="<unk>")
    backend.train_from_iterator(TEXTS, trainer)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", unk_token="<unk>", cls_token="<s>", sep_token="</s>"
    )


def letters(token: str) -> str:
    return token.removeprefix("##").removeprefix("▁")


def with_tokens(tokenizer: PreTrainedTokenizerFast, *more: str) -> PreTrainedTokenizerFast:
    spec = json.loads(tokenizer.backend_tokenizer.to_str())
    spec["model"]["vocab"] |= {token: len(tokenizer) + place for place, token in enumerate(more)}
    special = {name: str(token) for name, token in tokenizer.special_tokens_map.items()}
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(spec)), **special)


def bpe() -> PreTrainedTokenizerFast:
    backend = Tokenizer(models.BPE(unk_token="<unk>"))
    backend.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=150, special_tokens=["<unk>", "<pad>"]))
    return PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>", unk_token="<unk>")


@pytest.mark.parametrize("make", [wordpiece, unigram])
def test_kept_tokens_keep_their_spelling(make) -> None:
    teacher = make()
    counts = token_counts(teacher, TEXTS)
    small = trim(teacher, counts, 120)
    assert 120 <= len(small.kept) == len(small.tokenizer) < len(teacher)
    ours = small.tokenizer.convert_ids_to_tokens(list(range(len(small.kept))))
    assert ours == teacher.convert_ids_to_tokens(small.kept.tolist())


@pytest.mark.parametrize("make", [wordpiece, unigram])
def test_a_text_of_kept_tokens_is_tokenised_as_before_and_others_lose_no_letter(make) -> None:
    teacher = make()
    small = trim(teacher, token_counts(teacher, TEXTS), 120)
    kept = set(small.kept.tolist())
    compared = 0
    for text in TEXTS:
        for word in text.lower().split():
            before, after = teacher(word)["input_ids"], small.tokenizer(word)["input_ids"]
            if set(before) <= kept:
                assert small.kept[after].tolist() == before
                compared += 1
            assert small.tokenizer.unk_token_id not in after or teacher.unk_token_id in before
    assert compared > 20


def test_special_tokens_frame_a_text_with_their_new_numbers() -> None:
    teacher = wordpiece()
    small = trim(teacher, token_counts(teacher, TEXTS), 90).tokenizer
    ids = small("volcano")["input_ids"]
    assert (ids[0], ids[-1]) == (small.cls_token_id, small.sep_token_id)
    assert small.pad_token_id == teacher.pad_token_id == 0


def test_frequent_tokens_stay_and_unseen_ones_go() -> None:
    teacher = wordpiece()
    counts = np.zeros(len(teacher), np.int64)
    word = teacher.convert_tokens_to_ids("volcano")
    counts[word] = 5
    small = trim(teacher, counts, len(teacher) - 1)
    tokens = small.tokenizer.convert_ids_to_tokens(list(range(len(small.kept))))
    assert "volcano" in tokens
    assert all(len(t.removeprefix("##")) <= 1 or t.startswith("[") for t in tokens if t != "volcano")


@pytest.mark.parametrize("make", [wordpiece, unigram])
def test_words_the_corpus_has_not_used_count_by_their_place_in_the_vocabulary(make) -> None:
    teacher = make()
    counts = np.zeros(len(teacher), np.int64)
    counts[-1] = 1_000
    found = promised(teacher, counts)
    tokens = teacher.convert_ids_to_tokens(list(range(len(teacher))))
    words = [i for i, t in enumerate(tokens[:-1]) if len(letters(t)) > 1 and i not in teacher.all_special_ids]
    others = np.delete(np.arange(len(teacher) - 1), words)
    assert (found[others] == 0).all()  # on special tokens and letters `trim` decides
    rest = found[words]
    assert (rest > 0).all() and (np.diff(rest) < 0).all() and found[-1] > 1_000
    # Zipf: half of 1,000 tokens, shared out as 1, 1/2, 1/3, …
    harmonic = (1 / np.arange(1, len(teacher) + 1)).sum()
    np.testing.assert_allclose(rest[:3], 0.5 * 1_000 / harmonic / np.arange(1, 4), rtol=1e-9)


def test_places_that_bert_keeps_free_are_no_words() -> None:
    teacher = copy.deepcopy(wordpiece())  # the tests share that one
    teacher.add_tokens(["[unused7]"])
    counts = np.ones(len(teacher), np.int64)
    assert promised(teacher, counts)[-1] == 1 < promised(teacher, counts)[-2]


def test_the_table_is_the_teachers_where_unread_texts_bring_words() -> None:
    teacher, word = wordpiece(), "volcano"
    others = [text for text in TEXTS if word not in text.lower()]
    assert len(others) < len(TEXTS) and word in teacher.get_vocab()
    assert table_for(teacher, TEXTS, TEXTS) == "corpus"
    assert table_for(teacher, others, [*others[:9], word]) == "teacher"  # one in ten
    assert table_for(teacher, others, [*(others * 20)[:20], word]) == "corpus"  # one in twenty-one
    assert table_for(teacher, TEXTS, []) == "corpus"


def test_unseen_letters_stay_where_the_corpus_uses_their_writing() -> None:
    teacher = with_tokens(wordpiece(), *"λμжяñ漢")
    counts = token_counts(teacher, TEXTS)
    size = len(teacher) - 1  # more than all that was seen
    plain = set(trim(teacher, counts, size).tokenizer.get_vocab())
    assert "ñ" in plain and not plain & set("λμжя漢")  # Latin as the texts are; and who never saw Greek reads none
    assert bounds(teacher, counts)[0] == bounds(wordpiece(), counts[: len(wordpiece())])[0] + 1
    counts[teacher.convert_tokens_to_ids("λ")] += 1
    assert set(trim(teacher, counts, size).tokenizer.get_vocab()) & set("λμжя漢") == {"λ"}
    counts[teacher.convert_tokens_to_ids("ж")] += counts.sum() // 20
    assert set(trim(teacher, counts, size).tokenizer.get_vocab()) & set("λμжя漢") == {"λ", "ж", "я"}


def test_words_that_are_promised_bring_no_writing() -> None:
    teacher = with_tokens(wordpiece(), *"λμж", "λμλμ")  # a multilingual teacher's words are of other writings
    counts = token_counts(teacher, TEXTS)
    worth = promised(teacher, counts)
    worth[-1] = counts.sum()
    kept = set(trim(teacher, counts, len(teacher) - 1, worth).tokenizer.get_vocab())
    assert set(teacher.get_vocab()) - kept == set("λμж")
    assert bounds(teacher, counts, worth) == (bounds(teacher, counts)[0], len(teacher) - 3)


def test_the_largest_table_holds_what_is_seen_and_what_always_stays() -> None:
    teacher = wordpiece()
    counts = token_counts(teacher, TEXTS[:3])
    least, most = bounds(teacher, counts)
    assert least == len(trim(teacher, np.zeros(len(teacher), np.int64), 1).kept) < most
    assert most == len(trim(teacher, counts, len(teacher) - 1).kept)
    assert bounds(bpe(), np.zeros(150)) == (len(bpe()), len(bpe()))


def test_bpe_is_left_whole_because_merges_need_their_parents() -> None:
    teacher = bpe()
    assert not trimmable(teacher)
    assert len(trim(teacher, token_counts(teacher, TEXTS), 20).kept) == len(teacher)


def test_counts_of_another_tokenizer_are_refused() -> None:
    with pytest.raises(ModelError, match="counts for a tokenizer"):
        trim(wordpiece(), np.ones(3, np.int64), 50)
