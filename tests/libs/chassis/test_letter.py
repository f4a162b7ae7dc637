"""Nothing that can stand in a record raises, and two records are the same only if every byte is."""

from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from libs.chassis.consumers.letter import Headers, Letter
from tests.libs.chassis.house import opened, record

NOW = datetime(2026, 1, 1, tzinfo=UTC)
maybe_bytes = st.none() | st.binary(max_size=40)
names = st.sampled_from([name for name, _ in record(opened())[2]]) | st.text(max_size=10)


@dataclass(frozen=True)
class Raw:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@st.composite
def records(draw: st.DrawFn) -> Raw:
    """From a good one, with anything in place of any part of it."""
    key, value, headers = record(opened())
    replaced = dict(draw(st.lists(st.tuples(names, maybe_bytes), max_size=4)))
    kept = [(name, replaced.get(name, content)) for name, content in headers if draw(st.booleans()) or name in replaced]
    kept += [(name, content) for name, content in replaced.items() if name not in dict(headers)]
    return Raw(
        "profile_open",
        draw(st.integers(0, 2**31 - 1)),
        draw(st.integers(0, 2**63 - 1)),
        draw(st.just(key) | maybe_bytes),
        draw(st.just(value) | maybe_bytes),
        draw(st.permutations(kept)),
    )


@given(records())
def test_reading_never_raises_and_says_what_is_wrong(raw: Raw) -> None:
    letter = Letter.read(raw, NOW)
    if letter.error:
        assert str(letter.error)
    else:
        assert letter.envelope is not None
        letter.envelope.event()
    topic, place = letter.place
    assert topic == raw.topic
    if letter.envelope is None or raw.key is None:
        assert place != raw.key  # nothing waits behind what is no event
    else:
        assert place == raw.key


@given(records(), records())
def test_the_digest_tells_records_apart(one: Raw, other: Raw) -> None:
    same = (one.key, one.value, list(one.headers)) == (other.key, other.value, list(other.headers))
    assert (Letter.read(one, NOW).digest == Letter.read(other, NOW).digest) == same
