from libc.stdint cimport uint8_t, uint32_t

cdef enum:
    ROOM_IN_FRONT = 14  # picows writes the frame's header before the payload, in place
    HEAD = 8
    KEYFRAME = 1
    HIDDEN = 2


cdef inline void write_head(uint8_t* at, int flags, int count, uint32_t tick) noexcept:
    at[0], at[1], at[2], at[3] = 2, flags, count & 0xFF, count >> 8
    at[4], at[5], at[6], at[7] = tick & 0xFF, tick >> 8 & 0xFF, tick >> 16 & 0xFF, tick >> 24


cpdef bytearray down(list movers, uint32_t tick, bint keyframe, list hidden)
