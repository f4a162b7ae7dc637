"""Envoy's configuration as plain dictionaries."""

from typing import Any, Final

Config = dict[str, Any]

EXTENSIONS: Final = "type.googleapis.com/envoy.extensions."


def typed(kind: str, /, **fields: Any) -> Config:
    """The message `envoy.extensions.<kind>`."""
    return {"@type": EXTENSIONS + kind, **fields}


def extension(name: str, kind: str, /, **fields: Any) -> Config:
    """An extension by its name, configured by the message `envoy.extensions.<kind>`."""
    return {"name": name, "typed_config": typed(kind, **fields)}


def socket(address: tuple[str, int]) -> Config:
    """An address to listen on or to connect to."""
    return {"socket_address": {"address": address[0], "port_value": address[1]}}


def seconds(count: float) -> str:
    """A duration."""
    return f"{count:g}s"
