"""The merged document has every service's endpoints under one roof, and the table agrees with the services."""

from typing import Any, cast

import jsonschema_rs
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, create_model

from deploy.gateway.gather import gather
from deploy.gateway.openapi import Document, merge
from deploy.gateway.table import load, shape
from deploy.native.folder import Folder
from libs.chassis.app import create_app
from libs.chassis.settings import Settings
from services.identity import routes as identity
from services.rooms import routes as rooms
from tests.gateway.upstreams import serving

TABLE = load()
NOBODY = cast(Any, None)  # routes are only described here, never called


def app(service: str, *routers: APIRouter) -> FastAPI:
    return create_app(service, routers, refusals={}, verifier=None, ready_checks={}, settings=Settings())


def described() -> dict[str, Document]:
    own = identity.routes(NOBODY, NOBODY, token_seconds=300, jwks_seconds=300)
    return {
        "identity": app("identity", own, identity.operator_routes(NOBODY)).openapi(),
        "rooms": app("rooms", rooms.routes(NOBODY, NOBODY, NOBODY)).openapi(),
    }


def endpoints(document: Document) -> dict[tuple[str, str], bool]:
    """(METHOD, shape) -> whether a token is asked for."""
    return {
        (method.upper(), shape(path)): bool(operation.get("security"))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


@pytest.mark.parametrize("service", described())
def test_every_endpoint_of_a_service_is_in_the_table_with_the_same_access(service: str) -> None:
    table = {
        (method, shape(route.path)): route.access == "bearer"
        for route in TABLE.routes
        if route.service == service
        for method in route.methods
    }
    found = endpoints(described()[service])
    assert found
    assert {endpoint: table.get(endpoint) for endpoint in found} == found


def references(node: Any) -> set[str]:
    if isinstance(node, list):
        return {found for item in node for found in references(item)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own | {found for item in node.values() for found in references(item)}


def holds_together(document: Document) -> None:
    for reference in references(document):
        node: Any = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


def test_the_services_documents_become_one() -> None:
    documents = described()
    merged = merge(documents, TABLE)
    holds_together(merged)
    assert set(endpoints(merged)) == set().union(*(endpoints(document) for document in documents.values()))
    assert merged["components"]["securitySchemes"]


def one(service: str, path: str, model: type[BaseModel], name: str) -> Document:
    api = APIRouter()
    api.add_api_route(path, lambda: None, methods=["GET"], response_model=model, name=name)
    return app(service, api).openapi()


def test_names_that_mean_different_things_are_kept_apart() -> None:
    one_card, another_card = create_model("Card", name=(str, ...)), create_model("Card", price=(int, ...))
    documents = {
        "social": one("social", "/v1/friends", one_card, "list"),
        "inventory": one("inventory", "/v1/items", another_card, "list"),
    }
    merged = merge(documents, TABLE)
    holds_together(merged)
    assert {"Card", "InventoryCard", "Problem"} <= merged["components"]["schemas"].keys()
    items = merged["paths"]["/v1/items"]["get"]
    assert items["operationId"] == "inventory_list"
    assert items["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/InventoryCard")


def test_what_the_gateway_does_not_lead_to_is_left_out() -> None:
    merged = merge({"rooms": one("rooms", "/v1/backstage", create_model("Card"), "backstage")}, TABLE)
    assert merged["paths"] == {}


def test_running_services_are_asked_and_one_that_is_away_leaves_no_half_a_document(folder: Folder) -> None:
    ports = folder.ports(["described", "away"])
    router = rooms.routes(NOBODY, NOBODY, NOBODY)
    with serving(app("rooms", router), ports["described"]):
        here, away = ("127.0.0.1", ports["described"]), ("127.0.0.1", ports["away"])
        document = gather({"rooms": [here], "social": []}, TABLE)
        assert document
        assert "/v1/rooms" in document["paths"]
        assert gather({"rooms": [here], "identity": [away]}, TABLE) is None
