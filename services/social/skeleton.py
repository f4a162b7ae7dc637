"""What all look-alikes of a text come to: NFKC, upper and lower case, full and half width, other scripts' letters.

Unicode's own skeleton (UTS 39) minds case, and folding case first loses that `DanieI` ends in an `I`. So characters
are grouped here by both, as long as that makes no two letters or digits of ASCII one (`i` and `l` are, by way of `I`).
Names that share a skeleton though nobody mistakes them cost a suffix; names that are mistaken would cost trust.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from confusable_homoglyphs.confusables import confusables_data

LEFT_TO_RIGHT_MARK = "\u200e"  # the table puts one on either side of what is written from the right
UNSEEN = ("C", "Z")  # categories without a shape of their own, but for the plain space
PASSES = 5  # what one pass spells out the next may replace; a test finds that no character takes more

Pair = tuple[str, str]


def skeleton(text: str) -> str:
    """Equal for texts that look alike; the skeleton of a beginning is the beginning of the skeleton."""
    for _ in range(PASSES):
        before, text = text, _fold(text)
        if text == before:
            break
    return text


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(
        LOOKS.get(each, each) for each in plain if each == " " or unicodedata.category(each)[0] not in UNSEEN
    )


class Groups:
    """Characters that are taken for one another, no two letters or digits of ASCII unless told so."""

    def __init__(self) -> None:
        self._group: dict[str, frozenset[str]] = {}

    def join(self, pairs: Iterable[Pair], *, letters_too: bool = False) -> None:
        for one, other in pairs:
            ours, theirs = self._of(one), self._of(other)
            if ours is not theirs and (letters_too or not (_plain(ours) and _plain(theirs))):
                both = ours | theirs
                self._group.update(dict.fromkeys(both, both))

    def plainest(self) -> Mapping[str, str]:
        """For each character the one that stands for all of its group."""
        return {each: min(group, key=_plainness) for each, group in self._group.items()}

    def _of(self, character: str) -> frozenset[str]:
        return self._group.get(character, frozenset(character))


def _looks() -> Mapping[str, str]:
    """What stands for each character that has look-alikes: a character, or a sequence as `rn` for `m`."""
    table = {_bare(each): [_bare(other["c"]) for other in others] for each, others in confusables_data.items()}
    pairs = [(each, others[0]) for each, others in table.items() if len(each) == len(others) == 1]
    alike = [pair for pair in pairs if len(pair[1]) == 1]
    drawn = {each: sequence for each, sequence in pairs if len(sequence) > 1}
    cases = [(each, each.casefold()) for pair in alike for each in pair if len(each.casefold()) == 1]
    groups = Groups()
    groups.join((pair for pair in cases + alike if "".join(pair).isascii()), letters_too=True)
    groups.join(cases)
    groups.join(pair for pair in alike if pair[0].isupper())  # capitals are copied to a hair, small letters less often
    groups.join(alike)
    return drawn | {each: stands for each, stands in groups.plainest().items() if each != stands}


def _bare(text: str) -> str:
    return text.replace(LEFT_TO_RIGHT_MARK, "")


def _plain(group: frozenset[str]) -> bool:
    return any(each.isascii() and each.isalnum() for each in group)


def _plainness(character: str) -> tuple[bool, bool, str]:
    return not character.isascii(), not character.islower(), character


LOOKS: Final = _looks()
