"""Names that look alike come to the same, and others do not."""

import sys
import unicodedata
from itertools import combinations
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.social.skeleton import skeleton
from services.social.texts import NAME_LENGTH
from services.social.words import FIGURES, MANNERS

ALIKE = [
    ("Daniel", "DANIEL", "daniel"),
    ("Daniel", "DanieI", "Danie1", "Danie|"),
    ("Dana", "D\u0430na", "Dan\u0251", "\uff24\uff41\uff4e\uff41", "\U0001d403\U0001d41a\U0001d427\U0001d41a"),
    ("NINO", "\u039d\u0399\u039d\u039f"),  # Greek capitals
    ("\u0410\u043d\u043d\u0430", "\u0410\u041d\u041d\u0410"),  # one name, in Cyrillic
    ("\u039d\u03af\u03ba\u03bf\u03c2", "\u039d\u038a\u039a\u039f\u03a3"),  # one name, in Greek
    ("Oscar", "0scar"),
    ("Maria", "rnaria", "MARIA"),
    ("Jose\u0301", "Jos\u00e9"),
    ("Stra\u00dfe", "STRASSE"),
    ("Finn", "\ufb01nn"),
    ("Dana", "Da\u200bna", "Da\u00adna"),
]
APART = [
    "Dana",
    "Dane",
    "Donna",
    "Vera",
    "Nera",
    "Sam",
    "Fam",
    "Tom",
    "Rom",
    "\u05d3\u05e0\u05d4",
    "\u7530\u4e2d",
    "Ana",
]
SHOWN = [chr(each) for each in range(sys.maxunicode + 1) if unicodedata.category(chr(each))[0] in "LMNPS"]


@pytest.mark.parametrize("names", ALIKE, ids=lambda names: names[0])
def test_names_that_look_alike_share_a_skeleton(names: tuple[str, ...]) -> None:
    assert len({skeleton(each) for each in names}) == 1


def test_names_that_do_not_have_their_own() -> None:
    assert len({skeleton(each) for each in APART}) == len(APART)


def test_no_two_letters_or_digits_are_one_but_those_that_are_mistaken_for_one_another() -> None:
    merged = {a + b for a, b in combinations(digits + ascii_letters, 2) if skeleton(a) == skeleton(b)}
    cases = {each + each.upper() for each in ascii_letters[:26]}
    assert merged - cases == {"0o", "0O", "1i", "1I", "1l", "1L", "il", "iL", "lI", "IL"}


def test_every_character_comes_to_rest_whatever_its_case_and_fits_the_index() -> None:
    longest = 0
    for each in SHOWN:
        looks = skeleton(each)
        assert skeleton(looks) == looks == skeleton(each.upper()) == skeleton(each.lower()), each
        longest = max(longest, len(looks.encode()))
    assert longest * NAME_LENGTH < 2600, "bytes that an index may hold"


@given(st.text(st.sampled_from(SHOWN) | st.sampled_from(ascii_letters + " "), max_size=NAME_LENGTH), st.data())
def test_the_beginning_of_a_name_is_the_beginning_of_its_skeleton(name: str, data: st.DataObject) -> None:
    name = unicodedata.normalize("NFC", name)
    cut = data.draw(st.integers(0, len(name)))
    if not any(
        unicodedata.combining(each) or unicodedata.category(each)[0] == "M"
        for each in unicodedata.normalize("NFKD", name[cut:])[:1]
    ):
        assert skeleton(name).startswith(skeleton(name[:cut]))


def test_generated_names_are_words_of_their_own() -> None:
    names = {skeleton(f"{manner} {figure}") for manner in MANNERS for figure in FIGURES}
    assert len(names) == len(MANNERS) * len(FIGURES)
    assert len(names) > 8000
    assert max(len(f"{manner} {figure}") for manner in MANNERS for figure in FIGURES) <= NAME_LENGTH
