"""Nobody's data gets into a log by accident."""

import json
import subprocess
import sys

CANARY = "dana@example.org"
PROGRAM = f"""
import logging, structlog
from libs.chassis import logs
logs.configure("sample", "info")
log = structlog.get_logger()
log.info("said", topic="room_join", email="{CANARY}", count=3)
log.debug("quiet", topic="x")
logging.getLogger("aiokafka.client").warning("no answer from %s", "{CANARY}")
logging.getLogger("somebody.else").error("row is {CANARY}")
try:
    raise ValueError("{CANARY}")
except ValueError:
    logging.getLogger("asyncio").exception("Task exception was never retrieved\\nfuture: {CANARY}")
"""


def test_only_what_is_allowed_is_written_and_every_line_is_json() -> None:
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stderr
    lines = [json.loads(line) for line in told.splitlines()]
    assert CANARY not in told
    said, foreign, unknown, failed = lines
    assert (said["event"], said["topic"], said["count"], said["email"]) == ("said", "room_join", 3, "***")
    assert said["service"] == "sample"
    assert said["level"] == "info"
    assert (foreign["event"], foreign["logger"]) == ("no answer from %s", "aiokafka.client")
    assert (unknown["event"], unknown["logger"]) == ("***", "somebody.else")
    assert (failed["event"], failed["error"]) == ("Task exception was never retrieved", "ValueError")
