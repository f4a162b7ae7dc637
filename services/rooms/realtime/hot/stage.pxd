from libc.stdint cimport uint8_t, uint64_t

from services.rooms.realtime.hot.mover cimport Mover
from services.rooms.realtime.hot.place cimport Ground


cdef class Stage:
    cdef readonly Ground ground
    cdef readonly dict shown
    cdef uint64_t round  # of changes
    cdef list _moved
    cdef list _gone

    cdef int step(self, Mover mover, const uint8_t* up, double now)
    cdef void mark(self, Mover mover)
