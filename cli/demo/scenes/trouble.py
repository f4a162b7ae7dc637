"""Otto misbehaves in the lounge: somebody has blocked him long ago, somebody reports him, a moderator bans him."""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Final
from uuid import UUID

from cli.demo.facts import Condition, comes_true
from cli.demo.scenes.stage import Stage
from clients.python.events import Said
from clients.python.problems import ClientError, Closed, Refused
from clients.python.safety import Filed, Sanction

RANTS: Final = ("you all dress like curtains", "boo!", "nobody likes you, Ines")
LOOK: Final = 0.2  # seconds between two looks at the case
SOON: Final = 2.0  # seconds: four times what a block may take to hold everywhere
SANCTIONED: Final = 4011  # the socket's close code
BARRED: Final = ("account_suspended", "unauthenticated", "token_expired", "room_banned", "forbidden")
PAUSES: Final = (0.5, 4, 12, 30)
"""Seconds between two tries to sign in: nobody is mailed more than ten codes an hour."""
STATEMENT: Final = "You insulted other guests. Come back when you have slept on it."


class Trouble:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._facts = stage.facts
        cast = stage.cast
        self._otto, self._ines, self._noa, self._maya = cast["Otto"], cast["Ines"], cast["Noa"], cast["Maya"]

    async def play(self) -> None:
        stage, otto = self._stage, self._otto
        await self._noa.client.people.block(otto.id)
        stage.tell("Noa blocks Otto: they have met before")
        await asyncio.sleep(SOON)
        await stage.at(0.12)
        for guest in (self._ines, otto, self._noa):
            await guest.walk_in(guest.client.join, stage.lounge)
            stage.tell(f"{guest} walks into the lounge")
        slots = self._otto.here.welcome, self._noa.here.welcome
        await stage.at(0.35)
        await self._rant()
        report = (await self._report()).id
        await self._facts.comes_true("what Otto said is sealed, for moderators alone", self._is_sealed(report))
        await stage.at(0.48)
        sanction = (await self._judge(report)).id
        self._nobody_saw_whom_they_blocked(*(welcome.slot if welcome else -1 for welcome in slots))
        await self._stay_out()
        await stage.at(0.78)
        await self._forgive(sanction)

    async def _rant(self) -> None:
        for words in RANTS:
            await self._otto.say(words)
            self._stage.tell(f"Otto: “{words}”")
            await asyncio.sleep(0.3)
        heard = lambda: any(isinstance(e, Said) and e.user == self._otto.id for e in self._ines.heard)  # noqa: E731
        await self._facts.comes_true("Ines had to listen to Otto", heard)

    async def _report(self) -> Filed:
        filed = await self._ines.client.safety.report(
            self._otto.id, "harassment", "He insults everybody.", room=self._stage.lounge
        )
        self._stage.tell("Ines reports Otto")
        return filed

    def _is_sealed(self, report: UUID) -> Condition:
        """Whether a moderator reads by now what he said, and knows that it is that."""

        async def is_sealed() -> bool:
            sealed = (await self._maya.client.desk.case(report)).sealed_evidence
            if sealed is None or not sealed.verified or sealed.document is None:
                await asyncio.sleep(LOOK)
                return False
            said = [fact["told"].get("text") for fact in sealed.document["facts"]]
            return all(words in said for words in RANTS)

        return is_sealed

    async def _judge(self, report: UUID) -> Sanction:
        desk, otto = self._maya.client.desk, self._otto
        case = await desk.claim(report)
        self._stage.tell(f"Maya, a moderator, takes the case: “{case.description}”")
        sanction = await desk.sanction(otto.id, "ban", "harassment", STATEMENT, seconds=3600, report_id=report)
        banned = monotonic()
        self._stage.tell("Maya bans Otto for an hour")
        await self._facts.comes_true("Otto is out: his socket was closed", lambda: otto.here.over is not None)
        code = otto.here.over.code if otto.here.over else None
        self._facts.note(
            "… and told why (4011)", code == SANCTIONED, f"{code}, {monotonic() - banned:.2f} s after the ban"
        )
        self._stage.tell("Otto is gone")
        await desk.resolve(report, "sanctioned", sanction.id, "Three witnesses.")
        return sanction

    async def _stay_out(self) -> None:
        otto = self._otto
        await self._facts.comes_true("Otto cannot come back in", self._is_kept_out)
        await comes_true(self._signs_in_to("appeal"))
        reasons = [each.statement async for each in otto.client.safety.sanctions()]
        self._facts.note(
            "Otto may still read why, and do nothing else",
            STATEMENT in reasons and otto.client.account.scope == "appeal",
            f"scope {otto.client.account.scope}",
        )
        self._stage.tell("Otto tries again, and gets to read the reasons")

    async def _is_kept_out(self) -> bool:
        """At the counter, or by the node at the door, whichever has heard of it first."""
        try:
            visit = await self._otto.client.join(self._stage.lounge)
        except Refused as no:
            return no.slug in BARRED
        except Closed as closed:
            return closed.code == SANCTIONED
        visit.close()
        return False

    def _signs_in_to(self, scope: str) -> Condition:
        """Whether a sign-in allows just that by now; identity hears of bans and their ends as everybody does."""
        otto, pauses = self._otto, iter(PAUSES)

        async def signs_in() -> bool:
            with suppress(ClientError, TimeoutError):
                await otto.sign_in_once()
                if otto.client.account.scope == scope:
                    return True
            await asyncio.sleep(next(pauses, PAUSES[-1]))
            return False

        return signs_in

    async def _forgive(self, sanction: UUID) -> None:
        otto = self._otto
        await self._maya.client.desk.withdraw(sanction)
        self._stage.tell("Maya withdraws the ban: everybody has a bad day")
        await self._facts.comes_true("Otto may sign in again", self._signs_in_to("full"))
        await otto.walk_in(otto.client.join, self._stage.lounge)
        await otto.say("sorry, everybody")
        self._stage.tell("Otto is back, and sorry")
        await self._noa.client.people.unblock(otto.id)

    def _nobody_saw_whom_they_blocked(self, ottos: int, noas: int) -> None:
        """In one room the whole time: no name, no word, no step."""
        otto, noa = self._otto, self._noa
        seen = [noa.id in otto.met, otto.id in noa.met, ottos in noa.slots, noas in otto.slots]
        self._facts.note("Noa had blocked Otto: neither ever saw the other", not any(seen))
