from libc.stdint cimport uint16_t, uint32_t, uint64_t

from services.rooms.realtime.hot.line cimport Line
from services.rooms.realtime.hot.mover cimport Mover


cdef class Sight:
    cdef Line _line
    cdef Mover _viewer
    cdef public set blind
    cdef uint16_t* _seen  # slots, as the viewer knows them
    cdef int _count, _room

    cdef bytearray _frame(self, uint32_t tick, int nearest, bint keyframe, bint look)
    cdef int _choose(self, int nearest) except -1
    cdef uint64_t _edge(self, int nearest) except? 0
    cdef uint64_t _key(self, int i) noexcept
    cdef int _stay(self) noexcept
    cdef _remember(self, int count)
    cdef _reserve(self, int count)
