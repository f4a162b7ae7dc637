"""Who may stand at the door, by the numbers."""

import pytest

from services.rooms.realtime.crowd import Crowd, Limits, home_of

FEW = Limits(sockets=6, address=4, half_open=3, address_half_open=2)


class Stranger:
    def __init__(self, address: str, since: float = 0.0) -> None:
        self.address, self.since, self.turned_away = address, since, False

    def turn_away(self) -> None:
        self.turned_away = True


def come(crowd: Crowd, *strangers: Stranger) -> list[bool]:
    return [crowd.enter(stranger) for stranger in strangers]


def test_one_address_gets_so_many_sockets_and_its_places_back() -> None:
    crowd, people = Crowd(FEW), [Stranger("a") for _ in range(5)]
    for person in people[:4]:
        assert crowd.enter(person)
        crowd.greeted(person)
    assert not crowd.enter(people[4])
    crowd.exit(people[4])
    crowd.exit(people[0])
    assert crowd.enter(Stranger("a"))


def test_one_address_holds_few_places_without_a_hello() -> None:
    crowd = Crowd(FEW)
    assert come(crowd, *(Stranger("a") for _ in range(3))) == [True, True, False]
    assert crowd.enter(Stranger("b"))


def test_the_oldest_silent_one_goes_for_the_newest() -> None:
    crowd, people = Crowd(FEW), [Stranger(name) for name in "abcd"]
    come(crowd, *people)
    assert [person.turned_away for person in people] == [True, False, False, False]
    assert crowd.silent == 3


def test_the_node_has_an_end() -> None:
    crowd = Crowd(FEW)
    for name in "abcdef":
        person = Stranger(name)
        assert crowd.enter(person)
        crowd.greeted(person)
    assert not crowd.enter(Stranger("g"))
    assert len(crowd) == 7


def test_who_says_nothing_in_time_is_named_once() -> None:
    crowd, early, late = Crowd(FEW), Stranger("a", since=1.0), Stranger("b", since=3.0)
    come(crowd, early, late)
    assert crowd.overdue(2.0) == [early]
    assert crowd.overdue(2.0) == []
    crowd.greeted(late)
    assert crowd.overdue(9.0) == []


def test_counting_comes_out_even() -> None:
    crowd, people = Crowd(FEW), [Stranger("ab"[n % 2]) for n in range(6)]
    come(crowd, *people)
    for person in people:
        crowd.greeted(person)
        crowd.exit(person)
    assert (len(crowd), crowd.silent) == (0, 0)
    assert come(crowd, Stranger("a"), Stranger("a")) == [True, True]


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:DB8:0::1", "2001:db8::2", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("no:address", "no:address", True),
        ("no:address", "no:other", False),
    ],
)
def test_a_network_of_one_household_is_one_address(one: str, other: str, together: bool) -> None:
    assert (home_of(one) == home_of(other)) is together


def test_whoever_has_a_million_addresses_has_the_places_of_one() -> None:
    crowd = Crowd(FEW)
    assert come(crowd, *(Stranger(f"2001:db8::{n:x}") for n in range(3))) == [True, True, False]
    assert crowd.enter(Stranger("2001:db8:0:1::1"))
