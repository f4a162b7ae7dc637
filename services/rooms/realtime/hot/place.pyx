"""Whether a move may be: speed, bounds and teleports, judged on the server, fifteen times a second for everybody."""

from libc.math cimport INFINITY, sqrt

cdef enum:  # movement.Reason
    SPEED = 1
    BOUNDS = 2
    TELEPORT = 3


cdef class Ground:
    def __init__(self, floor, pace):
        self.x, self.y, self.z = floor.x, floor.y, floor.z
        self.speed, self.stride, self.teleport_every = pace.speed, pace.stride, pace.teleport_every


cdef class Place:
    def __init__(self, int x, int y, int z, double at, Ground ground):
        self.x, self.y, self.z = x, y, z
        self.at = at
        self.left = ground.stride
        self.teleported = -INFINITY

    def step(self, int x, int y, int z, *, bint teleport, double now, Ground ground):
        return self.judge(ground, x, y, z, teleport, now)

    cdef int judge(self, Ground ground, int x, int y, int z, bint teleport, double now) noexcept:
        cdef double dx, dy, dz, way
        if x > ground.x or z > ground.z or y < 0 or y > ground.y:  # x and z are unsigned on the wire
            return BOUNDS
        if teleport:
            if now - self.teleported < ground.teleport_every:
                return TELEPORT
            self.teleported = now
        else:
            dx, dy, dz = x - self.x, y - self.y, z - self.z
            self.left = min(ground.stride, self.left + ground.speed * (now - self.at))
            self.at = now
            way = sqrt(dx * dx + dy * dy + dz * dz)
            if way > self.left:
                return SPEED
            self.left -= way
        self.x, self.y, self.z = x, y, z
        return 0
