"""What social decides, by kind of stream."""

from collections.abc import Mapping
from typing import Any, Final

from libs.eventstore.decider import Decider
from libs.eventstore.erasure import ERASURE
from services.social.deciders.pair import PAIR
from services.social.deciders.profile import PROFILE
from services.social.deciders.viewer import VIEWER

DECIDERS: Final[Mapping[str, Decider[Any, Any]]] = {each.kind: each for each in (PROFILE, VIEWER, PAIR, ERASURE)}
