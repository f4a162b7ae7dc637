"""What a service may read at the brokers is what it listens to, and nothing else."""

import ast
from pathlib import Path

import pytest

from libs.contracts.access import ENDS_SESSIONS, LISTENS
from libs.contracts.catalogue import EVENTS
from libs.safety import pairs, replica

ROOT = Path(__file__).resolve().parents[2]
SETS = {"libs.safety.replica": {"HEARD": replica.HEARD}, "libs.safety.pairs": {"PAIR_EVENTS": pairs.PAIR_EVENTS}}
CLASSES = {event.__name__: event for event in EVENTS.values()}


def imported(service: str) -> set[str]:
    """Events of others that the service's code knows by name."""
    names: set[str] = set()
    for path in (ROOT / "services" / service).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("libs.contracts."):
                names |= {alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom) and node.module in SETS:
                for alias in node.names:
                    names |= {event.__name__ for event in SETS[node.module].get(alias.name, ())}
    events = [CLASSES[name] for name in names & CLASSES.keys()]
    return {each.NAME for each in events if each.TOPIC and each.TOPIC.producer not in (service, "*")}


@pytest.mark.parametrize("service", sorted(LISTENS))
def test_a_service_may_read_what_it_listens_to_and_no_more(service: str) -> None:
    others = {name for name in LISTENS[service] if EVENTS[name].TOPIC.producer != "*"}  # type: ignore[union-attr]
    assert imported(service) - set(ENDS_SESSIONS) == others - set(ENDS_SESSIONS)
