"""The API of a service: its routers in a frame that every service shares."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from opentelemetry.trace import TracerProvider
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import Scope

from libs.chassis.answers import Answers, Statuses
from libs.chassis.auth import Verifier
from libs.chassis.edge import Edge
from libs.chassis.health import PATHS, Checks, health_routes
from libs.chassis.openapi import Allowed, Document, with_problems
from libs.chassis.problems import Problem
from libs.chassis.settings import Settings
from libs.eventstore.decider import Refused

VERSION = "1"


def create_app(
    service: str,
    routers: Sequence[APIRouter],
    *,
    refusals: Statuses,
    verifier: Verifier | None,
    ready_checks: Checks,
    settings: Settings,
    tracer_provider: TracerProvider | None = None,
) -> FastAPI:
    """Problem documents, request ids, a body limit, tokens, health and metrics round `routers`.

    `refusals` gives each Refused its HTTP status (409 where it names none). `verifier` is what `Me` asks; None for a
    service without signed-in callers. Operation ids are the names of the route functions. `tracer_provider` stands in
    for the global one.
    """
    app = Api(
        title=f"VirtuBar {service}",
        version=VERSION,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        middleware=[Middleware(Edge, body_limit=settings.body_limit_bytes)],
        # HTTP metrics are the gateway's; a span per dependency and serialisation costs more than the request does
        telemetry={
            "tracer_provider": tracer_provider,
            "operation_spans": False,
            "metrics": False,
            "logs": False,
            "auto_configure": False,
            "exclude": _about_health,
        },
    )
    app.state.verifier = verifier
    answers = Answers(refusals)
    app.add_exception_handler(Problem, answers.problem)
    app.add_exception_handler(Refused, answers.refused)
    app.add_exception_handler(HTTPException, app.unroutable(answers))
    app.add_exception_handler(RequestValidationError, answers.invalid)
    for router in routers:
        app.include_router(router)
    app.router.routes.extend(health_routes(ready_checks))
    return app


class Api(FastAPI):
    """FastAPI whose document has the problems in it and whose 405 names every method of the path."""

    def openapi(self) -> Document:
        if not self.openapi_schema:
            self.openapi_schema = with_problems(
                get_openapi(title=self.title, version=self.version, openapi_version="3.1.0", routes=self.routes)
            )
        return self.openapi_schema

    @cached_property
    def allowed(self) -> Allowed:
        return Allowed(self.openapi())

    def unroutable(self, answers: Answers) -> Any:
        async def handler(request: Request, error: Exception) -> Response:
            if isinstance(error, HTTPException) and error.status_code == 405:
                methods = self.allowed.on(request.url.path) or (error.headers or {}).get("Allow", "").split(", ")
                error.headers = {"allow": ", ".join(methods)}
            return await answers.http(request, error)

        return handler


def _about_health(scope: Scope) -> bool:
    return scope.get("path") in PATHS
