"""What is sealed for a case opens with the case's key, for that report, as long as there is one."""

from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from libs.contracts.moderation import ReportUser
from libs.eventstore.keys import SubjectKey
from libs.evidence.seal import Unopened, address_of, seal, unseal

DOCUMENT = b'{"said":"boo"}'
REPORT = uuid4()


def test_it_opens_with_the_cases_key_and_says_nothing_without() -> None:
    case = SubjectKey(b"k" * 32).recipient()
    sealed = seal(DOCUMENT, address_of(case), REPORT)
    assert b"boo" not in sealed
    assert unseal(sealed, SubjectKey(b"k" * 32).recipient(), REPORT) == DOCUMENT
    assert seal(DOCUMENT, address_of(case), REPORT) != sealed, "nobody can tell that two are the same"


def test_another_key_another_report_and_a_changed_byte_are_refused() -> None:
    case = SubjectKey(b"k" * 32).recipient()
    sealed = seal(DOCUMENT, address_of(case), REPORT)
    for bad, key, report in (
        (sealed, X25519PrivateKey.generate(), REPORT),
        (sealed, case, uuid4()),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), case, REPORT),
        (sealed[:20], case, REPORT),
        (b"", case, REPORT),
    ):
        with pytest.raises(Unopened):
            unseal(bad, key, report)


def test_an_address_is_what_the_contract_takes_and_what_is_none_is_refused() -> None:
    address = address_of(SubjectKey(b"k" * 32).recipient())
    told = {"report_id": REPORT, "reporter_user_id": uuid4(), "reported_user_id": uuid4(), "report_type": "spam"}
    assert ReportUser(**told, evidence_key=address).evidence_key == address
    for bad in ("", "A" * 10, "A" * 43):  # the last one is a point that everybody shares a secret with
        with pytest.raises(ValueError):
            seal(DOCUMENT, bad, REPORT)
