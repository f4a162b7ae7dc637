import pytest

from tests.faults.load import EFFORT, LONG, Effort
from tests.libs.eventstore.conftest import house, outlet

__all__ = ["effort", "house", "outlet"]


@pytest.fixture
def effort(request: pytest.FixtureRequest) -> Effort:
    request.node.add_marker(pytest.mark.timeout(3600 if LONG else 300))
    return EFFORT
