cdef class Ground:
    cdef int x, y, z
    cdef double speed, stride, teleport_every


cdef class Place:
    cdef readonly int x, y, z
    cdef double at, left, teleported

    cdef int judge(self, Ground ground, int x, int y, int z, bint teleport, double now) noexcept
