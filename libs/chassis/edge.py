"""The outermost layer of an API: a request id, a limit on the body, and an answer whatever happens inside."""

import re
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.chassis.documents import REQUEST_ID, response
from libs.chassis.logs import where
from libs.chassis.problems import Internal, Problem, TooLarge, Unavailable
from libs.chassis.transient import is_transient

HEADER = "x-request-id"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,128}")
log = structlog.get_logger(__name__)


class Edge:
    """ASGI middleware. Bodies above `body_limit` bytes are 413, declared or not; unknown exceptions are 500."""

    def __init__(self, app: ASGIApp, body_limit: int) -> None:
        self._app = app
        self._limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = headers.get(HEADER, "")
        if not ACCEPTED.fullmatch(request_id):
            request_id = uuid4().hex
        scope[REQUEST_ID] = request_id
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        declared = headers.get("content-length", "")
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                if declared.isdecimal() and int(declared) > self._limit:
                    raise TooLarge
                await self._app(scope, _limited(receive, self._limit), answer)
            except Exception as error:
                if started:
                    raise  # half an answer is out; the server closes the connection
                problem = _last_resort(error)
                sent = response(problem, problem.status, request_id, headers=problem.headers)
                await sent(scope, receive, answer)


def _limited(receive: Receive, limit: int) -> Receive:
    counted = 0

    async def bounded() -> Message:
        nonlocal counted
        message = await receive()
        counted += len(message.get("body", b""))
        if counted > limit:
            raise HTTPException(413)  # of the kind that FastAPI lets through while it reads a body
        return message

    return bounded


def _last_resort(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if is_transient(error):
        log.warning("unavailable", error=type(error).__name__, where=where(error))
        return Unavailable()
    log.error("request failed", error=type(error).__name__, where=where(error))
    return Internal()
