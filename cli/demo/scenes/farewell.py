"""Lena has had a lovely evening, and would like to be forgotten."""

from cli.demo.scenes.stage import Stage, refused


class Farewell:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._lena, self._ines = stage.cast["Lena"], stage.cast["Ines"]

    async def play(self) -> None:
        stage, lena, facts = self._stage, self._lena, self._stage.facts
        await stage.at(0.2)
        await lena.walk_in(lena.client.find, theme="dance")
        stage.tell("Lena goes dancing")
        await lena.say("this is my last night here")
        await self._ines.client.people.open(lena.id)
        await stage.at(0.55)
        receipt = await lena.try_to(lena.client.account.erase)
        stage.tell("Lena asks to be forgotten")

        async def is_done() -> bool:
            erasure = await lena.try_to(lambda: lena.client.account.erasure(receipt))
            return bool(erasure.status == "done")

        took = await facts.comes_true("Lena is forgotten: every service signed for it", is_done)
        stage.tell(f"every service has forgotten Lena, {took:.1f} s after she asked")
        await facts.comes_true("Lena's socket was closed", lambda: lena.here.over is not None)
        gone = lambda: refused(lambda: self._ines.client.people.card(lena.id), "not_found")  # noqa: E731
        await facts.comes_true("nobody finds Lena's profile any more", gone)
