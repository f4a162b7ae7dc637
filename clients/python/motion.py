"""Avatars that walk instead of jumping: drawn a little in the past, between two places they were seen at.

Frames come 20 times a second at best and never evenly, so what is drawn is where everybody was `delay` seconds ago. By
then the place after it has mostly come too, and the way between the two is drawn. Where it has not, the avatar goes on
as its velocity said, but not for long: a wall may be in its way.
"""

from collections import deque
from typing import Final, NamedTuple

from clients.python.frames import Down, Record

DELAY: Final = 0.12  # seconds: two ticks and some unevenness of the network
AHEAD: Final = 0.1  # seconds an avatar goes on without being heard of
PAUSE: Final = 0.25  # seconds without a record: it stood still until one tick before the next
LEAP: Final = 400.0  # centimetres from one record to the next: not walked, so not drawn as a walk
KEPT: Final = 1.0  # seconds of places
WINDOW: Final = 40  # frames whose arrival the clock is read from
_HALF: Final = 1 << 31


class Pose(NamedTuple):
    """Centimetres; yaw in 360/256 degrees, 0 <= yaw < 256; the animation is the newest there was at that moment."""

    x: float
    y: float
    z: float
    yaw: float
    animation: int


class Clock:
    """When a tick was, by this machine's clock.

    The frame that was fastest on its way says it; of the newest few, because a node's ticks may fall behind, and the
    two clocks run apart.
    """

    def __init__(self, tick_hz: int) -> None:
        self.period = 1 / tick_hz
        self._ticks: int | None = None  # of the newest frame, counted on where the wire's 32 bits begin again
        self._lags: deque[float] = deque(maxlen=WINDOW)

    def restarts(self, tick: int) -> bool:
        """Whether this tick is before the newest: another node counts."""
        return self._ticks is not None and self._since(tick, self._ticks) >= _HALF

    def read(self, tick: int, now: float) -> float:
        """Take the arrival of a frame; its moment."""
        self._ticks = tick if self._ticks is None else self._ticks + self._since(tick, self._ticks)
        self._lags.append(now - self._ticks * self.period)
        return min(self._lags) + self._ticks * self.period

    def _since(self, tick: int, before: int) -> int:
        return (tick - before) & 0xFFFFFFFF


class _Place(NamedTuple):
    at: float
    record: Record


class Motion:
    """`take` every frame down, ask for `poses` whenever a picture is drawn. Times: seconds of one steady clock."""

    def __init__(self, tick_hz: int = 20, delay: float = DELAY, ahead: float = AHEAD) -> None:
        self._tick_hz = tick_hz
        self._clock = Clock(tick_hz)
        self._delay, self._ahead = delay, ahead
        self._places: dict[int, deque[_Place]] = {}  # by slot, in view

    def take(self, down: Down, now: float) -> None:
        if self._clock.restarts(down.tick):
            self._clock, self._places = Clock(self._tick_hz), {}
        at = self._clock.read(down.tick, now)
        if down.keyframe:
            shown = {record.slot for record in down.records}
            self._places = {slot: places for slot, places in self._places.items() if slot in shown}
        for record in down.records:
            self._stand(self._places.setdefault(record.slot, deque()), _Place(at, record))
        for slot in down.hidden:
            self._places.pop(slot, None)

    def poses(self, now: float) -> dict[int, Pose]:
        """Everybody in view, by slot."""
        return {slot: self._pose(places, now - self._delay) for slot, places in self._places.items()}

    def _stand(self, places: deque[_Place], new: _Place) -> None:
        if places:
            last = places[-1]
            new = new._replace(at=max(new.at, last.at))  # a faster frame has just corrected the clock
            if _leaps(last.record, new.record):
                places.clear()
            elif new.at - last.at > PAUSE:
                places.append(_Place(new.at - self._clock.period, last.record))
        places.append(new)
        while len(places) > 2 and places[1].at < new.at - KEPT:
            places.popleft()

    def _pose(self, places: deque[_Place], at: float) -> Pose:
        before = places[0]
        for place in reversed(places):
            if place.at <= at:
                before = place
                break
        after = next((place for place in places if place.at > at), None)
        if after is None:
            return _onward(before, min(at - before.at, self._ahead))
        if after.at <= before.at or before.at > at:
            return _onward(before, 0.0)
        return _between(before.record, after.record, (at - before.at) / (after.at - before.at))


def turn(start: float, end: float, part: float) -> float:
    """Between two headings, the shorter way round."""
    heading = (start + ((end - start + 128) % 256 - 128) * part) % 256
    return heading if heading < 256 else 0.0  # a hair's breadth below nothing comes to 256


def _between(one: Record, other: Record, part: float) -> Pose:
    x, y, z = (start + (end - start) * part for start, end in zip(one[1:4], other[1:4], strict=True))
    return Pose(x, y, z, turn(one.yaw, other.yaw, part), one.animation)


def _onward(place: _Place, seconds: float) -> Pose:
    record = place.record
    return Pose(
        record.x + record.vx * 10 * seconds, record.y, record.z + record.vz * 10 * seconds, record.yaw, record.animation
    )


def _leaps(one: Record, other: Record) -> bool:
    return sum((end - start) ** 2 for start, end in zip(one[1:4], other[1:4], strict=True)) > LEAP**2
