"""From a docstring to a query and a document: the first paragraph asks, the signature and the rest answer.

Markup is taken off so that both read as text; the object's own name is masked in the document, so that a
query naming it finds nothing by mere spelling.
"""

from __future__ import annotations

import inspect
import re
from itertools import groupby

LONGEST_DOCUMENT = 2_000  # characters, cut at the end of a line
LONGEST_QUERY = 50  # words; of a longer first paragraph the leading sentences ask, the others answer

SECTION = re.compile(
    r"^\s*:?(parameters?|params?|args?|arguments?|keyword arguments|returns?|yields?|raises|examples?|notes?|"
    r"see also|references?|attributes|inputs?|outputs?|shape|usage|example usage|explanation|warnings?|"
    r"methods|todo)\s*:{0,2}\s*$", re.IGNORECASE)  # fmt: skip
FIELD = re.compile(r"^\s*(:(param|type|returns?|rtype|raises|arg)\b|@param\b|\w+ : )")
# "add(x1, x2, out=None) -> Tensor" and nothing else; parentheses within parentheses once.
CALL = re.compile(r"\s*(?:\w+(?:, \w+)* = )?[\w.]+\s*(\((?:[^()]|\([^()]*\))*\)\s*(?:->.*|:)?)\s*$")
# Arguments hundreds of compiled functions share, which say nothing about the one at hand.
UFUNC = re.compile(r", /, out=None, \*, where=True, casting='same_kind'.*?(?=\)|$)")
STATUS = re.compile(r"^[\[(](Deprecated|Discouraged)[\])]\s*", re.IGNORECASE)
CODE = (">>>", "...")

# Whole lines that carry no words of their own.
SILENT = tuple(re.compile(pattern) for pattern in (
    r"^\s*([-=~^*_#.`+:])\1{2,}(\s+\1+)*\s*$",  # underlines, table rules
    r"^\s*\.\.\s+(versionadded|versionchanged|plot|image|figure|code-block|code|sourcecode|ipython|highlight|"
    r"currentmodule|module|automodule|autosummary|index|only|testsetup|testcode|testoutput|doctest|"
    r"tabularcolumns|table|rubric|include|literalinclude)::",
    r"^\s*\.\. (?!\[)(?![\w-]+::)",  # comments and link targets
    r"^\s+:[\w-]+:(\s+\S+)?\s*$",  # a directive's options
    r"^\s*(\.\.|::|```\w*|<[^>]*>)\s*$",
))  # fmt: skip
DIRECTIVE = re.compile(r"^(\s*)\.\.\s+([\w-]+)::\s*(.*)$")
ROLE = re.compile(r":(?:[\w+-]+:)?[\w+-]+:`([^`]*)`")
INLINE = tuple((re.compile(pattern), text) for pattern, text in (
    (r"`([^`<]+?)\s*<[^`<>]*>`_{0,2}", r"\1"),  # `text <target>`_
    (r"!?\[([^\]\[]+)\]\([^)\s]*\)", r"\1"),  # [text](target)
    (r"</?(?:Tip|hfoptions?|pt|br|b|i|p|a|sup|sub|code|div|small)\b[^>]*>", ""),
    (r"\[(`[^`\]]*`)\]", r"\1"),  # [`Name`]
    (r"``", "`"),
    (r"`~[\w.]*?(\w+(?:\(\))?)`", r"\1"),  # `~package.name`
    (r"`\.?([^`]*?)`_{0,2}", r"\1"),  # `name`, `.name`, `name`_
    (r"(?<![\w*`\\])(\*{1,2})(?=[^\s*])([^*\n]*[^\s*\\])\1(?![\w*])", r"\2"),  # *emphasis*, **strong**
    (r"\\([*_`|])", r"\1"),
    (r"(?<=\w)\\(?=s\b)|\\ (?=[\w-])", ""),  # `Tensor`\ s, `.Tick`\s
    (r"(?<=\])_(?!\w)", ""),  # [1]_
    (r"\|(\w[\w ]*\w)\|", r"\1"),  # |substitution|
    (r"::[ ]*(?=\n|$)", ":"),
))  # fmt: skip


def split_docstring(doc: str, name: str) -> tuple[str, str, str]:
    """Split the docstring of an object called `name` into (signature or "", query, rest), without markup.

    The query is the first paragraph on one line; one running straight into "Args:" or an example ends there.
    It is empty where the docstring opens with a section or with code instead of a summary.
    """
    signature, lines = without_signature(inspect.cleandoc(doc).splitlines())
    while lines and not plain(lines[0]).strip():
        lines = lines[1:]
    end = 0
    while end < len(lines) and lines[end].strip() and not starts_section(lines[end]):
        end += 1
    paragraph = STATUS.sub("", " ".join(plain("\n".join(lines[:end])).split()))
    query, others = cut_sentences(paragraph, LONGEST_QUERY)
    # Masked twice: markup tells names from words ("`mean`"), and some names show only without it ("kl\_div").
    rest = plain(masked("\n".join(lines[end:]), name))
    rest = f"{others}\n\n{rest}".strip()
    return signature, query, masked(rest, name)


