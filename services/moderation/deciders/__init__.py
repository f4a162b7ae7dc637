"""What moderation decides, by kind of stream."""

from collections.abc import Mapping
from typing import Any, Final

from libs.eventstore.decider import Decider
from libs.eventstore.erasure import ERASURE
from services.moderation.deciders.report import REPORT
from services.moderation.deciders.safety import SAFETY

DECIDERS: Final[Mapping[str, Decider[Any, Any]]] = {each.kind: each for each in (REPORT, SAFETY, ERASURE)}
