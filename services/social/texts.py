"""What people may write of themselves: bounded, tidy, nothing hidden in it."""

import re
import unicodedata
from typing import Final

from libs.chassis.text import SPELLING, Unfit, composed, look_through, tidy_line

NAME_LENGTH: Final = 32  # characters, without the suffix
BIO_LENGTH: Final = 500
SUFFIX: Final = re.compile(r"#[0-9]{4,6}$")


def tidy_name(text: str) -> str:
    """The name as it is kept: composed, single spaces, without the suffix. Raises Unfit."""
    name = tidy_line(SUFFIX.sub("", text.rstrip()))
    if not any(unicodedata.category(each)[0] in "LN" for each in name):
        raise Unfit("a name needs a letter or a digit")
    if "#" in name:
        raise Unfit("leave out the #: the digits behind it are given to you")
    if len(name) > NAME_LENGTH:
        raise Unfit(f"a name has at most {NAME_LENGTH} characters; this one has {len(name)}")
    return name


def tidy_bio(text: str) -> str:
    """The text as it is kept: composed, no space round it. Raises Unfit."""
    bio = composed(text.replace("\r\n", "\n")).strip(" \n")
    if len(bio) > BIO_LENGTH:
        raise Unfit(f"a bio has at most {BIO_LENGTH} characters; this one has {len(bio)}")
    look_through(bio, SPELLING)
    return bio
