from tests.libs.eventstore.conftest import house

__all__ = ["house"]
