"""YAML as a person would have written it: named anchors, merges, short lists on one line, air between the parts."""

import re
from collections.abc import Mapping
from typing import Any, Final

import yaml


class Merge(str):
    """The key under which a mapping takes over what another one has."""

    __slots__ = ()


class Lines(list[Any]):
    """A list with each item on a line of its own."""


MERGE: Final = Merge("<<")
WIDTH: Final = 120
MERGE_TAG: Final = "tag:yaml.org,2002:merge"
LIST_TAG: Final = "tag:yaml.org,2002:seq"


AIR: Final = re.compile(r"\n(?=[a-z]|  [a-z0-9-]+:\n    <<: )")
"""Before each key of the outermost level, and each part of the next that takes over what another has."""


def text(*documents: Any, anchors: Mapping[str, object] | None = None) -> str:
    """The documents as YAML. `anchors` are parts, by name, that are written once and referred to from then on."""
    dumper = _dumper({id(part): name for name, part in (anchors or {}).items()})
    written = yaml.dump_all(documents, Dumper=dumper, sort_keys=False, width=WIDTH, allow_unicode=True)
    return AIR.sub("\n\n", written) if anchors else written


def _dumper(names: Mapping[int, str]) -> type[yaml.SafeDumper]:
    anchored: dict[int, str] = {}

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return id(data) not in names

        def represent_data(self, data: Any) -> yaml.Node:
            node = super().represent_data(data)
            if id(data) in names:
                anchored[id(node)] = names[id(data)]
            return node

        def generate_anchor(self, node: yaml.Node) -> str:
            return anchored[id(node)]

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)  # lists stand in from their key

    def sequence(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.Node:
        plain = all(not isinstance(item, dict | list) or id(item) in names for item in items)
        return dumper.represent_sequence(LIST_TAG, items, flow_style=plain)

    Dumper.add_representer(Lines, lambda dumper, items: dumper.represent_sequence(LIST_TAG, items, flow_style=False))
    Dumper.add_representer(Merge, lambda dumper, key: dumper.represent_scalar(MERGE_TAG, str(key)))
    Dumper.add_representer(list, sequence)
    return Dumper
