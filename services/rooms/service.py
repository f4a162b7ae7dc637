"""The one door of rooms: `Rooms` for routes, consumers and the sweeper, `RealtimeDoor` for realtime nodes."""

from libs.eventstore.db import Pool
from libs.eventstore.keys import Cipher
from libs.eventstore.store import Store
from services.rooms.entrance import Entrance
from services.rooms.evidence.sealings import Sealings
from services.rooms.hosting import Hosting
from services.rooms.invites import Invites
from services.rooms.matchmaking import Matchmaking
from services.rooms.nodes import Nodes
from services.rooms.order import OrderKeeping
from services.rooms.settings import RoomsSettings
from services.rooms.standings import Standings
from services.rooms.visits import Visits
from services.rooms.voice.port import Voice


class Rooms:
    """`hosting`: rooms opened, changed, closed; `order`: kept in them; `visits`: seats held, left, ended.

    `invites` and `matchmaking` are two more ways to a seat.
    """

    def __init__(self, store: Store, pool: Pool, cipher: Cipher, settings: RoomsSettings) -> None:
        self.visits = Visits(store, pool, settings)
        self.hosting = Hosting(store, pool, cipher, self.visits, settings)
        self.order = OrderKeeping(store, pool, settings)
        self.invites = Invites(store, pool, self.visits, settings)
        self.matchmaking = Matchmaking(pool, self.visits, settings)
        self.voice = Voice(store, pool, settings)


class RealtimeDoor(Nodes, Entrance):
    """NodeDoor, in process. `lifeline` is a pool for the node's lease alone."""

    def __init__(self, store: Store, pool: Pool, lifeline: Pool, settings: RoomsSettings) -> None:
        Nodes.__init__(self, pool, lifeline, settings.node_lease)
        Entrance.__init__(self, store, pool)
        order = OrderKeeping(store, pool, settings)
        self.leave = Visits(store, pool, settings).leave
        self.speak = Voice(store, pool, settings).speak
        self.mute, self.unmute, self.kick = order.mute, order.unmute, order.kick
        self.known = Standings(pool).known
        sealings = Sealings(store, pool)
        self.seals_due, self.sealed = sealings.due, sealings.sealed
        self.nothing_to_seal = sealings.nothing
