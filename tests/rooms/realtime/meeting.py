"""Three people in one room on real sockets, and what one of them does on each surface: does it reach the other?

Each deed ends with something that reaches everybody and comes later, so that what has not come by then never will.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

import httpx2

from clients.python import Refused, Visit
from clients.python.events import Away, Back, Emoted, Event, Gifted, Said, VoiceSignalled, VoiceTurned
from clients.python.frames import Down
from libs.contracts.inventory import ItemGift
from libs.safety.surface import Surface
from tests.rooms.realtime.bar import Bar
from tests.rooms.realtime.others import Others
from tests.waiting import until

WITHIN: Final = 30  # seconds


@dataclass
class Meeting:
    """`friend` is everybody's, and minds nobody."""

    bar: Bar
    others: Others
    room: UUID
    visits: dict[UUID, Visit]
    friend: UUID

    def heard(self, user: UUID, *kinds: type) -> list[Any]:
        return self.bar.events(self.visits[user], *kinds)

    async def settled(self) -> None:
        """Whatever was told so far has come to everybody."""
        done = await self.visits[self.friend].chat(uuid4().hex)
        await until(
            lambda: all(done.offset in [said.offset for said in self.heard(user, Said)] for user in self.visits)
        )

    async def told(self, other: UUID, deed: Callable[[], Awaitable[Any]], is_it: Callable[[Event], bool]) -> bool:
        """Whether the other one hears of a deed."""
        before = len(self.bar.heard[other])
        try:
            await deed()
        except Refused as no:
            if no.slug not in ("muted", "not_found"):
                raise
        await self.settled()
        return any(is_it(event) for event in self.bar.heard[other][before:])

    async def ask(self, user: UUID, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await self.bar.http.request(method, f"/v1{path}", json=body, headers=self.bar.issuer.headers(user))


Deed = Callable[[Meeting, UUID, UUID], Awaitable[bool]]


async def moves(here: Meeting, one: UUID, other: UUID) -> bool:
    before = len(here.bar.heard[other])
    slot = await _step(here, one, here.friend)
    await _step(here, here.friend, other)  # in the same tick, or a later one
    shown = [down for down in here.bar.heard[other][before:] if isinstance(down, Down)]
    return any(record.slot == slot for down in shown for record in down.records)


async def _step(here: Meeting, user: UUID, witness: UUID) -> int:
    """The slot of whoever has taken a step that the witness saw."""
    place = here.visits[user].roster.me
    assert place
    to = place.x + (20 if place.x < 1200 else -20)
    here.visits[user].move(to, 0, place.z)
    await until(lambda: here.visits[witness].roster.people[user].x == to)
    return place.slot


async def comes_and_goes(here: Meeting, one: UUID, other: UUID) -> bool:
    visit = here.visits[one]

    async def deed() -> None:
        back, before = len(here.heard(here.friend, Back)), visit.welcome
        visit.cut()
        await until(lambda: visit.welcome is not before and len(here.heard(here.friend, Back)) > back)

    return await here.told(other, deed, lambda event: isinstance(event, Away | Back) and event.user == one)


async def chats(here: Meeting, one: UUID, other: UUID) -> bool:
    def heard(event: Event) -> bool:
        return isinstance(event, Said) and event.user == one

    return await here.told(other, lambda: here.visits[one].chat("hello"), heard)


async def waves(here: Meeting, one: UUID, other: UUID) -> bool:
    def seen(event: Event) -> bool:
        return isinstance(event, Emoted) and event.user == one

    return await here.told(other, lambda: here.visits[one].emote("wave"), seen)


async def speaks(here: Meeting, one: UUID, other: UUID) -> bool:
    """A microphone is opened, and an offer made: the other one hears of both, or of neither."""
    visit = here.visits[one]
    turned = await here.told(
        other, lambda: visit.speak(True), lambda event: isinstance(event, VoiceTurned) and event.user == one
    )
    offered = await here.told(
        other,
        lambda: visit.signal(other, "offer", {"sdp": "v=0"}),
        lambda event: isinstance(event, VoiceSignalled) and event.sender == one,
    )
    await visit.speak(False)
    assert turned == offered
    return turned


async def gives(here: Meeting, one: UUID, other: UUID) -> bool:
    before = [len(here.heard(user, Gifted)) for user in (other, here.friend)]
    for to in (other, here.friend):  # of one giver, so in this order
        await here.others.say(ItemGift(user_id=one, to_user_id=to, item_id=uuid4(), sku="drink-lager", type="drink"))
    await until(
        lambda: any(gift.to == here.friend for gift in here.heard(here.friend, Gifted)[before[1] :]), within=WITHIN
    )
    await here.settled()
    return any(gift.giver == one and gift.to == other for gift in here.heard(other, Gifted)[before[0] :])


async def is_in_the_roster(here: Meeting, one: UUID, other: UUID) -> bool:
    return one in here.visits[other].roster.people


async def is_in_the_list(here: Meeting, one: UUID, other: UUID) -> bool:
    answer = await here.ask(other, "GET", f"/rooms/{here.room}/members")
    listed = {item["user_id"] for item in answer.json()["items"]}
    assert str(here.friend) in listed
    return str(one) in listed


async def is_present(here: Meeting, one: UUID, other: UUID) -> bool:
    async def online(asking: UUID) -> bool:
        answer = await here.ask(asking, "GET", f"/presence?ids={one}")
        return bool(answer.json()["items"][0]["online"])

    await until(lambda: online(here.friend), within=WITHIN)
    return await online(other)


async def attracts(here: Meeting, one: UUID, other: UUID) -> bool:
    """The two share an interest, which nobody else there has."""
    answer = await here.ask(other, "POST", "/matchmaking/join", {"device_type": "web"})
    assert answer.json()["room_id"] == str(here.room), answer.text
    return "shared_interests" in answer.json()["reasons"]


async def invites(here: Meeting, one: UUID, other: UUID) -> bool:
    answer = await here.ask(one, "POST", f"/rooms/{here.room}/invites", {"user_id": str(other)})
    assert answer.status_code in (201, 404), answer.text
    return answer.status_code == 201


DEEDS: Final[dict[Surface, Deed]] = {
    Surface.CHAT: chats,
    Surface.EMOTE: waves,
    Surface.TRANSFORM: moves,
    Surface.JOIN: comes_and_goes,
    Surface.VOICE: speaks,
    Surface.GIFT: gives,
    Surface.ROSTER: is_in_the_roster,
    Surface.MEMBER_LIST: is_in_the_list,
    Surface.PRESENCE: is_present,
    Surface.MATCHMAKING: attracts,
    Surface.INVITE: invites,
}
ELSEWHERE: Final = {
    Surface.CARD, Surface.CARD_DETAILS, Surface.SEARCH, Surface.PROFILE_OPEN, Surface.FRIEND_REQUEST, Surface.REPORT,
}  # fmt: skip
"""Where no room is concerned: social's, and moderation's."""
