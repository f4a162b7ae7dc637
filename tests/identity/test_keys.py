"""When signing keys come and go. No database."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from joserfc.jwk import ECKey

from services.identity.keys import Schedule, SigningKey

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
SCHEDULE = Schedule(period=30 * DAY, lead=HOUR, token_lifetime=timedelta(seconds=310))
PRIVATE = ECKey.generate_key("P-256")


def key(name: str, signs_from: datetime, private: ECKey | None = PRIVATE) -> SigningKey:
    return SigningKey(name, {"kid": name}, private, signs_from)


def kids(keys: Sequence[SigningKey]) -> list[str]:
    return [each.kid for each in keys]


def test_the_first_key_signs_at_once() -> None:
    assert SCHEDULE.next_from([], NOW) == NOW


def test_no_key_is_made_before_its_time() -> None:
    assert SCHEDULE.next_from([key("a", NOW)], NOW + 30 * DAY - HOUR - timedelta(seconds=1)) is None


def test_the_next_key_is_published_before_it_signs() -> None:
    made_at = NOW + 30 * DAY - HOUR
    signs_from = SCHEDULE.next_from([key("a", NOW)], made_at)
    assert signs_from == NOW + 30 * DAY
    both = [key("a", NOW), key("b", signs_from)]
    assert SCHEDULE.next_from(both, made_at) is None
    assert (before := SCHEDULE.signer(both, signs_from - timedelta(seconds=1)))
    assert before.kid == "a"
    assert (after := SCHEDULE.signer(both, signs_from))
    assert after.kid == "b"


def test_a_late_key_still_waits_its_lead() -> None:
    long_after = NOW + 90 * DAY
    assert SCHEDULE.next_from([key("a", NOW)], long_after) == long_after + HOUR


def test_an_old_key_is_kept_until_its_last_token_has_ended() -> None:
    both = [key("a", NOW), key("b", NOW + 30 * DAY)]
    handover = NOW + 30 * DAY
    assert kids(SCHEDULE.over(both, handover)) == []
    assert kids(SCHEDULE.over(both, handover + timedelta(seconds=309))) == []
    assert kids(SCHEDULE.over(both, handover + timedelta(seconds=310))) == ["a"]


def test_a_key_that_another_pepper_sealed_never_signs_but_is_still_published() -> None:
    foreign = key("old", NOW - DAY, None)
    assert SCHEDULE.signer([foreign], NOW) is None
    assert SCHEDULE.next_from([foreign], NOW) == NOW
    assert SCHEDULE.over([foreign, key("new", NOW)], NOW) == []
