"""Dana has a table of her own: friends come by invite, get drinks, talk, and keep some order."""

import asyncio
from contextlib import suppress
from typing import Final
from uuid import UUID

from cli.demo.facts import PATIENCE, comes_true
from cli.demo.regular import Regular
from cli.demo.scenes.stage import Stage, refused
from clients.python import ClientError
from clients.python.counter import Bought, Item
from clients.python.events import Emoted, Gifted, Said

NONSENSE: Final = "and that is why penguins cannot whistle"
SIGH: Final = 0.6  # seconds
MOST_SIGHS: Final = 8  # well within the limit of emotes
CLEARING_UP: Final = 5.0  # seconds at most
MOONWALK: Final = "emote-moonwalk"
SORRY: Final = "all right, no more penguins"


class Table:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._facts = stage.facts
        cast = stage.cast
        self._dana, self._rui, self._kofi, self._bea = cast["Dana"], cast["Rui"], cast["Kofi"], cast["Bea"]
        self._special: UUID | None = None
        self._room: UUID | None = None

    async def play(self) -> None:
        try:
            await self._evening()
        finally:
            await self._clear_up()

    async def _evening(self) -> None:
        stage = self._stage
        await stage.at(0.10)
        special = await self._put_on_the_menu()
        await self._open_a_table()
        await stage.at(0.28)
        await self._make_friends()
        await stage.at(0.40)
        await self._drink(special)
        await stage.at(0.50)
        await self._talk()
        await stage.at(0.62)
        await self._keep_order()
        await stage.at(0.75)
        await self._move_on(special)

    async def _put_on_the_menu(self) -> Item:
        sku = f"drink-midnight-fizz-{self._stage.party}"
        special = await self._bea.client.counter.enlist(sku, "drink", "Midnight Fizz", 400, glass="coupe", strength=3)
        self._special = special.id
        self._stage.tell("Bea puts a Midnight Fizz on the menu, for tonight, at 4.00")
        await self._bea.client.counter.credit(self._dana.id, 1000, f"demo-{self._stage.party}")
        self._stage.tell("Bea pays 10.00 into Dana's wallet: she won the quiz last week")
        return special

    async def _open_a_table(self) -> None:
        dana = self._dana
        room = await dana.client.hosting.open("Corner Table", "lounge", private=True, capacity=6)
        self._room = room.id
        visit = await dana.walk_in(dana.client.join, room.id)
        self._stage.evening.floors[visit.room_id].name = "Corner Table"
        self._stage.tell("Dana opens a table of her own, for invited guests alone")
        uninvited = await refused(lambda: self._rui.client.join(room.id), "room_private")
        self._facts.note("nobody walks up to Dana's private table uninvited", uninvited)
        for friend in (self._rui, self._kofi):
            invite = await dana.client.hosting.invite(room.id, friend.id)
            await friend.walk_in(friend.client.accept, invite.token)
            self._stage.tell(f"{friend} comes to Dana's table, by invite")

    async def _make_friends(self) -> None:
        dana, rui, kofi = self._dana, self._rui, self._kofi
        await dana.client.people.open(rui.id)
        self._stage.tell("Dana looks at Rui's profile")
        await dana.client.people.befriend(rui.id)
        status = await rui.client.people.befriend(dana.id)
        self._stage.tell("Dana and Rui are friends now")
        self._facts.note("Dana asked, Rui said yes: they are friends", status == "accepted", status)
        await kofi.client.people.befriend(dana.id)
        await dana.client.people.unfriend(kofi.id)
        self._stage.tell("Kofi would like to be Dana's friend; she would rather not")

    async def _drink(self, special: Item) -> None:
        dana, rui = self._dana, self._rui
        before = await dana.client.counter.balance()
        once, twice = await asyncio.gather(*(self._give_with_one_key(special) for _ in range(2)))
        self._stage.tell("Dana buys Rui a Midnight Fizz")
        arrived = lambda: any(isinstance(e, Gifted) and e.giver == dana.id and e.to == rui.id for e in rui.heard)  # noqa: E731
        await self._facts.comes_true("Rui saw Dana's gift arrive in the room", arrived)
        paid = before - await dana.client.counter.balance()
        self._facts.note(
            "Dana pressed the button twice and paid once",
            once.id == twice.id and paid == special.price_cents,
            f"{paid / 100:.2f} for one drink",
        )
        ties = [item async for item in rui.client.counter.menu("cosmetic") if item.sku == "cosmetic-bow-tie"]
        if ties:
            await rui.client.counter.buy(ties[0])
            self._stage.tell("Rui buys himself a bow tie")
        await rui.show("toast")
        toasted = lambda: any(isinstance(e, Emoted) and e.user == rui.id for e in dana.heard)  # noqa: E731
        await self._facts.comes_true("Dana saw Rui raise his glass", toasted)
        await self._learn_to_moonwalk()

    async def _learn_to_moonwalk(self) -> None:
        dana, rui = self._dana, self._rui
        lessons = [item async for item in rui.client.counter.menu("emote") if item.sku == MOONWALK]
        if not lessons:
            return

        async def cannot() -> bool:
            return await refused(lambda: rui.here.emote(MOONWALK, within=PATIENCE), "not_owned")

        async def can() -> bool:
            return not await cannot()

        self._facts.note("Rui could not show a moonwalk he had not bought", await cannot())
        await rui.client.counter.buy(lessons[0])
        self._stage.tell("Rui buys himself a moonwalk")
        await self._facts.comes_true("Rui could show his moonwalk once it was his", can)
        seen = lambda: any(isinstance(e, Emoted) and (e.user, e.emote) == (rui.id, MOONWALK) for e in dana.heard)  # noqa: E731
        await self._facts.comes_true("Dana saw Rui's moonwalk", seen)

    async def _give_with_one_key(self, special: Item) -> Bought:
        return await self._dana.client.counter.give(special, self._rui.id, key=f"fizz-{self._stage.party}")

    async def _talk(self) -> None:
        dana, rui, kofi = self._dana, self._rui, self._kofi
        await rui.here.speak(True, within=PATIENCE)
        self._stage.tell("Rui opens his microphone and tells a story")
        speaks = lambda: (me := dana.here.roster.people.get(rui.id)) is not None and me.publishing  # noqa: E731
        await self._facts.comes_true("Dana saw that Rui spoke", speaks)
        await rui.client.people.mute(kofi.id)
        self._stage.tell("Rui does not want to hear Kofi for a while; Kofi is not told")
        await self._hushed()
        await kofi.say(NONSENSE)
        await self._facts.comes_true("Dana still heard Kofi", lambda: NONSENSE in _words(dana))
        await rui.client.people.unmute(kofi.id)
        await self._facts.comes_true("Rui hears Kofi again", self._sorry)
        self._facts.note("Rui heard nothing of Kofi while he had muted him", NONSENSE not in _words(rui))

    async def _hushed(self) -> None:
        """The mute holds once Rui misses something that Dana heard: within half a second, on a good day."""
        for number in range(MOST_SIGHS):
            await asyncio.sleep(SIGH)
            sigh = f"h{'m' * (number + 2)}"
            await self._kofi.say(sigh)
            await comes_true(lambda: sigh in _words(self._dana))  # noqa: B023  awaited here
            await self._rui.show("nod")  # what Rui was told before has reached him by now
            if sigh not in _words(self._rui):
                return

    async def _sorry(self) -> bool:
        await asyncio.sleep(SIGH)
        await self._kofi.say(SORRY)
        await comes_true(lambda: SORRY in _words(self._dana))
        await self._rui.show("thumbs-up")
        return SORRY in _words(self._rui)

    async def _keep_order(self) -> None:
        dana, kofi = self._dana, self._kofi
        await dana.client.hosting.mute(dana.room, kofi.id, seconds=60)
        self._stage.tell("Dana, the host, silences Kofi at her table")
        silenced = lambda: refused(lambda: kofi.here.chat("but", within=PATIENCE), "muted")  # noqa: E731
        await self._facts.comes_true("whom the host silences is silent", silenced)
        await dana.client.hosting.unmute(dana.room, kofi.id)
        await dana.client.hosting.change(dana.room, name="Corner Table, late")
        self._stage.evening.floors[dana.room].name = "Corner Table, late"
        await self._rui.here.speak(False, within=PATIENCE)
        self._stage.tell("Rui's story is over, and Kofi may speak again")

    async def _move_on(self, special: Item) -> None:
        dana, rui, kofi = self._dana, self._rui, self._kofi
        await dana.client.hosting.close(dana.room)
        self._stage.tell("Dana closes her table")
        out = lambda: all(each.here.over is not None for each in (dana, rui, kofi))  # noqa: E731
        await self._facts.comes_true("everybody was out when Dana's table closed", out)
        await dana.walk_in(dana.client.join, self._stage.lounge)
        visit = await rui.walk_in(rui.client.find, language="en")
        floor = self._stage.evening.floors[visit.room_id]
        self._stage.tell(f"the bar finds Rui a place: {floor.name} ({', '.join(visit.reasons) or 'as good as any'})")
        await self._bea.client.counter.retire(special.id)
        self._stage.tell("the Midnight Fizz is off the menu again")
        late = await refused(lambda: rui.client.counter.buy(special), "item_retired")
        self._facts.note("who comes late gets no Midnight Fizz", late)
        await dana.client.people.unfriend(rui.id)

    async def _clear_up(self) -> None:
        """Also where the evening ends early: what was for tonight goes, and nobody waits long for it."""
        with suppress(ClientError, TimeoutError):
            async with asyncio.timeout(CLEARING_UP):
                if self._special:
                    await self._bea.client.counter.retire(self._special)
                if self._room:
                    await self._dana.client.hosting.close(self._room)


def _words(regular: Regular) -> list[str]:
    return [event.text for event in regular.heard if isinstance(event, Said)]
