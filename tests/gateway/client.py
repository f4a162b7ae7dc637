"""A client that sends paths as they are, each from a loopback address of its own: limits are per address."""

import contextlib
import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_addresses = (f"127.0.{third}.{fourth}" for third in range(1, 255) for fourth in range(1, 255))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def problem(self, slug: str, status: int) -> Any:
        """The problem document, after checking that it is one and which."""
        assert self.status == status, (self.status, self.body)
        assert self.headers["content-type"] == "application/problem+json"
        document = self.json
        assert document["type"] == f"https://virtubar.dev/problems/{slug}"
        assert document["status"] == status
        assert document.keys() == {"type", "title", "status", "detail", "request_id"}
        assert all(isinstance(document[name], str) and document[name] for name in ("title", "detail", "request_id"))
        return document


@dataclass
class Client:
    port: int
    address: str = field(default_factory=lambda: next(_addresses))

    def ask(self, method: str, path: str, body: bytes | None = None, /, **headers: str) -> Answer:
        """`x_request_id=` is the header x-request-id. An answer that comes before all is sent is read all the same."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=(self.address, 0))
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            with contextlib.suppress(ConnectionError):
                connection.request(method, path, body=body, headers=named)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        """A connection, and nothing said yet."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(self.address, 0))

    def raw(self, request: bytes) -> Answer:
        """Bytes as they are, for requests no library would send."""
        with self.connect() as connection:
            connection.sendall(request)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
