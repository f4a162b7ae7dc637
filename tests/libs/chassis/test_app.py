"""Whatever happens, the answer is the one asked for or a problem document."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest
import structlog

from libs.chassis.health import NotReady
from tests.libs.chassis.sample import SECRET, sample_app
from tests.libs.chassis.tokens import Issuer, bearer

ROOM = {"name": "Ruby", "capacity": 4, "host": str(uuid4())}


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def client(issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    async def sick() -> None:
        raise NotReady("on holiday")

    async def away() -> None:
        raise ConnectionRefusedError(SECRET)

    async def well() -> None: ...

    app = sample_app(issuer.verifier(), {"sick": sick, "away": away, "well": well})
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://bar") as made:
        yield made


def problem(answer: httpx2.Response, status: int, slug: str) -> dict[str, object]:
    body: dict[str, object] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, body["status"]) == (status, status)
    assert body["type"] == f"https://virtubar.dev/problems/{slug}"
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("how", "status", "slug"),
    [
        ("refused", 409, "room_full"),
        ("locked", 423, "host_asleep"),
        ("bare", 409, "refused"),
        ("conflict", 503, "unavailable"),
        ("database", 503, "unavailable"),
        ("network", 503, "unavailable"),
        ("bug", 500, "internal"),
        ("limited", 429, "rate_limited"),
        ("mismatch", 422, "idempotency_mismatch"),
        ("in_flight", 409, "idempotency_in_flight"),
    ],
)
async def test_what_is_raised_is_a_problem_of_its_own(
    client: httpx2.AsyncClient, how: str, status: int, slug: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = await client.get(f"/fail/{how}")
    problem(answer, status, slug)
    assert SECRET not in answer.text + str(logs)
    assert ("retry-after" in answer.headers) == (status in (429, 503))


async def test_a_bug_is_logged_with_its_place_and_the_request_id(client: httpx2.AsyncClient) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        answer = await client.get("/fail/bug")
    (line,) = logs
    assert line["error"] == "KeyError"
    assert "sample.py" in line["where"][-1]
    assert line["request_id"] == answer.json()["request_id"]


async def test_a_body_that_is_no_json_is_malformed(client: httpx2.AsyncClient, issuer: Issuer) -> None:
    headers = bearer(issuer.token()) | {"content-type": "application/json"}
    for body in (b"{", b"\xff\xfe{", b"nul"):
        problem(await client.post("/v1/rooms", content=body, headers=headers), 400, "malformed")


async def test_a_deep_body_is_no_failure_of_ours(client: httpx2.AsyncClient, issuer: Issuer) -> None:
    headers = bearer(issuer.token()) | {"content-type": "application/json"}
    for depth in range(100, 1000, 100):
        deep = '{"name":' + "[" * depth + "]" * depth + "}"
        answer = await client.post("/v1/rooms", content=deep, headers=headers)
        assert answer.status_code in (400, 422)  # which of them depends on how deep the parser goes


async def test_a_body_that_does_not_fit_says_where(client: httpx2.AsyncClient, issuer: Issuer) -> None:
    wrong = {"name": "", "capacity": "4", "host": str(uuid4()), "a/b": 1}
    body = problem(await client.post("/v1/rooms", json=wrong, headers=bearer(issuer.token())), 422, "invalid")
    errors = body["errors"]
    assert isinstance(errors, list)
    assert {each["pointer"] for each in errors} == {"#/body/name", "#/body/capacity", "#/body/a~1b"}
    assert all(each["detail"] for each in errors)


@pytest.mark.parametrize("text", ["a\0b", "\0"])
async def test_text_that_no_table_can_hold_is_invalid(client: httpx2.AsyncClient, issuer: Issuer, text: str) -> None:
    answer = await client.post("/v1/rooms", json=ROOM | {"name": text}, headers=bearer(issuer.token()))
    problem(answer, 422, "invalid")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/rooms/seven", "#/path/room_id"),
        ("/v1/rooms?limit=0", "#/query/limit"),
        ("/v1/rooms?limit=101", "#/query/limit"),
        ("/v1/rooms?limit=x", "#/query/limit"),
        ("/v1/rooms?cursor=!", "#/query/cursor"),
        ("/v1/rooms?cursor=WzFd", "#/query/cursor"),
    ],
)
async def test_a_malformed_id_limit_or_cursor_is_invalid(
    client: httpx2.AsyncClient, issuer: Issuer, path: str, pointer: str
) -> None:
    body = problem(await client.get(path, headers=bearer(issuer.token())), 422, "invalid")
    assert [each["pointer"] for each in body["errors"]] == [pointer]  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256])
async def test_an_idempotency_key_is_visible_ascii(client: httpx2.AsyncClient, issuer: Issuer, key: str) -> None:
    headers = bearer(issuer.token()) | {"idempotency-key": key.encode()}
    problem(await client.post("/v1/rooms", json=ROOM, headers=headers), 422, "invalid")  # type: ignore[arg-type]


async def test_another_media_type_is_415(client: httpx2.AsyncClient, issuer: Issuer) -> None:
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x"):
        headers = bearer(issuer.token()) | {"content-type": kind}
        problem(await client.post("/v1/rooms", content=b"{}", headers=headers), 415, "unsupported_media_type")
    answer = await client.post("/v1/rooms", content=b"{}", headers=bearer(issuer.token()))
    problem(answer, 415, "unsupported_media_type")


async def test_a_large_body_is_413_declared_or_not(client: httpx2.AsyncClient, issuer: Issuer) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 100

    headers = bearer(issuer.token()) | {"content-type": "application/json"}
    problem(await client.post("/v1/rooms", content=b" " * 3000, headers=headers), 413, "too_large")
    problem(await client.post("/v1/rooms", content=drip(), headers=headers), 413, "too_large")
    problem(await client.get("/v1/rooms", headers={"content-length": "99999999"}), 413, "too_large")


async def test_another_method_is_405_and_names_all_that_are_allowed(client: httpx2.AsyncClient) -> None:
    for path, methods in (("/v1/rooms", "GET, POST"), (f"/v1/rooms/{uuid4()}", "DELETE, GET")):
        answer = await client.request("PATCH", path)
        problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == methods


async def test_another_path_is_404(client: httpx2.AsyncClient) -> None:
    problem(await client.get("/v1/nothing"), 404, "not_found")
    problem(await client.get("/v1/rooms/"), 404, "not_found")


async def test_the_gateways_request_id_is_kept_and_a_strange_one_is_not(client: httpx2.AsyncClient) -> None:
    kept = await client.get("/v1/rooms", headers={"x-request-id": "edge-123"})
    assert kept.headers["x-request-id"] == "edge-123"
    for strange in ("a b", "x" * 200, '"><script>'):
        answer = await client.get("/v1/rooms", headers={"x-request-id": strange})
        assert len(answer.headers["x-request-id"]) == 32


async def test_readiness_names_what_is_not_well_and_no_secrets(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    found = {"sick": "on holiday", "away": "ConnectionRefusedError", "well": "ok"}
    assert answer.json() == {"ready": False, "checks": found}
    assert (await client.get("/healthz")).status_code == 200
    assert b"python_info" in (await client.get("/metrics")).content


async def test_the_document_is_openapi_31_with_every_problem_in_it(client: httpx2.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in document["components"]["schemas"]
    create = document["paths"]["/v1/rooms"]["post"]
    assert create["operationId"] == "create_room"
    assert set(create["responses"]) == {"201", *map(str, (400, 401, 403, 409, 413, 415, 422, 429, 500, 503))}
    join = document["paths"]["/v1/rooms/{room_id}/join"]["post"]["responses"]
    assert "room_full: Every seat is taken." in join["409"]["description"]
    assert "room_locked" in join["423"]["description"]
    assert join["409"]["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert "security" not in document["paths"]["/v1/rooms"]["get"]


async def test_rooms_come_in_pages(client: httpx2.AsyncClient, issuer: Issuer) -> None:
    headers = bearer(issuer.token())
    made = {(await client.post("/v1/rooms", json=ROOM, headers=headers)).json()["id"] for _ in range(5)}
    seen: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = (await client.get("/v1/rooms", params=query)).json()
        seen += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert sorted(seen) == sorted(made)
