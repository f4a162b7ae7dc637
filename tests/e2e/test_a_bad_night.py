"""Somebody misbehaves: reported with a picture, judged, silenced for a while, and every fact of it told once."""

import io
import json
from collections import Counter
from typing import Any

import pytest
from PIL import Image

from clients.python import Client, Refused
from tests.e2e.conftest import Night
from tests.waiting import until

CANARY = "a canary in a report"
A_BAD_NIGHT = ("report_user", "report_review", "report_resolve", "sanction_user", "sanction_lift")
TOLD = f"select name, count(*) as n from events where name in {A_BAD_NIGHT} group by name"


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (64, 48), "crimson").save(written, "PNG")
    return written.getvalue()


async def asked(client: Client, method: str, path: str, body: Any = None, **options: Any) -> Any:
    answer = await client.account.request(method, f"/v1{path}", json=body, **options)
    return answer.json() if answer.content else None


async def test_somebody_is_reported_judged_and_silenced_and_may_speak_again(night: Night) -> None:
    def landed() -> Counter[str]:
        said = night.bar.virtubar("sql", "--json", TOLD)
        return Counter({row["name"]: row["n"] for row in json.loads(said.stdout)} if said.returncode == 0 else {})

    before = landed()
    async with (
        night.guest("ann@example.com") as ann,
        night.guest("bob@example.com") as bob,
        night.guest("max@example.com") as newcomer,
    ):
        assert night.bar.virtubar("role", "grant", "max@example.com", "moderator").returncode == 0
        [room, *_] = (await asked(ann, "GET", "/rooms"))["items"]
        headers = {"content-type": "image/png"}
        evidence = (
            await ann.account.request("POST", "/v1/reports/evidence", content=picture(), headers=headers)
        ).json()
        complaint = {"reported_user_id": str(bob.account.user_id), "room_id": room["id"], "report_type": "harassment"}
        report = await asked(ann, "POST", "/reports", complaint | {"description": CANARY} | evidence)
        assert newcomer.account.user_id
        async with night.guest("max@example.com") as moderator:  # whose token says so
            at = f"/moderation/reports/{report['id']}"
            case = await asked(moderator, "POST", f"{at}/claim")
            assert case["description"] == CANARY
            shown = await moderator.account.request("GET", case["evidence"]["url"])
            assert shown.headers["content-type"] == "image/webp"
            order = {"user_id": str(bob.account.user_id), "kind": "mute", "seconds": 2, "report_id": report["id"]}
            reasons = {"reason_code": "harassment", "statement": "You shouted at people."}
            sanction = await asked(moderator, "POST", "/moderation/sanctions", order | reasons)
            await asked(moderator, "POST", f"{at}/resolve", {"outcome": "sanctioned", "sanction_id": sanction["id"]})
        for client in (ann, bob):
            with pytest.raises(Refused) as no:
                await asked(client, "GET", at)
            assert no.value.status == 403

        async def over() -> bool:
            [mine] = (await asked(bob, "GET", "/sanctions/mine"))["items"]
            assert mine["statement"] == "You shouted at people."
            return bool(mine["state"] == "expired")

        await until(over, within=30)
    await until(lambda: landed() - before == Counter(A_BAD_NIGHT), within=60, every=1)
    verdict = json.loads(night.bar.virtubar("verify", "--json").stdout)
    assert verdict["clean"], verdict["problems"]
    assert CANARY not in night.bar.virtubar("sql", "--json", "select * from events").stdout
