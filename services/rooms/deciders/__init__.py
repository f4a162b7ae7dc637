"""What rooms decides, by kind of stream."""

from collections.abc import Mapping
from typing import Any, Final

from libs.eventstore.decider import Decider
from libs.eventstore.erasure import ERASURE
from services.rooms.deciders.evidence import EVIDENCE
from services.rooms.deciders.room import ROOM
from services.rooms.deciders.visitor import VISITOR

DECIDERS: Final[Mapping[str, Decider[Any, Any]]] = {each.kind: each for each in (ROOM, VISITOR, EVIDENCE, ERASURE)}
