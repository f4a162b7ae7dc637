"""The half of a socket that is in a hurry: transforms in, transforms out, floods. All else goes up to its subclass."""

from libc.math cimport INFINITY
from libc.stdio cimport snprintf
from libc.string cimport memcmp, memcpy
from posix.time cimport CLOCK_MONOTONIC, CLOCK_REALTIME, clock_gettime, timespec

from picows.picows cimport WSFrame, WSListener, WSMsgType, WSTransport

from services.rooms.realtime.codes import Code
from services.rooms.realtime.hot.down cimport ROOM_IN_FRONT
from services.rooms.realtime.hot.mover cimport Mover
from services.rooms.realtime.hot.stage cimport Stage

cdef enum:
    UP = 1
    PING_BYTES = 16
    MOST_DIGITS = 15
    FLOOD_SECONDS = 4  # of frames may come at once, after a hiccup of the network

cdef double CORRECTION_SECONDS = 0.05  # between two corrections


cdef const char* PING = b'{"t":"ping","n":'
cdef const char* PONG = b'{"t":"pong","n":%.*s,"server_ms":%lld}'


cdef inline double seconds_of(int clock) noexcept:
    cdef timespec now
    clock_gettime(clock, &now)
    return now.tv_sec + now.tv_nsec * 1e-9


cdef inline double monotonic() noexcept:
    return seconds_of(CLOCK_MONOTONIC)  # what time.monotonic() reads


cdef inline double epoch() noexcept:
    return seconds_of(CLOCK_REALTIME)


cdef class Line(WSListener):
    def __init__(self, house, double frames_per_second, double moves_per_second):
        self.house = house
        self._frames_per_second = frames_per_second
        self._moves_per_second = moves_per_second
        self.authorised_until = INFINITY

    # frames in

    cpdef on_ws_connected(self, WSTransport transport):
        self.transport = transport
        transport.request = transport.response = None  # their headers: a sixth of what a silent socket costs
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
            if frame.msg_type == WSMsgType.TEXT and frame.fin and self._pinged(frame):
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

    cdef bint _pinged(self, WSFrame frame) except -1:
        # All that most sockets say most of the time, if it is written as everybody writes it; else it is a command
        # like any other.
        cdef Py_ssize_t digits = frame.payload_size - PING_BYTES - 1, i
        cdef const char* said = frame.payload_ptr
        cdef char pong[64]
        if self.member is None or self.stalled_since is not None or not 0 < digits <= MOST_DIGITS:
            return False
        if memcmp(said, PING, PING_BYTES) or said[frame.payload_size - 1] != b"}":
            return False
        if digits > 1 and said[PING_BYTES] == b"0":
            return False  # no number of JSON's
        for i in range(PING_BYTES, frame.payload_size - 1):
            if not b"0" <= said[i] <= b"9":
                return False
        self.heard()
        size = snprintf(pong, sizeof(pong), PONG, <int>digits, said + PING_BYTES, <long long>(epoch() * 1000))
        self.transport.send(WSMsgType.TEXT, pong[:size])
        return True

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

    cdef _pass(self, double seconds):
        self._frames = max(min(self._frames, 0), self._frames - seconds * self._frames_per_second)
        self._moves = max(0, self._moves - seconds * self._moves_per_second)
        if self._holds and self.member is not None:
            self._step(self._held, monotonic())

    def take_judged(self):
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


def pass_seconds(sockets, double seconds, double now):
    cdef list found = []
    cdef Line line
    cdef bint waits
    for line in sockets:
        line._pass(seconds)
        waits = line.unconfirmed is not None or line.stalled_since is not None
        if waits or line._judged or now > line.authorised_until:
            found.append(line)
    return found


def silent(movers, double since):
    cdef Mover mover
    return [mover for mover in movers if mover.heard < since]
