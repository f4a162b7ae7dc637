"""The bytes of a document: the same facts come to the same bytes, whoever writes them down and whenever.

JSON by RFC 8785: keys in order, no blanks, strings escaped no more than they must be. Numbers are integers within
2**53, so that there is one way to write them; times are milliseconds since 1970, UTC.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson


def canonical(document: Mapping[str, Any]) -> bytes:
    """Keys are ASCII, which sorts alike as characters, as UTF-8 and as UTF-16."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)


def part(document: Mapping[str, Any]) -> orjson.Fragment:
    """A part of a document, written already: large ones are written piece by piece, so that nobody waits for long."""
    return orjson.Fragment(canonical(document))


def digest(document: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return sha256(document).hexdigest()
