"""A world in which people come, befriend, block, misbehave and go, as its services tell of it, in their order.

Now and then a service's database is restored from a backup: what was told of late never happened there, the places
in its streams are used again, and its timeline is the next one.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from hypothesis import strategies as st

from libs.contracts.catalogue import topics_of
from libs.contracts.cloudevents import Envelope, source_of
from libs.contracts.erasure import ErasureDone
from libs.contracts.event import Event
from libs.contracts.identity import RoleGrant, RoleRevoke, UserDelete, UserRegister, UserReinstate, UserSuspend
from libs.contracts.inventory import ItemAcquire
from libs.contracts.moderation import SanctionLift, SanctionUser
from libs.contracts.rooms import EvidenceSeal, RoomCreate
from libs.contracts.social import BlockUser, ProfileCreate, ProfileUpdate
from libs.contracts.vocabulary import SERVICES, AvatarConfig, PrivacyLevel, Service
from libs.safety.pairs import PAIR_EVENTS, pair_stream
from tests.libs.safety.talk import ANN, BOB, CEM, said
from tests.weave import envelope

PEOPLE: Final = ANN, BOB, CEM
JUDGE, ROOM = UUID(int=9), UUID(int=101)


class Told(NamedTuple):
    service: str
    stream: str
    event: Event


class Restored(NamedTuple):
    """A service forgets the last `lost` facts of each of its streams."""

    service: str
    lost: int


def account(user: UUID, event: Event) -> Told:
    return Told("identity", f"user-{user}", event)


def suspended(user: UUID, n: int) -> Told:
    return account(user, UserSuspend(user_id=user, sanction_id=uuid5(user, str(n))))


def answered(user: UUID, service: Service) -> Told:
    return Told(service, f"erasure-{user}", ErasureDone(user_id=user, service=service))


def profile(user: UUID, kind: type[ProfileCreate | ProfileUpdate], interests: Any, privacy: PrivacyLevel) -> Told:
    avatar: dict[str, Any] = {"avatar_id": "nova", "avatar_config": AvatarConfig()}
    event = kind(user_id=user, interests=interests, locale="en", privacy_level=privacy, **avatar)
    return Told("social", f"profile-{user}", event)


def sanctioned(user: UUID, n: int, kind: Any, room: UUID | None) -> Told:
    event = SanctionUser(
        sanction_id=uuid5(user, str(n)), user_id=user, kind=kind, room_id=room, reason_code="spam", by_user_id=JUDGE
    )
    return Told("moderation", f"safety-{user}", event)


def lifted(user: UUID, n: int) -> Told:
    event = SanctionLift(sanction_id=uuid5(user, str(n)), user_id=user, reason="withdrawn")
    return Told("moderation", f"safety-{user}", event)


def pair(people: Sequence[UUID], kind: type[Event]) -> Told:
    one, other = people[:2]
    return Told("social", pair_stream(one, other), said(one, other, kind))


def acquired(user: UUID, sku: str, kind: Any) -> Told:
    ids: Any = {"acquisition_id": uuid5(user, sku), "item_id": uuid5(JUDGE, sku)}
    event = ItemAcquire(user_id=user, sku=sku, type=kind, price_cents=9, source="purchase", **ids)
    return Told("inventory", f"wallet-{user}", event)


def sealed(report: int) -> Told:
    report_id, nine = uuid5(ROOM, str(report)), datetime(2026, 2, 6, 21, tzinfo=UTC)
    seal: dict[str, Any] = {"report_id": report_id, "room_id": ROOM, "sha256": "9f" * 32, "from": nine, "to": nine}
    return Told("rooms", f"evidence-{report_id}", EvidenceSeal(**seal))


def opened(host: UUID) -> Told:
    room = uuid5(host, "room")
    event = RoomCreate(room_id=room, theme="lounge", is_private=False, capacity=9, region="eu", created_by=host)
    return Told("rooms", f"room-{room}", event)


user, number = st.sampled_from([ANN, ANN, ANN, BOB]), st.integers(1, 2)  # much happens to Ann
role, room = st.just("moderator"), st.sampled_from([None, ROOM])
interests, privacy = st.sampled_from([(), ("wine",), ("tea", "quiz")]), st.sampled_from(["public", "limited"])
TELLS: Final[Mapping[type[Event], st.SearchStrategy[Told]]] = {
    UserRegister: user.map(lambda user: account(user, UserRegister(user_id=user, auth_provider="email"))),
    RoleGrant: st.builds(lambda user, role: account(user, RoleGrant(user_id=user, role=role)), user, role),
    RoleRevoke: st.builds(lambda user, role: account(user, RoleRevoke(user_id=user, role=role)), user, role),
    UserSuspend: st.builds(suspended, user, number),
    UserReinstate: user.map(lambda user: account(user, UserReinstate(user_id=user))),
    UserDelete: user.map(lambda user: account(user, UserDelete(user_id=user))),
    ErasureDone: st.builds(answered, user, st.sampled_from(SERVICES)),
    ProfileCreate: st.builds(profile, user, st.just(ProfileCreate), interests, privacy),
    ProfileUpdate: st.builds(profile, user, st.just(ProfileUpdate), interests, privacy),
    **{kind: st.builds(pair, st.permutations(PEOPLE), st.just(kind)) for kind in PAIR_EVENTS},
    SanctionUser: st.builds(sanctioned, user, number, st.sampled_from(["mute", "room_ban", "ban"]), room),
    SanctionLift: st.builds(lifted, user, number),
    RoomCreate: user.map(opened),
    EvidenceSeal: number.map(sealed),
    ItemAcquire: st.one_of(
        st.builds(acquired, user, st.sampled_from(["emote-bow", "emote-moonwalk"]), st.just("emote")),
        st.builds(acquired, user, st.just("drink-water"), st.just("drink")),
    ),
}


def histories(heard: Collection[str], most: int = 20) -> st.SearchStrategy[list[Envelope]]:
    """Of what a service listens to, `heard` being the events' names: everything else passes it by."""
    told = [tells for kind, tells in TELLS.items() if kind.NAME in heard]
    tellers = [service for service in SERVICES if set(topics_of(service)) & set(heard) - {ErasureDone.NAME}]
    restored = st.builds(Restored, st.sampled_from(tellers), st.sampled_from([1, 2, most])) if tellers else st.nothing()
    happens = st.one_of(*told, restored, restored)
    return st.one_of(st.lists(happens, max_size=most), st.lists(happens, min_size=most // 2, max_size=most)).map(placed)


def unrestored(history: Sequence[Envelope]) -> list[Envelope]:
    """The same facts in the same order, by services that never lost one: whatever comes later has a later place."""
    return [
        replace(each, source=source_of("test", each.source.split("/")[3], 1), stream_version=n)
        for n, each in enumerate(history, 1)
    ]


def placed(happened: Iterable[Told | Restored]) -> list[Envelope]:
    """Placed in their streams. Whoever is deleted is deleted once, and identity has no more to say of them."""
    versions: Counter[tuple[str, str]] = Counter()
    timelines: Counter[str] = Counter()
    deleted: set[UUID] = set()
    envelopes: list[Envelope] = []
    for each in happened:
        if isinstance(each, Restored):
            timelines[each.service] += 1
            for stream in versions:
                if stream[0] == each.service:
                    versions[stream] = max(0, versions[stream] - each.lost)
            continue
        if each.stream.startswith("user-") and each.event.subject in deleted:
            continue
        if isinstance(each.event, UserDelete):
            deleted.add(each.event.subject)
        versions[each[:2]] += 1
        version, position, timeline = versions[each[:2]], len(envelopes) + 1, 1 + timelines[each.service]
        place: dict[str, Any] = {"service": each.service, "timeline": timeline, "position": position}
        envelopes.append(envelope(each.event, each.stream, version, **place))
    return envelopes


def profile_of(user: UUID, kind: type[ProfileCreate | ProfileUpdate], privacy: PrivacyLevel) -> Told:
    return profile(user, kind, ("wine",), privacy)


REVERSALS: Final = (
    (account(ANN, RoleGrant(user_id=ANN, role="moderator")), account(ANN, RoleRevoke(user_id=ANN, role="moderator"))),
    (suspended(ANN, 1), account(ANN, UserReinstate(user_id=ANN))),
    (profile_of(ANN, ProfileCreate, "limited"), profile_of(ANN, ProfileUpdate, "public")),
    (sanctioned(ANN, 1, "ban", None), lifted(ANN, 1)),
    *((pair((ANN, BOB), one), pair((ANN, BOB), other)) for one, other in pairwise(PAIR_EVENTS)),
)
"""What was lost by a restore, and what happened instead at the same place."""
AN_EVENING: Final = (
    *(account(each, UserRegister(user_id=each, auth_provider="email")) for each in (ANN, BOB)),
    *(told for reversal in REVERSALS for told in reversal),
    *(account(each, RoleGrant(user_id=each, role="operator")) for each in (ANN, BOB)),
    *(profile_of(each, ProfileCreate, "public") for each in (ANN, BOB)),
    *(pair(people, BlockUser) for people in ((ANN, BOB), (BOB, CEM))),
    *(suspended(each, 2) for each in (ANN, BOB)),
    sanctioned(BOB, 2, "mute", ROOM),
    opened(ANN),
    sealed(1),
    *(acquired(each, "emote-bow", "emote") for each in (ANN, BOB)),
    *(answered(BOB, service) for service in SERVICES),
)
FAREWELL: Final = account(ANN, UserDelete(user_id=ANN))
