from libc.stdint cimport uint8_t

from picows.picows cimport WSFrame, WSListener, WSTransport

from services.rooms.realtime.hot.mover cimport Mover
from services.rooms.realtime.hot.stage cimport Stage

cdef enum:
    UP_BYTES = 14


cdef class Line(WSListener):
    cdef public object house
    cdef public object stalled_since
    cdef public object unconfirmed
    cdef public double authorised_until
    cdef public bint closing
    cdef readonly WSTransport transport
    cdef readonly Mover member
    cdef Stage _stage
    cdef double _frames, _frames_per_second  # unpaid: each second pays for so many of them
    cdef double _moves, _moves_per_second  # likewise
    cdef int _judged  # moves, since somebody asked
    cdef bint _holds
    cdef uint8_t _held[UP_BYTES]  # a move that came too soon
    cdef double _corrected_at

    cdef _moved(self, WSFrame frame)
    cdef bint _pinged(self, WSFrame frame) except -1
    cdef _step(self, const uint8_t* up, double now)
    cdef _pass(self, double seconds)
    cpdef heard(self)
    cpdef bint show(self, bytearray frame)
