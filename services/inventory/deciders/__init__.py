"""What inventory decides, by kind of stream."""

from collections.abc import Mapping
from typing import Any, Final

from libs.eventstore.decider import Decider
from libs.eventstore.erasure import ERASURE
from services.inventory.deciders.item import ITEM
from services.inventory.deciders.wallet import WALLET

DECIDERS: Final[Mapping[str, Decider[Any, Any]]] = {decider.kind: decider for decider in (ITEM, WALLET, ERASURE)}
