"""One OpenAPI 3.1 document for the whole bar, merged from what each of its services says about itself."""

import json
from collections.abc import Mapping
from typing import Any, Final

from deploy.gateway.table import Table, shape
from libs.chassis.openapi import SCHEMA
from libs.chassis.problems import MEDIA_TYPE

Document = dict[str, Any]
REFERENCE: Final = "#/components/{kind}/{name}"
OF_THE_DOOR: Final[Document] = {  # what the gateway itself may say to any request
    "400": {
        "description": "malformed: the request, or its path, is no well-formed HTTP",
        "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMA}}},
    },
}
ABOUT: Final = """\
The backend of a virtual bar. Errors are RFC 9457 problem documents: tell them apart by `type`. Lists answer `items` and
`next_cursor`. Unsafe calls that take an `Idempotency-Key` may be repeated: same key and body, same answer. What happens
is told on topics: see `/v1/asyncapi.json`."""


def merge(documents: Mapping[str, Document], table: Table) -> Document:
    """The operations the gateway leads to, by path. Names two services use for different things get the service's."""
    merged: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": "VirtuBar",
            "version": "1",
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": service} for service in documents],
        "paths": {},
        "components": {},
    }
    for service, document in documents.items():
        _add(merged, service, _renamed(document, service, merged), table)
    merged["paths"] = dict(sorted(merged["paths"].items()))
    return merged


def _add(merged: Document, service: str, document: Document, table: Table) -> None:
    known = {(method, shape(route.path)) for route in table.routes for method in route.methods}
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            if (method.upper(), shape(path)) in known:
                responses = dict(sorted({**OF_THE_DOOR, **operation["responses"]}.items()))
                merged["paths"].setdefault(path, {})[method] = {**operation, "tags": [service], "responses": responses}
    for kind, parts in document.get("components", {}).items():
        merged["components"].setdefault(kind, {}).update(parts)


def _renamed(document: Document, service: str, merged: Document) -> Document:
    """The document with components and operations renamed whose names are taken by something else."""
    text = json.dumps(document)
    for kind, parts in document.get("components", {}).items():
        taken = merged["components"].get(kind, {})
        for name in (name for name, part in parts.items() if name in taken and taken[name] != part):
            old, new = REFERENCE.format(kind=kind, name=name), REFERENCE.format(kind=kind, name=service.title() + name)
            text = text.replace(json.dumps(old), json.dumps(new))
    renamed: Document = json.loads(text)
    for kind, parts in renamed.get("components", {}).items():
        taken = merged["components"].get(kind, {})
        for name in [name for name, part in document["components"][kind].items() if taken.get(name, part) != part]:
            parts[service.title() + name] = parts.pop(name)
    ids = {operation["operationId"] for path in merged["paths"].values() for operation in path.values()}
    for operations in renamed.get("paths", {}).values():
        for operation in operations.values():
            if operation.get("operationId") in ids:
                operation["operationId"] = f"{service}_{operation['operationId']}"
    return renamed
