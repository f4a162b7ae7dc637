"""What people may write of themselves."""

import pytest

from libs.chassis.text import Unfit
from services.social.texts import tidy_bio, tidy_name

BIO = "\U0001f3b7, \u2764\ufe0f.\n\U0001f469\u200d\U0001f4bb \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645."


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Dana", "Dana"),
        ("  Dana \u00a0 Lee ", "Dana Lee"),
        ("Jose\u0301", "Jos\u00e9"),
        ("O'Neil-Smith Jr.", "O'Neil-Smith Jr."),
        ("Dana#4821", "Dana"),
        ("Dana#482199 ", "Dana"),
        ("\u05d3\u05bc\u05b8\u05e0\u05b8\u05d4", "\u05d3\u05b8\u05bc\u05e0\u05b8\u05d4"),  # Hebrew, with points
        ("\u0e19\u0e49\u0e33", "\u0e19\u0e49\u0e33"),  # Thai
        ("Nguy\u1ec5n", "Nguy\u1ec5n"),
        ("7", "7"),
    ],
)
def test_a_name_is_kept_tidy(said: str, kept: str) -> None:
    assert tidy_name(said) == kept
    assert tidy_name(kept) == kept


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "nothing to see"),
        ("#4821", "nothing to see"),
        ("...", "letter or a digit"),
        ("\U0001f378", "letter or a digit"),
        ("x" * 33, "at most 32"),
        ("Dana#1", "leave out the #"),
        ("#Dana", "leave out the #"),
        ("Da\u200dna", "U\\+200D ZERO WIDTH JOINER"),
        ("\u202eanaD", "U\\+202E RIGHT-TO-LEFT OVERRIDE"),
        ("Da\u3164na", "U\\+3164 HANGUL FILLER"),
        ("D\u0337\u0322a", "fewer marks"),
        ("Da\tna", "U\\+0009"),
        ("Da\ud800na", "U\\+D800"),
    ],
)
def test_a_name_that_does_not_fit_is_told_why(said: str, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        tidy_name(said)


def test_a_bio_may_have_lines_and_what_spelling_needs() -> None:
    assert tidy_bio(f" {BIO}\r\n\n") == BIO
    assert tidy_bio("") == ""
    assert tidy_bio("x" * 500) == "x" * 500


@pytest.mark.parametrize("said", ["x" * 501, "a\u202eb", "a\u2067b", "z\u0336\u0337", "a\u200bb", "a\tb", "\ud800"])
def test_a_bio_hides_nothing(said: str) -> None:
    with pytest.raises(Unfit):
        tidy_bio(said)
