from services.rooms.realtime.hot.place import Ground, Place

class Mover:
    """Somebody with a slot. `heard` is when the last frame came, in seconds of a steady clock."""

    heard: float
    away: bool  # out of view
    place: Place
    seq: int | None  # of the newest move; None until the client's first
    body: bytes  # 10 bytes, as they came; setting it puts them there, whatever their pace
    @property
    def slot(self) -> int: ...
    def __init__(self, slot: int, body: bytes, ground: Ground, now: float) -> None: ...
