from libc.stdint cimport uint8_t, uint64_t

from services.rooms.realtime.hot.place cimport Ground, Place

cdef enum:
    RECORD = 12
    SLOT_BYTES = 2
    BODY_BYTES = 10


cdef class Mover:
    cdef uint8_t record[RECORD]  # slot and body, as a frame down holds them
    cdef readonly int slot
    cdef public double heard
    cdef public bint away
    cdef public Place place
    cdef bint moved  # since the last tick
    cdef uint64_t entered  # view, in this round of its stage
    cdef int newest  # move, by its seq; -1 until the first
    cdef Ground ground
    cdef bytes _body
