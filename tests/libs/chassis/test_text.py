"""What may be written where others read it."""

import pytest

from libs.chassis.text import Unfit, tidy_line


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("The Blue Note", "The Blue Note"),
        ("  The\u00a0Blue  Note ", "The Blue Note"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("\u05d4\u05d1\u05b7\u05bc\u05e8", "\u05d4\u05d1\u05b7\u05bc\u05e8"),  # Hebrew, with its points
        ("\u0627\u0644\u0645\u0642\u0647\u0649", "\u0627\u0644\u0645\u0642\u0647\u0649"),
        ("\u9152\u5427 \U0001f378", "\u9152\u5427 \U0001f378"),
    ],
)
def test_names_of_every_alphabet_are_kept_composed_with_single_spaces(said: str, kept: str) -> None:
    assert tidy_line(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "",
        " \u2003 ",
        "\u200b",
        "\u3164",  # a letter without a shape
        "Blue\u200bNote",
        "Blue\u202eetoN",  # right to left from here
        "\u2067Blue\u2069",
        "Blue\nNote",
        "Blue\x07",
        "Blue\ue000",  # private use
        "B" + "\u0300" * 2 + "lue",
        "B" + "\u0336" * 20,
    ],
)
def test_what_is_not_seen_or_disturbs_its_neighbours_is_not(said: str) -> None:
    with pytest.raises(Unfit):
        tidy_line(said)
