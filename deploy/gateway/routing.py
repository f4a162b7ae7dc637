"""The route table as Envoy routes: who answers, how much may come, how long it may take, who must say who they are."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.gateway.clusters import node_cluster, service_cluster
from deploy.gateway.edge import HERE, Edge
from deploy.gateway.replies import RETRY_AFTER, ROUTE_METADATA
from deploy.gateway.table import Document, Route, Table
from deploy.gateway.typed import Config, seconds, typed

BUFFER: Final = "envoy.filters.http.buffer"
JWT: Final = "envoy.filters.http.jwt_authn"
SIGNED_IN: Final = "signed_in"  # the name of the requirement
LIMIT: Final = "limit"
LARGEST_DOCUMENT: Final = 4 * 2**20
PAGE_POLICY: Final = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"


def route_configuration(table: Table, edge: Edge) -> Config:
    """All routes, tried from the first to the last; what none takes is not found."""
    return {
        "name": "virtubar",
        "max_direct_response_body_size_bytes": LARGEST_DOCUMENT,
        "virtual_hosts": [{"name": "virtubar", "domains": ["*"], "routes": list(_routes(table, edge))}],
        "response_headers_to_remove": ["server", "x-powered-by"],
        "response_headers_to_add": [
            {
                "header": {"key": "x-content-type-options", "value": "nosniff"},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
    }


def _routes(table: Table, edge: Edge) -> Iterator[Config]:
    # a CONNECT that meets no route of its own is never answered
    yield {"name": "tunnel", "match": {"connect_matcher": {}}, "direct_response": {"status": 404}}
    for node in edge.nodes:
        yield _socket(table, node)
    for document in table.documents:
        if file := _file(document, edge):
            yield {**_answered(document, file, edge), **_limit(table, "default")}
    for path, routes in table.paths().items():
        served = [route for route in routes if edge.services.get(route.service)]
        for route in served:
            yield from (_forwarded(table, route, method) for method in route.methods)
        if served:
            yield _wrong_method(table, path, served)
    yield {
        "name": "nowhere",
        "match": {"prefix": "/"},
        "direct_response": {"status": 404},
        **_limit(table, "default"),
    }


def _forwarded(table: Table, route: Route, method: str) -> Config:
    config: Config = {
        "name": f"{method} {route.path}",
        "match": {**_path(route.path), "headers": [_method(method)]},
        "route": {
            "cluster": service_cluster(route.service),
            "timeout": seconds(route.timeout),
            # nothing was sent yet, so trying again is safe for every method
            "retry_policy": {"retry_on": "connect-failure,refused-stream", "num_retries": 2},
        },
        "typed_per_filter_config": {
            BUFFER: typed("filters.http.buffer.v3.BufferPerRoute", buffer={"max_request_bytes": route.body}),
            JWT: _requirement(route),
        },
    }
    return {**config, **_limit(table, route.limit)}


def _requirement(route: Route) -> Config:
    if route.access == "open":
        return typed("filters.http.jwt_authn.v3.PerRouteConfig", disabled=True)
    return typed("filters.http.jwt_authn.v3.PerRouteConfig", requirement_name=SIGNED_IN)


def _wrong_method(table: Table, path: str, routes: list[Route]) -> Config:
    allowed = ", ".join(sorted({method for route in routes for method in route.methods}))
    return {
        "name": path,
        "match": _path(path),
        "direct_response": {"status": 405},
        "response_headers_to_add": [{"header": {"key": "allow", "value": allowed}}],
        **_limit(table, "default"),
    }


def _socket(table: Table, node: str) -> Config:
    """The upgrade is open: the ticket in the first frame admits, and a token in a URL would end up in logs."""
    realtime = table.realtime
    return {
        "name": f"socket {node}",
        "match": _path(realtime.path.replace("{node}", node)),
        "route": {
            "cluster": node_cluster(node),
            "timeout": "0s",
            "idle_timeout": seconds(realtime.idle),
            "upgrade_configs": [{"upgrade_type": "websocket"}],
        },
        "typed_per_filter_config": {BUFFER: typed("filters.http.buffer.v3.BufferPerRoute", disabled=True)},
        **_limit(table, realtime.limit),
    }


def _file(document: Document, edge: Edge) -> Path | None:
    places = (folder / document.file for folder in (edge.documents, HERE))
    return next((place.resolve() for place in places if place.exists()), None)


def _answered(document: Document, file: Path, edge: Edge) -> Config:
    path = edge.mounted / file.name if edge.mounted else file
    headers = {"content-type": document.media_type, "cache-control": "public, max-age=300"}
    if document.media_type.startswith("text/html"):
        headers["content-security-policy"] = PAGE_POLICY
    return {
        "name": f"GET {document.path}",
        "match": {"path": document.path, "headers": [_method("GET")]},
        "direct_response": {"status": 200, "body": {"filename": str(path)}},
        "response_headers_to_add": [
            {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
            for name, value in headers.items()
        ],
    }


def _limit(table: Table, limit: str) -> Config:
    """Which bucket a request draws on, and how long one waits for it to fill: read by filter and error document."""
    wait = str(table.limits[limit].seconds)
    return {"metadata": {"filter_metadata": {ROUTE_METADATA: {LIMIT: limit, RETRY_AFTER: wait}}}}


def _path(path: str) -> Config:
    if "{" not in path:
        return {"path": path}
    return {"safe_regex": {"regex": re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(path))}}


def _method(method: str) -> Config:
    return {"name": ":method", "string_match": {"exact": method}}
