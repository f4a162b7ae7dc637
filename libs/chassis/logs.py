"""JSON lines on stderr, from which personal data is missing by construction.

Two rules. Only the fields of ALLOWED are written, the value of any other is replaced. And of the standard library's
records and of exceptions only what the programmer wrote is kept (the first line of the template, the class, the place),
because what is filled in may quote an address, a token, a row; of libraries not named in TEMPLATES not even that.
"""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

import orjson
import structlog
from opentelemetry import trace
from structlog.typing import Processor

# fmt: off
ALLOWED: Final = frozenset({
    "event", "level", "at", "logger", "service", "role", "roles", "instance", "request_id", "trace_id", "span_id",
    "error", "where", "reason", "check", "status", "method", "route", "port", "seconds", "count", "tries", "clean",
    "topic", "partition", "offset", "group", "kind", "name", "event_id", "position", "version", "stream_version",
    "pid", "node", "room_id", "region", "epoch", "incarnation", "fence", "timeline", "schema", "lag", "bytes",
})
# fmt: on
TEMPLATES: Final = ("aiokafka", "uvicorn", "faststream", "asyncio", "libs", "services", "cli")
HIDDEN: Final = "***"
Event = MutableMapping[str, Any]


def configure(service: str, level: str = "info") -> None:
    """Set up structlog and the standard library's logging for this process."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", key="at"),
        _Named(service),
        with_trace,
    ]
    structlog.configure(
        processors=[*shared, only_allowed, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[template_only, only_allowed, structlog.processors.JSONRenderer(serializer=_dumps)],
            foreign_pre_chain=shared,
        )
    )
    logging.getLogger("faststream").setLevel(logging.CRITICAL)  # consumers say themselves what they put back
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


def where(error: BaseException) -> list[str]:
    """The stack without a word of what was in it: messages of exceptions may quote people's data."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}" for frame in frames]


def only_allowed(_logger: object, _method: str, event: Event) -> Event:
    """Replace what no rule allows."""
    return {key: value if key in ALLOWED else HIDDEN for key, value in event.items()}


def template_only(_logger: object, _method: str, event: Event) -> Event:
    """Of a foreign record: who said it, the words before anything was filled in, the class of the exception."""
    record: logging.LogRecord = event["_record"]
    kept = {key: event[key] for key in ("level", "at", "service", "request_id", "trace_id", "span_id") if key in event}
    known = record.name.split(".")[0] in TEMPLATES and isinstance(record.msg, str)
    kept |= {"logger": record.name, "event": record.msg.partition("\n")[0] if known else HIDDEN}
    failed = event.get("exc_info")
    if isinstance(failed, tuple) and failed[0]:
        kept["error"] = failed[0].__name__
    return kept


def with_trace(_logger: object, _method: str, event: Event) -> Event:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = trace.format_trace_id(span.trace_id)
    return event


class _Named:
    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        event["service"] = self._service
        return event


def _dumps(event: Mapping[str, Any], **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()
