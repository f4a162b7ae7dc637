"""A record's headers, read with suspicion: what comes out is well-formed, and fits the tables it will be kept in."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
SOURCE: Final = re.compile(r"/virtubar/[a-z0-9][a-z0-9-]{0,62}/[a-z]{1,32}/[0-9]{1,9}")
STREAM: Final = re.compile(r"[a-z]{1,32}(-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}){1,2}")
NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,17}")
VERSION: Final = re.compile(r"[1-9][0-9]{0,3}")
TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class ContractError(Exception):
    """A record that is not an event of ours; `str(error)` says why. Retrying will not help."""


class Headers:
    """The headers that are ours, by name. Every method raises ContractError where one is missing or malformed."""

    def __init__(self, headers: Sequence[tuple[str, bytes | None]]) -> None:
        self._text: dict[str, str] = {}
        for name, value in headers:
            if not name.startswith("ce_") and name != "traceparent":
                continue
            if name in self._text:
                raise ContractError(f"{name} is there twice")
            try:
                self._text[name] = (value or b"").decode()
            except UnicodeDecodeError:
                raise ContractError(f"{name} is not UTF-8") from None

    def __contains__(self, name: str) -> bool:
        return name in self._text

    def text(self, name: str) -> str:
        if name not in self._text:
            raise ContractError(f"{name} is missing")
        return self._text[name]

    def matching(self, name: str, pattern: re.Pattern[str]) -> str:
        text = self.text(name)
        if not pattern.fullmatch(text):
            raise ContractError(f"{name} is malformed")
        return text

    def number(self, name: str) -> int:
        return int(self.matching(name, NUMBER))

    def uuid(self, name: str) -> UUID:
        """In the canonical spelling only: other spellings of one id would pass for other ids in text columns."""
        text = self.text(name)
        try:
            found = UUID(text)
        except ValueError:
            found = None
        if found is None or str(found) != text:
            raise ContractError(f"{name} is not a UUID")
        return found

    def time(self, name: str) -> datetime:
        try:
            time = datetime.fromisoformat(self.text(name))
            if time.tzinfo is not None:
                return time.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise ContractError(f"{name} is not an RFC 3339 time")

    def schema_version(self, prefix: str) -> int:
        schema = self.text("ce_dataschema")
        version = schema.removeprefix(prefix)
        if not schema.startswith(prefix) or not VERSION.fullmatch(version):
            raise ContractError("ce_dataschema is not of this event")
        return int(version)

    def traceparent(self) -> str | None:
        """None where malformed: no event is refused over its telemetry."""
        found = self._text.get("traceparent", "")
        return found if TRACEPARENT.fullmatch(found) else None
