"""Groups of texts that say nearly the same: MinHash finds candidates, Jaccard decides, union-find joins.

MinHash after Broder, "On the resemblance and containment of documents" (1997); banding as in Leskovec,
Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3. Sketches and bands are datasketch's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from datasketch import MinHash, MinHashLSH

THRESHOLD = 0.8
PERMUTATIONS = 128
# b bands of r rows find a pair of Jaccard s with probability 1 - (1 - s^r)^b: 0.9999 at 0.7, 1 - 5e-8 at 0.8.
BANDS = (32, 4)

Shingles = frozenset[tuple[str, ...]]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def body_shingles(text: str) -> Shingles:
    """Runs of three words; a text of fewer words is one shingle."""
    found = words(text)
    return frozenset(tuple(found[i : i + 3]) for i in range(max(1, len(found) - 2)))


def query_shingles(text: str) -> Shingles:
    """Single words and pairs of neighbours: short texts have too few runs of three to compare."""
    found = words(text)
    return frozenset([(word,) for word in found] + list(zip(found, found[1:], strict=False)))


def word_shingles(text: str) -> Shingles:
    """Single words alone, whatever their order: the loosest of the three."""
    return frozenset((word,) for word in words(text))


def jaccard(a: Shingles, b: Shingles) -> float:
    """|a ∩ b| / |a ∪ b|; 1 for two empty sets."""
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared) if a or b else 1.0


def similar_pairs(
    texts: Mapping[str, str], shingles: Callable[[str], Shingles], threshold: float = THRESHOLD
) -> Iterator[tuple[str, str]]:
    """Pairs of keys whose texts have Jaccard similarity of at least `threshold`.

    Texts equal word for word count as one: their keys are paired with the first of them.
    """
    first: dict[tuple[str, ...], str] = {}
    for key, text in texts.items():
        representative = first.setdefault(tuple(words(text)), key)
        if representative != key:
            yield representative, key
    index = MinHashLSH(num_perm=PERMUTATIONS, params=BANDS)
    sets = {key: shingles(texts[key]) for key in first.values()}
    for key, present in sets.items():
        sketch = MinHash(num_perm=PERMUTATIONS, seed=1)
        sketch.update_batch([" ".join(shingle).encode() for shingle in sorted(present)])
        for other in index.query(sketch):
            if jaccard(present, sets[other]) >= threshold:
                yield other, key
        index.insert(key, sketch)


def groups(keys: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Union-find: every key's group, named after the smallest key in it."""
    parent = {key: key for key in keys}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = key = parent[parent[key]]
        return key

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return {key: root(key) for key in parent}


def members(group_of: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """The sorted keys of each group."""
    found: dict[str, list[str]] = defaultdict(list)
    for key in sorted(group_of):
        found[group_of[key]].append(key)
    return dict(found)
