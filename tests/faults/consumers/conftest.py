from tests.libs.chassis.conftest import house

__all__ = ["house"]
