"""docs/realtime.md as data: its examples, its tables, and what the code says in their place."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, inspect

from services.rooms.realtime import commands, messages

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = (ROOT / "docs/realtime.md").read_text()
REALTIME: Final = ROOT / "services/rooms/realtime"

COMMANDS: Final = {kind.__struct_config__.tag: kind for kind in commands.Command.__args__}
MESSAGES: Final = {
    kind.__struct_config__.tag: kind
    for kind in vars(messages).values()
    if isinstance(kind, type) and issubclass(kind, Struct) and kind.__struct_config__.tag
}


def blocks(kind: str) -> list[str]:
    """The lines of every fenced block of this kind, the empty ones left out."""
    found = re.findall(rf"^```{re.escape(kind)}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [line for block in found for line in block.splitlines() if line.strip()]


def section(title: str) -> str:
    """What is under a heading, up to the next of any level."""
    found = re.search(rf"^#+ {re.escape(title)}$(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def rows(title: str) -> Iterator[list[str]]:
    """The cells of the tables under a heading, but for their first two lines."""
    table = [line for line in section(title).splitlines() if line.startswith("|")]
    for line in table[2:]:
        yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def signature(kind: type[Struct]) -> str:
    """As the page writes a frame: `chat {cid: cid, text: text}`."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return f"{info.tag} {_members(info)}"


def _members(struct: inspect.StructType) -> str:
    told = [
        f"{each.encode_name}: {_word(each.type)}"
        if each.required
        else f"{each.encode_name}?: {_word(each.type).removesuffix(' | null')}"
        for each in struct.fields
    ]
    return "{" + ", ".join(told) + "}"


def _word(kind: inspect.Type) -> str:
    match kind:
        case inspect.UnionType():
            words = [_word(each) for each in kind.types if not isinstance(each, inspect.NoneType)]
            word = "cid" if sorted(words) == ["int", "text"] else " | ".join(words)
            return f"{word} | null" if len(words) < len(kind.types) and word == "cid" else word
        case inspect.StructType():
            return _members(kind)
        case inspect.ListType(item_type=item):
            return f"[{_word(item)}]"
        case inspect.DictType(key_type=key, value_type=value):
            return f"{{[{_word(key)}]: {_word(value)}}}"
        case inspect.LiteralType(values=values):
            return " | ".join(f'"{each}"' for each in values)
    return WORDS[type(kind)]


WORDS: Final[Mapping[type, str]] = {
    inspect.StrType: "text",
    inspect.IntType: "int",
    inspect.BoolType: "bool",
    inspect.UUIDType: "uuid",
    inspect.DateTimeType: "time",
    inspect.RawType: "json",
}


def slugs() -> set[str]:
    """Of every `error` that the node's code writes down by name."""
    return {slug for path in REALTIME.glob("**/*.py") for slug in _named(ast.parse(path.read_text()))}


def _named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "problem":
            for part in ast.walk(node.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def canonical(frame: str | bytes) -> Any:
    """JSON as values."""
    return msgspec.json.decode(frame)
