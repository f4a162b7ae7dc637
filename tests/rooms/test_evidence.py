"""What is sealed for a report is said once, whoever says it and however often."""

from datetime import timedelta
from uuid import UUID

from libs.contracts.rooms import EvidenceSeal
from services.rooms.deciders.evidence import EVIDENCE, Seal
from tests.given import given
from tests.rooms.people import LOUNGE, NINE

REPORT = UUID(int=401)
BEGAN = NINE - timedelta(seconds=120)
seal = Seal(REPORT, LOUNGE, "1f" * 32, BEGAN, NINE)
sealed = EvidenceSeal(report_id=REPORT, room_id=LOUNGE, sha256="1f" * 32, from_=BEGAN, to=NINE)


def test_it_is_said_once() -> None:
    given(EVIDENCE).when(seal).then(sealed)
    given(EVIDENCE, sealed).when(seal).then()


def test_another_document_for_the_same_report_comes_too_late() -> None:
    another = Seal(REPORT, LOUNGE, "2f" * 32, BEGAN, NINE)
    given(EVIDENCE, sealed).when(another).then()
