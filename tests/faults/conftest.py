from tests.libs.eventstore.conftest import house, outlet

__all__ = ["house", "outlet"]
