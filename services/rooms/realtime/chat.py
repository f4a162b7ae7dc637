"""Chat and emotes: done once however often they are sent, heard in one order by everybody they may reach."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from time import time
from typing import Final
from uuid import UUID, uuid4

from libs.safety.surface import Surface
from services.rooms.realtime import messages
from services.rooms.realtime.commands import Chat, Cid, Emote, Redact
from services.rooms.realtime.emotes import Emotes, is_sku
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.limits import Limits
from services.rooms.realtime.messages import Ack, Problem, problem
from services.rooms.realtime.room import Member
from services.rooms.realtime.socket import Socket

REMEMBERED: Final = 256  # command ids per visit


def presentable(text: str, longest: int) -> bool:
    """Something to see, not too long, and no control characters but the line's end."""
    return len(text.strip()) > 0 and len(text) <= longest and all((c >= " " and c != "\x7f") or c == "\n" for c in text)


class Conversation:
    """`longest` counts characters."""

    def __init__(self, limits: Limits, longest: int, may_speak: Callable[[UUID, UUID], bool], emotes: Emotes) -> None:
        """`may_speak(user, room)`, at this moment."""
        self._limits = limits
        self._emotes = emotes
        self._longest = longest
        self._may_speak = may_speak

    def chat(self, hall: Hall, member: Member, socket: Socket, command: Chat) -> None:
        answer = self._said(hall, member, command)
        socket.tell(messages.encode(answer))

    def redact(self, hall: Hall, member: Member, socket: Socket, command: Redact) -> None:
        socket.tell(messages.encode(self._redacted(hall, member, command)))

    def emote(self, hall: Hall, member: Member, socket: Socket, command: Emote) -> None:
        socket.tell(messages.encode(self._shown(hall, member, command)))

    def _shown(self, hall: Hall, member: Member, command: Emote) -> Ack | Problem:
        user = member.guest.user
        if (offset := member.answered.get(command.cid)) is not None:
            return Ack(command.cid, offset)
        if not self._emotes.has(member.guest, command.emote):
            return problem("not_owned" if is_sku(command.emote) else "invalid", "That is not yours.", command.cid)
        if not self._may_speak(user, hall.room.room_id):
            return problem("muted", "You are muted here.", command.cid)
        if wait := self._limits.take(user, "emote", time()):
            return problem("rate_limited", "Not so fast.", command.cid, retry_ms=wait)
        shown = hall.room.emote(member, command.emote)
        remember(member.answered, command.cid, shown.offset)
        hall.tell(shown, Surface.EMOTE, user, cid=command.cid)
        return Ack(command.cid, shown.offset)

    def _redacted(self, hall: Hall, member: Member, command: Redact) -> Ack | Problem:
        user = member.guest.user
        if (offset := member.answered.get(command.cid)) is not None:
            return Ack(command.cid, offset)
        if wait := self._limits.take(user, "order", time()):
            return problem("rate_limited", "Not so fast.", command.cid, retry_ms=wait)
        entry = hall.lane.chat(command.id)
        if entry is None or user in entry.deaf:
            return problem("not_found", "There is no such message, or no longer.", command.cid)
        if user not in (entry.about[0], hall.host) and not member.guest.moderator:
            return problem("not_host", "This is for its author, the host and moderators.", command.cid)
        offset = hall.redact(entry)
        remember(member.answered, command.cid, offset)
        return Ack(command.cid, offset)

    def _said(self, hall: Hall, member: Member, command: Chat) -> Ack | Problem:
        if (offset := member.answered.get(command.cid)) is not None:
            return Ack(command.cid, offset)
        if not presentable(command.text, self._longest):
            return problem("invalid", f"Say 1 to {self._longest} characters.", command.cid)
        if not self._may_speak(member.guest.user, hall.room.room_id):
            return problem("muted", "You are muted here.", command.cid)
        if wait := self._limits.take(member.guest.user, "chat", time()):
            return problem("rate_limited", "Not so fast.", command.cid, retry_ms=wait)
        said = hall.room.say(member, uuid4(), command.text, datetime.now(UTC))
        remember(member.answered, command.cid, said.offset)
        hall.tell(said, Surface.CHAT, member.guest.user, chat=said.id, cid=command.cid)
        return Ack(command.cid, said.offset)


def remember(answered: OrderedDict[Cid, int | None], cid: Cid, offset: int | None) -> None:
    """Keep the newest answers of a visit."""
    answered[cid] = offset
    if len(answered) > REMEMBERED:
        answered.popitem(last=False)
