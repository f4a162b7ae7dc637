"""One tick of one room as bytes. Nothing in it is per viewer, so all who see the same are sent these very bytes."""

from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_FromStringAndSize
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy, memset

from services.rooms.realtime.hot.mover cimport RECORD, Mover

HEADROOM = ROOM_IN_FRONT


cpdef bytearray down(list movers, uint32_t tick, bint keyframe, list hidden):
    cdef Py_ssize_t size = ROOM_IN_FRONT + HEAD + RECORD * len(movers) + (2 + 2 * len(hidden) if hidden else 0)
    cdef bytearray frame = PyByteArray_FromStringAndSize(NULL, size)
    cdef uint8_t* at = <uint8_t*>PyByteArray_AS_STRING(frame)
    cdef Mover mover
    cdef int slot
    memset(at, 0, ROOM_IN_FRONT)
    at += ROOM_IN_FRONT
    write_head(at, (KEYFRAME if keyframe else 0) | (HIDDEN if hidden else 0), len(movers), tick)
    at += HEAD
    for mover in movers:
        memcpy(at, mover.record, RECORD)
        at += RECORD
    if hidden:
        at[0], at[1] = len(hidden) & 0xFF, len(hidden) >> 8
        for slot in hidden:
            at += 2
            at[0], at[1] = slot & 0xFF, slot >> 8
    return frame
