"""What guests are called. More guests than names get a number."""

from typing import Final

NAMES: Final = (
    "Ada", "Amal", "Anouk", "Ari", "Björn", "Carmen", "Chen", "Chidi", "Dao", "Elif", "Emre", "Esra", "Farid", "Finn",
    "Freya", "Gal", "Hana", "Hugo", "Imani", "Ivo", "Jana", "Jonas", "Kaito", "Keren", "Lior", "Luca", "Malik", "Mei",
    "Mira", "Nadia", "Nico", "Noor", "Oren", "Pia", "Quinn", "Rosa", "Sami", "Sanna", "Tal", "Theo", "Uma", "Vera",
    "Wim", "Xenia", "Yael", "Yusuf", "Zeki", "Zoë",
)  # fmt: skip


def name_of(number: int) -> str:
    """The guest's, from 0."""
    round, place = divmod(number, len(NAMES))
    return NAMES[place] if not round else f"{NAMES[place]} {round + 1}"
