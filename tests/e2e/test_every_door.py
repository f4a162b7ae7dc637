"""Who may knock where: every operation of the API's document, by people who may not.

An operation that is added is asked here too; one that anybody may use has to be added to a list below.
"""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx2

from clients.python import Client
from deploy.gateway.gather import FILE
from tests.e2e.conftest import Night
from tests.waiting import until

PROBLEM = "https://virtubar.dev/problems/"
FOR_THE_SUSPENDED = {
    ("GET", "/v1/sanctions/mine"),
    ("POST", "/v1/sanctions/{sanction_id}/appeals"),
    ("DELETE", "/v1/me"),
}
FOR_OPERATORS = {
    ("POST", "/v1/items"),
    ("DELETE", "/v1/items/{item_id}"),
    ("POST", "/v1/wallets/{user_id}/credits"),
    ("PUT", "/v1/users/{user_id}/roles/{role}"),
    ("DELETE", "/v1/users/{user_id}/roles/{role}"),
}
Operation = tuple[str, str]


def behind_a_token() -> Iterator[Operation]:
    for path, operations in json.loads(FILE.read_text())["paths"].items():
        for method, operation in operations.items():
            if operation.get("security"):
                yield method.upper(), path


def for_moderators(operation: Operation) -> bool:
    return operation[1].startswith("/v1/moderation/")


async def refused(http: httpx2.AsyncClient, operation: Operation, token: str | None) -> tuple[int, str]:
    """How it is answered: the status, and the problem's slug."""
    method, path = operation
    at = path.replace("{role}", "operator").replace("{token}", "x").replace("{", "").replace("}", "")
    for parameter in ("user_id", "item_id", "room_id", "report_id", "sanction_id", "appeal_id", "session_id"):
        at = at.replace(parameter, str(uuid4()))
    headers = {"authorization": f"Bearer {token}"} if token else {}
    body: Any = {} if method in ("POST", "PUT", "PATCH") else None
    answer = await http.request(method, at, headers=headers, json=body)
    assert answer.headers.get("content-type") == "application/problem+json", (operation, answer.text)
    return answer.status_code, answer.json()["type"].removeprefix(PROBLEM)


async def suspended(night: Night, http: httpx2.AsyncClient) -> str:
    """What somebody gets who signs in while they are suspended: a token for appeals."""
    async with night.guest("mia@example.com"), night.guest("sid@example.com") as sid:
        user = str(sid.account.user_id)
        assert night.bar.virtubar("role", "grant", "mia@example.com", "moderator").returncode == 0
    order = {"user_id": user, "kind": "suspend", "seconds": 3600, "reason_code": "other", "statement": "For a test."}
    async with night.guest("mia@example.com") as mia:
        await mia.account.request("POST", "/v1/moderation/sanctions", json=order)

    async def out() -> bool:
        return await refused(http, ("GET", "/v1/me"), await sid.account.token()) == (401, "unauthenticated")

    await until(out, within=30)
    async with night.guest("sid@example.com") as again:
        return await token_of(again)


async def token_of(client: Client) -> str:
    return await client.account.token()


async def test_every_door_is_shut_to_those_it_is_not_for(night: Night) -> None:
    operations = list(behind_a_token())
    assert len(operations) > 60
    async with httpx2.AsyncClient(base_url=night.gateway, timeout=30) as http, night.guest("eve@example.com") as eve:
        appeal = await suspended(night, http)
        for operation in operations:
            assert await refused(http, operation, None) == (401, "unauthenticated"), operation
            if operation not in FOR_THE_SUSPENDED:
                assert await refused(http, operation, appeal) == (403, "forbidden"), operation
            if operation in FOR_OPERATORS or for_moderators(operation):
                assert await refused(http, operation, await token_of(eve)) == (403, "forbidden"), operation
        mine = await http.get("/v1/sanctions/mine", headers={"authorization": f"Bearer {appeal}"})
        assert [each["statement"] for each in mine.json()["items"]] == ["For a test."]
    assert set(operations) >= FOR_OPERATORS
    assert sum(map(for_moderators, operations)) >= 10
