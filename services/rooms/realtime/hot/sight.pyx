"""What one viewer sees who does not see everybody: the nearest of a crowd, without those kept from them.

`gather` lays one room out in plain arrays; then each of its sights makes its frame from them. The arrays belong to the
process, not to a room: a tick is never interrupted, so one set of them is enough for any number of rooms.
"""

from cpython.bytearray cimport PyByteArray_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject
from libc.stdint cimport UINT64_MAX, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from services.rooms.realtime.hot.down cimport HEAD, HIDDEN, KEYFRAME, ROOM_IN_FRONT, write_head
from services.rooms.realtime.hot.line cimport Line
from services.rooms.realtime.hot.mover cimport RECORD, Mover
from services.rooms.realtime.hot.nearest cimport lowest
from services.rooms.realtime.hot.place cimport Place
from services.rooms.realtime.hot.stage cimport Stage

cdef enum:
    SLOTS = 65536
    FAR = 16  # whoever is in view counts as a fifth nearer (squared: 10 of 16), or people at the edge would flicker
    FAR_IN_VIEW = 10

cdef int people = 0  # in view of the room gathered last
cdef PyObject* who[SLOTS]  # borrowed: their stage holds them
cdef uint16_t slots[SLOTS]
cdef int64_t xs[SLOTS]
cdef int64_t ys[SLOTS]
cdef int64_t zs[SLOTS]
cdef bint moved_now[SLOTS]
cdef int place_of[SLOTS]  # by slot: where in these arrays, from 1
cdef uint64_t known_to[SLOTS]  # by slot: the mark of the frame in the making whose viewer knows it
cdef uint64_t mark = 0
cdef uint64_t chosen[SLOTS]
cdef uint8_t frame[ROOM_IN_FRONT + HEAD + RECORD * SLOTS + 2 + 2 * SLOTS]


def gather(Stage stage not None, list moved not None):
    global people
    cdef Mover mover
    cdef int i
    for i in range(people):
        place_of[slots[i]] = 0
    people = 0
    for mover in stage.shown.values():
        who[people] = <PyObject*>mover
        slots[people] = mover.slot
        xs[people], ys[people], zs[people] = mover.place.x, mover.place.y, mover.place.z
        moved_now[people] = False
        people += 1
        place_of[mover.slot] = people
    for mover in moved:
        moved_now[place_of[mover.slot] - 1] = True


cdef class Sight:
    def __init__(self, Line line not None):
        self._line, self._viewer = line, line.member
        self.blind = set()

    def __dealloc__(self):
        PyMem_Free(self._seen)

    def knows(self, Stage stage not None, list gone not None):
        cdef Mover mover
        cdef int count = 0
        for mover in (*stage.shown.values(), *gone):
            if mover.entered + 1 < stage.round:  # else it has only just come in
                chosen[count] = mover.slot
                count += 1
        self._reserve(count)
        for i in range(count):
            self._seen[i] = <uint16_t>chosen[i]
        self._count = count

    cdef bytearray _frame(self, uint32_t tick, int nearest, bint keyframe, bint look):
        global mark
        cdef int i, n, count, records = 0, hidden = 0
        cdef uint8_t* at = frame + ROOM_IN_FRONT + HEAD
        cdef uint8_t* counted
        mark += 2
        for i in range(self._count):
            known_to[self._seen[i]] = mark
        count = self._choose(nearest) if look or keyframe else self._stay()
        for i in range(count):
            n = chosen[i] & 0xFFFF
            if keyframe or moved_now[n] or known_to[slots[n]] != mark:
                memcpy(at, (<Mover>who[n]).record, RECORD)
                at += RECORD
                records += 1
            known_to[slots[n]] = mark + 1
        counted = at
        at += 2
        for i in range(self._count):
            if known_to[self._seen[i]] == mark:
                at[0], at[1] = self._seen[i] & 0xFF, self._seen[i] >> 8
                at += 2
                hidden += 1
        self._remember(count)
        if not (records or hidden or keyframe):
            return None
        if hidden:
            counted[0], counted[1] = hidden & 0xFF, hidden >> 8
        else:
            at = counted
        write_head(frame + ROOM_IN_FRONT, (KEYFRAME if keyframe else 0) | (HIDDEN if hidden else 0), records, tick)
        return PyByteArray_FromStringAndSize(<char*>frame, at - frame)

    cdef int _choose(self, int nearest) except -1:
        cdef int i, n = 0
        cdef uint64_t key, edge = self._edge(nearest)
        cdef PyObject* viewer = <PyObject*>self._viewer
        cdef bint sees_all = not self.blind
        for i in range(people):
            if who[i] == viewer or not (sees_all or <object>who[i] not in self.blind):
                continue
            key = self._key(i)
            if key <= edge:
                chosen[n] = key
                n += 1
        if n > nearest:
            lowest(chosen, n, nearest)
            n = nearest
        return n

    cdef uint64_t _edge(self, int nearest) except? 0:
        """No key above it is among the nearest: as many as may be seen are in view, and have lower ones."""
        cdef int i, at
        cdef uint64_t edge = 0
        if self._count < nearest:
            return UINT64_MAX
        for i in range(self._count):
            at = place_of[self._seen[i]] - 1
            if at < 0 or <object>who[at] in self.blind:
                return UINT64_MAX
            edge = max(edge, self._key(at))
        return edge

    cdef uint64_t _key(self, int i) noexcept:
        """What orders them: the square of how far they are, and no two are alike."""
        cdef Place mine = self._viewer.place
        cdef int64_t dx = xs[i] - mine.x, dy = ys[i] - mine.y, dz = zs[i] - mine.z
        cdef uint64_t away = dx * dx + dy * dy + dz * dz
        return away * (FAR_IN_VIEW if known_to[slots[i]] == mark else FAR) << 16 | i

    cdef int _stay(self) noexcept:
        cdef int i, n = 0
        for i in range(self._count):
            if place_of[self._seen[i]]:
                chosen[n] = place_of[self._seen[i]] - 1
                n += 1
        return n

    cdef _remember(self, int count):
        cdef int i
        self._reserve(count)
        for i in range(count):
            self._seen[i] = slots[chosen[i] & 0xFFFF]
        self._count = count

    cdef _reserve(self, int count):
        if count > self._room:
            grown = <uint16_t*>PyMem_Realloc(self._seen, count * sizeof(uint16_t))
            if grown == NULL:
                raise MemoryError
            self._seen, self._room = grown, count


def show_own(sights, uint32_t tick, int nearest, int look_every, set owed not None):
    cdef list late = []
    cdef Sight sight
    cdef bytearray frame
    cdef bint look
    for sight in sights:
        if sight._line.stalled_since is not None:
            late.append(sight._line)
            continue
        look = (tick + sight._viewer.slot) % look_every == 0  # not all of them in the same tick
        frame = sight._frame(tick, nearest, sight._line in owed, look)
        if frame is not None and not sight._line.show(frame):
            late.append(sight._line)
    return late