def document(signature: str, rest: str) -> str:
    """Signature and rest as one text of at most `LONGEST_DOCUMENT` characters, cut at the end of a line."""
    text = f"{UFUNC.sub(', out=None', signature)}\n{rest}".strip()
    if len(text) <= LONGEST_DOCUMENT:
        return text
    end = text.rfind("\n", 0, LONGEST_DOCUMENT + 1)
    return text[: end if end > 0 else LONGEST_DOCUMENT].rstrip()


def without_signature(lines: list[str]) -> tuple[str, list[str]]:
    """Take the calls compiled functions begin with off: ("(x1, x2) -> out" of the first, the other lines)."""
    signature = ""
    while lines and (signature or lines[0].strip()):
        calls = ((CALL.match(" ".join(lines[:n])), n) for n in range(1, min(len(lines), 12) + 1))
        call, end = next(((call, n) for call, n in calls if call), (None, 1))
        if call is None and lines[0].strip():
            break
        signature = signature or (re.sub(r"(?<=\() | (?=\))", "", " ".join(call[1].split())) if call else "")
        lines = lines[end:]
    return signature, lines


def starts_section(line: str) -> bool:
    """Whether a line without a blank one before it ends the summary all the same."""
    opening = line.lstrip().startswith((">>>", ".. ", "- ", "* ", "```"))
    return opening or bool(SECTION.match(line) or FIELD.match(line))


def cut_sentences(paragraph: str, limit: int) -> tuple[str, str]:
    """The leading sentences of at most `limit` words (at least one sentence), and what follows them."""
    if len(paragraph.split()) <= limit:
        return paragraph, ""
    stops = re.finditer(r"(?<!e\.g)(?<!i\.e)(?<!etc)[.!?:](?=\s+[A-Z`\[(])", paragraph)
    ends = [stop.end() for stop in stops] or [len(paragraph)]
    fitting = [end for end in ends if len(paragraph[:end].split()) <= limit]
    end = fitting[-1] if fitting else ends[0]
    return paragraph[:end].strip(), paragraph[end:].strip()


def masked(text: str, name: str) -> str:
    """Put `_` for the object's own `name`.

    Everywhere, where it cannot be an ordinary word ("log1p", "SVC", "to_csv"); else in calls, attributes,
    markup and lines of code only ("mean(x)", "np.mean", "`mean`", but not "the mean of x").
    """
    word = rf"(?<!\w){re.escape(name)}(?!\w)"
    if len(name) > 2 and re.search(r"[A-Z_0-9]", name):
        return re.sub(word, "_", text)
    text = re.sub(rf"(?<=[.`~!]){word}|{word}(?=[`(])", "_", text)
    lines = text.split("\n")
    return "\n".join(re.sub(word, "_", line) if line.lstrip().startswith(CODE) else line for line in lines)


def plain(text: str) -> str:
    """Take reStructuredText, numpydoc and Markdown markup off `text`; prose, code and line breaks stay."""
    kept = [line for line in text.expandtabs(4).splitlines() if not any(mark.match(line) for mark in SILENT)]
    blocks = []
    for code, lines in groupby(kept, key=lambda line: line.lstrip().startswith(CODE)):
        if code:
            block = "\n".join(re.sub(r"\s*#\s*doctest:.*$", "", line) for line in lines)
        else:
            block = ROLE.sub(role_text, "\n".join(DIRECTIVE.sub(directive_text, line) for line in lines))
            for pattern, replacement in INLINE:
                block = pattern.sub(replacement, block)
        blocks.append(block)
    text = "\n".join(line.rstrip() for line in "\n".join(blocks).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def role_text(match: re.Match[str]) -> str:
    """`~numpy.linalg.norm` -> norm, `text <target>` -> text, `numpy.foo` -> numpy.foo."""
    target = match[1].strip()
    if target.endswith(">") and "<" in target[1:]:
        return target[: target.index("<", 1)].strip()
    return target.rpartition(".")[2] if target.startswith("~") else target.lstrip("!.")


def directive_text(match: re.Match[str]) -> str:
    """`.. note:: text` -> Note: text; a formula stands alone."""
    indent, name, argument = match.groups()
    return indent + argument if name == "math" else f"{indent}{name.capitalize()}: {argument}".rstrip()
