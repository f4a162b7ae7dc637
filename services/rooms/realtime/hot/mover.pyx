"""The half of a member that moves: what every frame up changes, and every frame down is copied from."""

from libc.string cimport memcpy

from services.rooms.realtime.hot.place cimport Ground, Place


cdef class Mover:
    def __init__(self, int slot, bytes body, Ground ground, double now):
        self.slot = slot
        self.record[0], self.record[1] = slot & 0xFF, slot >> 8
        self.ground = ground
        self.heard = now
        self.newest = -1
        self.body = body

    @property
    def seq(self):
        return None if self.newest < 0 else self.newest

    @seq.setter
    def seq(self, value):
        self.newest = -1 if value is None else value

    @property
    def body(self):
        if self._body is None:  # one object until the next move: whoever writes them down compares by identity
            self._body = (<char*>self.record + SLOT_BYTES)[:BODY_BYTES]
        return self._body

    @body.setter
    def body(self, bytes body not None):
        if len(body) != BODY_BYTES:
            raise ValueError("not a body")
        memcpy(self.record + SLOT_BYTES, <char*>body, BODY_BYTES)
        self._body = body
        cdef unsigned char* at = self.record + SLOT_BYTES
        cdef int x = at[0] | at[1] << 8, y = at[2] | at[3] << 8, z = at[4] | at[5] << 8
        self.place = Place(x, y - 0x10000 if y & 0x8000 else y, z, self.heard, self.ground)
