"""Who is in view in one room, who of them moved since the last tick, and who went."""

from libc.stdint cimport uint8_t, uint16_t
from libc.string cimport memcpy

from services.rooms.realtime.hot.mover cimport BODY_BYTES, SLOT_BYTES, Mover
from services.rooms.realtime.hot.place cimport Ground

cdef enum:
    UP_BYTES = 14
    UP_BODY = 4  # where it begins
    TELEPORT = 2  # a flag of a frame up


cdef class Stage:
    def __init__(self, Ground ground):
        self.ground = ground
        self.shown = {}
        self._moved = []
        self._gone = []

    def enter(self, Mover mover):
        mover.away = False
        mover.entered = self.round
        self.shown[mover.slot] = mover
        self.mark(mover)

    def leave(self, Mover mover):
        mover.away = True  # a move of this very tick is not shown any more
        if self.shown.pop(mover.slot, None) is not None:
            self._gone.append(mover)

    def move(self, Mover mover, bytes up, double now):
        if len(up) != UP_BYTES:
            raise ValueError("not a frame up")
        return self.step(mover, <const uint8_t*><char*>up, now)

    cdef int step(self, Mover mover, const uint8_t* up, double now):
        cdef int seq = up[2] | up[3] << 8, y = up[6] | up[7] << 8, reason
        if mover.newest >= 0 and not 0 < ((seq - mover.newest) & 0xFFFF) < 0x8000:
            return 0  # overtaken by a newer one
        mover.newest = seq
        if y & 0x8000:
            y -= 0x10000
        reason = mover.place.judge(self.ground, up[4] | up[5] << 8, y, up[8] | up[9] << 8, up[1] & TELEPORT != 0, now)
        if reason == 0:
            memcpy(mover.record + SLOT_BYTES, up + UP_BODY, BODY_BYTES)
            mover._body = None
            self.mark(mover)
        return reason

    cdef void mark(self, Mover mover):
        if not mover.moved:
            mover.moved = True
            self._moved.append(mover)

    def changes(self):
        cdef Mover mover
        self.round += 1
        if not self._moved and not self._gone:
            return [], []
        moved, self._moved = self._moved, []
        gone, self._gone = self._gone, []
        for mover in moved:
            mover.moved = False
        return [mover for mover in moved if not mover.away], [mover for mover in gone if mover.away]
