"""The half of a socket that is in a hurry: transforms in, transforms out, floods. All else goes up to its subclass."""

from libc.string cimport memcpy
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from picows.picows cimport WSFrame, WSListener, WSMsgType, WSTransport

from services.rooms.realtime.codes import Code
from services.rooms.realtime.hot.down cimport ROOM_IN_FRONT
from services.rooms.realtime.hot.mover cimport Mover
from services.rooms.realtime.hot.stage cimport Stage

cdef enum:
    UP = 1
    FLOOD_SECONDS = 4  # of frames may come at once, after a hiccup of the network

cdef double CORRECTION_SECONDS = 0.05  # between two corrections


cdef inline double monotonic() noexcept:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)  # what time.monotonic() reads
    return now.tv_sec + now.tv_nsec * 1e-9


cdef class Line(WSListener):
    def __init__(self, house, double frames_per_second, double moves_per_second):
        self.house = house
        self._frames_per_second = frames_per_second
        self._moves_per_second = moves_per_second

    # frames in

    cpdef on_ws_connected(self, WSTransport transport):
        self.transport = transport
        self.connected()

    cpdef on_ws_frame(self, WSTransport transport, WSFrame frame):
        if not self.closing:
            self._frames += 1
            if self._frames > self._frames_per_second * FLOOD_SECONDS:
                self.close(Code.FLOOD, "flood")
                return
            if frame.msg_type == WSMsgType.BINARY and frame.fin:
                self._moved(frame)
                return
        self.received(frame)

    cdef _moved(self, WSFrame frame):
        cdef const uint8_t* up = <const uint8_t*>frame.payload_ptr
        if frame.payload_size != UP_BYTES or up[0] != UP:
            self.close(Code.PROTOCOL, "not a transform")
        elif self.member is not None:  # else sent before the welcome; the next one will do
            self.heard()
            if self._moves < self._moves_per_second:
                self._step(up, self.member.heard)
            else:
                memcpy(self._held, up, UP_BYTES)  # taken when it is time: else a client in a hurry would stop short
                self._holds = True

    cpdef heard(self):
        if self.member is not None:
            self.member.heard = monotonic()
            if self.member.away:
                self.house.returned(self)

    cdef _step(self, const uint8_t* up, double now):
        cdef int reason
        self._moves += 1
        self._judged += 1
        self._holds = False
        reason = self._stage.step(self.member, up, now)
        if reason and now - self._corrected_at > CORRECTION_SECONDS:
            self._corrected_at = now
            self.correct(reason)

    # frames out

    cpdef bint show(self, bytearray frame):
        if self.stalled_since is not None:
            return False
        self.transport.send_reuse_external_bytearray(WSMsgType.BINARY, frame, ROOM_IN_FRONT)
        return True

    # its life

    def enter(self, Mover member not None, Stage stage not None):
        self.member, self._stage = member, stage

    def pass_seconds(self, double seconds):
        self._frames = max(min(self._frames, 0), self._frames - seconds * self._frames_per_second)
        self._moves = max(0, self._moves - seconds * self._moves_per_second)
        if self._holds and self.member is not None:
            self._step(self._held, monotonic())
        judged, self._judged = self._judged, 0
        return judged

    def pardon(self, double seconds):
        self._frames -= seconds * self._frames_per_second


def deliver(sockets, bytearray frame not None):
    cdef list late = []
    cdef Line line
    for line in sockets:
        if not line.show(frame):
            late.append(line)
    return late
