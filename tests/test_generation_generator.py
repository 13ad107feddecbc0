"""The generator on tiny stand-ins for BART and T5: real architectures with random weights, saved on disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
import torch

from lab.errors import DataError, LabError, ModelError, OfflineError
from lab.generation import PAPER, Filters, FromQueries, NoiseSettings, QueryGenerator, load_generator
from lab.generation.generator import Rewriter, rms
from tests.tiny import encoder_decoder

QUERIES = ["which animal with white fur lives near the North Pole", "volcano on an island", "instrument with a reed"]


@pytest.fixture(scope="module", params=["bart", "t5"])
def generator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> QueryGenerator:
    return load_generator(encoder_decoder(tmp_path_factory.mktemp(request.param), request.param), device="cpu")


def rebuilt(generator: QueryGenerator, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> dict[str, list[Any]]:
    """What reader and writer were called with."""
    seen: dict[str, list[Any]] = {"clean": [], "noisy": [], "masks": [], "ids": []}
    real = generator.rewriter

    def read(ids, mask):
        states = real.read(ids, mask)
        seen["ids"].append(ids)
        seen["clean"].append(states.float())
        return states

    def write(states, mask, **more):
        seen["noisy"].append(states)
        seen["masks"].append(mask)
        return real.write(states, mask, **more)

    spied = Rewriter(real.source, real.tokenizer, read, write, real.device, real.most)
    monkeypatch.setattr(generator, "rewriter", spied)
    seen["texts"] = generator.rewrite(QUERIES, NoiseSettings(**{"mask": 0.0, "per_query": 1, **settings}))
    return seen


def model_of(generator: QueryGenerator) -> Any:
    cells = dict(zip(generator.rewriter.write.__code__.co_freevars, generator.rewriter.write.__closure__, strict=True))
    return cells["model"].cell_contents


@pytest.mark.parametrize("search", [{}, {"beams": 3}, {"sample": True}])
def test_every_path_the_decoder_reads_carries_the_noise(generator, monkeypatch, search) -> None:
    model, read, encoded = model_of(generator), [], []
    decoder = model.get_decoder()
    hooks = [
        decoder.register_forward_pre_hook(lambda _, args, named: read.append((args, named)), with_kwargs=True),
        model.get_encoder().register_forward_hook(lambda *_: encoded.append(1)),
    ]
    seen = rebuilt(generator, monkeypatch, sigma=4.0, **search)
    for hook in hooks:
        hook.remove()
    assert len(encoded) == len(seen["noisy"]) == 1, "the clean text was encoded again"
    real = seen["masks"][0].bool()
    wanted = seen["noisy"][0]
    assert len(read) > 1
    for args, named in read:  # at every step, in every layer, from the same place
        assert not [a for a in args if torch.is_tensor(a) and a.ndim == 3]
        states = named["encoder_hidden_states"].reshape(len(wanted), -1, *wanted.shape[1:])
        assert torch.equal(states, wanted[:, None].expand_as(states))
        assert named.get("inputs_embeds") is None
        written = named["input_ids"]
        assert (written[:, 0] == model.config.decoder_start_token_id).all() or written.shape[1] == 1
    apart = (wanted - seen["clean"][0])[real]
    assert (apart.abs().sum(dim=-1) > 0).all(), "a state without noise"


def test_what_is_written_follows_from_the_states_alone(generator, monkeypatch) -> None:
    real = generator.rewriter
    blind = Rewriter(
        real.source, real.tokenizer, lambda ids, mask: torch.ones(*ids.shape, 32), real.write, real.device, real.most
    )
    monkeypatch.setattr(generator, "rewriter", blind)
    texts = ["white fox", "shield volcano"]
    assert len({len(row) for row in real.tokenizer(texts)["input_ids"]}) == 1
    assert len(set(generator.rewrite(texts, sigma=0.0, mask=0.0, per_query=1))) == 1


@pytest.mark.parametrize("sigma", [0.0, 0.5, 4.0])
def test_noise_is_sigma_times_the_rms_of_the_states(generator, monkeypatch, sigma: float) -> None:
    seen = rebuilt(generator, monkeypatch, sigma=sigma, per_query=40)
    clean, noisy, mask = torch.cat(seen["clean"][:1]), torch.cat(seen["noisy"][:1]), seen["masks"][0]
    apart = ((noisy - clean) / rms(clean, mask))[mask.bool()]
    assert float(apart.std()) == pytest.approx(sigma, rel=0.03)
    assert float(apart.mean()) == pytest.approx(0.0, abs=0.03 * max(sigma, 1))


def test_rms_counts_no_padding() -> None:
    states = torch.tensor([[[3.0, 4.0], [100.0, 100.0]], [[1.0, 1.0], [1.0, 1.0]]])
    assert rms(states, torch.tensor([[1, 0], [1, 1]])).flatten().tolist() == pytest.approx([12.5**0.5, 1.0])


def test_the_same_seed_gives_the_same_queries_in_any_company(generator, monkeypatch) -> None:
    settings = NoiseSettings(sigma=1.0, per_query=2, mask=0.2)
    alone = generator.rewrite(QUERIES[:1], settings)
    assert generator.rewrite(QUERIES, settings)[:2] == generator.rewrite(QUERIES, settings, batch=1)[:2] == alone
    assert len(generator.rewrite(QUERIES, settings)) == 6
    noise = [rebuilt(generator, monkeypatch, sigma=1.0, seed=seed)["noisy"][0] for seed in (0, 0, 1)]
    assert torch.equal(noise[0], noise[1]) and not torch.equal(noise[0], noise[2])


def test_sampled_tokens_follow_from_the_seed(generator) -> None:
    # neither noise nor masks: nothing but the drawing of tokens can tell one seed from another
    settings = NoiseSettings(sigma=0.0, mask=0.0, sample=True, top_k=30, temperature=2.0)
    first, again, other = (generator.rewrite(QUERIES, settings, seed=seed) for seed in (0, 0, 1))
    assert first == again != other
    assert generator.rewrite(QUERIES, settings, sample=False) == generator.rewrite(
        QUERIES, settings, sample=False, seed=1
    )


def test_generating_leaves_the_global_seed_alone(generator) -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    generator.rewrite(QUERIES, sample=True)
    assert torch.equal(torch.rand(2), expected)


def test_masked_tokens_never_are_the_ends(generator, monkeypatch) -> None:
    tokenizer = generator.rewriter.tokenizer
    ids = rebuilt(generator, monkeypatch, mask=0.5, per_query=20)["ids"][0]
    inner = ids[(ids != tokenizer.pad_token_id) & (ids != tokenizer.cls_token_id) & (ids != tokenizer.sep_token_id)]
    assert 0.4 < float((inner == tokenizer.mask_token_id).float().mean()) < 0.6
    assert (ids[:, 0] == tokenizer.cls_token_id).all() and ((ids == tokenizer.sep_token_id).sum(dim=1) == 1).all()


def test_without_a_mask_token_tokens_are_deleted(generator, monkeypatch) -> None:
    whole = rebuilt(generator, monkeypatch, mask=0.0)["ids"][0]
    monkeypatch.setattr(type(generator.rewriter.tokenizer), "mask_token_id", None, raising=False)
    fewer = rebuilt(generator, monkeypatch, mask=0.5)["ids"][0]
    assert (fewer != 0).sum() < (whole != 0).sum()


def test_generated_queries_are_filtered_and_counted(generator) -> None:
    made = generator.generate(QUERIES, per_query=4, sigma=3.0)
    assert len(made) + sum(made.dropped.values()) == 12
    assert len(set(made.texts)) == len(made) and set(made.rows.tolist()) <= {0, 1, 2}


class Parrot:
    """A generator that says its query back, numbered after a while."""

    def __init__(self, silent: int) -> None:
        self.calls, self.silent = 0, silent

    def generate(self, queries, settings, filters, encoder):
        from lab.generation.filters import filtered

        self.calls += 1
        new = self.calls > self.silent
        texts = [f"{q} {self.calls} {n}" if new else q for q in queries for n in range(settings.per_query)]
        return filtered(texts, np.repeat(np.arange(len(queries)), settings.per_query), queries, filters, encoder)


def test_a_source_asks_again_until_it_has_enough_and_says_when_it_cannot() -> None:
    made = FromQueries(Parrot(silent=2), tuple(QUERIES)).draw(7)
    assert len(made) == 7 and made.dropped["identical"] > 0
    with pytest.raises(DataError, match="7 queries wanted, 0 queries made; dropped: .* identical"):
        FromQueries(Parrot(silent=99), tuple(QUERIES)).draw(7)


def test_bad_input_is_named(generator) -> None:
    with pytest.raises(DataError, match="an empty one"):
        generator.generate(["fox", " "])
    with pytest.raises(LabError, match="give the encoder"):
        generator.generate(QUERIES, filters=Filters(closest=0.5, identical=False, degenerate=False))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sigma": -1}, "sigma=-1, mask=0.02: sigma is 0 or more"),
        ({"mask": 1.0}, "mask=1.0: sigma is 0 or more, mask at least 0 and below 1"),
        ({"beams": 0}, "beams=0: must be greater than 0"),
        ({"seed": -1}, "seed=-1: must be at least 0"),
        ({"extra": -7}, "extra=-7: must be at least 0"),
        ({"extra": 2.5}, "extra=2.5: must be a whole number"),
        ({"extra": None}, "extra=None: must be a whole number"),
        ({"seed": "0"}, "seed='0': must be a whole number"),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_what_it_must_be(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(LabError, match=re.escape(told)):
        NoiseSettings(**settings)


def test_the_least_settings_are_allowed(generator) -> None:
    assert len(generator.rewrite(QUERIES, NoiseSettings(extra=0, seed=0, sigma=0, mask=0, per_query=1))) == 3


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, and no network."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return tmp_path


@pytest.mark.parametrize(("kind", "hub_id"), [("bart", PAPER), ("t5", "google-t5/t5-small")])
def test_a_hub_id_in_the_cache_needs_no_network(hub_cache: Path, kind: str, hub_id: str) -> None:
    repository, commit = hub_cache / f"models--{hub_id.replace('/', '--')}", "0" * 40
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit, encoding="utf-8")
    folder = repository / "snapshots" / commit
    folder.mkdir(parents=True)
    encoder_decoder(folder, kind)
    cached, there = load_generator(hub_id, "cpu"), load_generator(folder, "cpu")
    assert cached.source == hub_id and there.source == str(folder)
    settings = NoiseSettings(sigma=0.5, per_query=2)
    assert cached.rewrite(QUERIES, settings) == there.rewrite(QUERIES, settings)
    assert type(model_of(cached)).__name__.lower().startswith(kind)


def test_a_hub_id_that_is_not_here_says_so(hub_cache: Path) -> None:
    with pytest.raises(OfflineError, match="'facebook/bart-base' is not a folder here, not in the hub's cache.*path"):
        load_generator()


def test_what_is_no_encoder_decoder_is_refused(tiny_teacher_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no encoder-decoder"):
        load_generator(tiny_teacher_dir)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="no .safetensors weights"):
        load_generator(tmp_path)


def test_queries_as_the_encoder_reads_them_have_lost_what_its_tokenizer_drops(generator: QueryGenerator) -> None:
    tokenizer = generator.rewriter.tokenizer
    (found,) = generator.as_read(["The  White Fox"])
    assert found == tokenizer.decode(tokenizer("The  White Fox")["input_ids"], skip_special_tokens=True).strip()
    assert "[CLS]" not in found and "</s>" not in found
