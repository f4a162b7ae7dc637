"""What people may write: nothing in it that is not seen, or that disturbs its neighbours."""

import unicodedata
from collections.abc import Iterator, Set
from itertools import groupby
from typing import Final

# Some letters are blank: fillers, joiners of the alphabets, selectors of variants.
VARIANTS: Final = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0").union(
    chr(each) for several in VARIANTS for each in several
)
# In running text some of it is spelling: joiners of Persian and of emoji, their colours, marks of direction.
SPELLING: Final = frozenset("\n\u200c\u200d\u200e\u200f\u061c\ufe0e\ufe0f")
ANY_LETTER: Final = 1  # of the marks that go on any letter, so many on one: what composes has been composed
OWN_LETTERS: Final = 3  # of the marks of one alphabet, as the points of Hebrew


class Unfit(ValueError):
    """Says what to change."""


def composed(text: str) -> str:
    """Composed (NFC), every kind of space a plain one."""
    normal = unicodedata.normalize("NFC", text)
    return "".join(" " if unicodedata.category(each) == "Zs" else each for each in normal)


def tidy_line(text: str) -> str:
    """One line as it is kept: composed, single spaces, something to see in it. Raises Unfit."""
    text = " ".join(part for part in composed(text).split(" ") if part)
    if not any(unicodedata.category(each)[0] in "LNSP" for each in text):
        raise Unfit("there is nothing to see in it")
    look_through(text)
    return text


def look_through(text: str, allowed: Set[str] = frozenset()) -> None:
    """Raises Unfit for what cannot be seen, but for `allowed`, and for letters with too many marks on them."""
    for each in text:
        if each not in allowed and _unseen(each):
            raise Unfit(f"take out {_called(each)}: it cannot be seen")
    for marks in _stacks(text):
        generic = sum(unicodedata.name(each, "").startswith("COMBINING") for each in marks)
        if generic > ANY_LETTER or len(marks) > OWN_LETTERS:
            raise Unfit(f"put fewer marks on one letter: {_called(marks[0])} is one of {len(marks)}")


def _unseen(character: str) -> bool:
    """Control, format, bidirectional and private characters, separators of lines, letters without a shape."""
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp") or character in BLANK


def _stacks(text: str) -> Iterator[list[str]]:
    """The marks that stand on one letter, for each letter that has any."""
    for is_mark, run in groupby(text, lambda each: unicodedata.category(each) in ("Mn", "Me")):
        if is_mark:
            yield [each for each in run if each not in SPELLING]


def _called(character: str) -> str:
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}" + (f" {name}" if name else "")
