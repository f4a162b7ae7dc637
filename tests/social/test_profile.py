"""What a profile may become, and whose looks are told."""

from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID

from hypothesis import given as for_all
from hypothesis import strategies as st

from libs.contracts.social import ProfileCreate, ProfileOpen, ProfileUpdate
from libs.contracts.vocabulary import AvatarConfig, AvatarId, Interest, Locale, PrivacyLevel
from services.social.deciders.profile import PROFILE, Create, Name, Profile, Texts, Update
from services.social.deciders.refusals import NotFound
from services.social.deciders.viewer import VIEWER, Open
from tests.given import given, kept
from tests.social.house import ANN, BOB, NINE, after

OTTER, DANA = Name("Amber Otter", "arnber otter"), Name("Dana#4821", "dana")
NOW = Texts(OTTER)
TEN = timedelta(minutes=10)


def said(
    kind: type[ProfileCreate] | type[ProfileUpdate], name: Name = OTTER, bio: str | None = None, **changes: Any
) -> Any:
    plain = {
        "user_id": ANN,
        "avatar_id": "kai",
        "avatar_config": AvatarConfig(),
        "interests": (),
        "locale": "en",
        "privacy_level": "public",
    }
    return kind(display_name=name.text, name_skeleton=name.skeleton, bio=bio, **plain | changes)


BORN = said(ProfileCreate)


def test_somebody_gets_a_face_once() -> None:
    create = Create(ANN, OTTER, "kai", "en")
    given(PROFILE).when(create).then(BORN)
    given(PROFILE, BORN).when(Create(ANN, DANA, "luna", "he")).then()


def test_there_is_nothing_to_change_about_nobody() -> None:
    given(PROFILE).when(Update(NOW, DANA)).then_refused(NotFound)


def test_an_update_tells_the_whole_profile() -> None:
    given(PROFILE, BORN).when(Update(NOW, DANA, locale="he")).then(said(ProfileUpdate, DANA, locale="he"))
    now = Texts(DANA, "Hello.")
    changed = said(ProfileUpdate, DANA, "Hello.", locale="he", avatar_id="luna")
    given(PROFILE, BORN, said(ProfileUpdate, DANA, "Hello.", locale="he")).when(Update(now, avatar_id="luna")).then(
        changed
    )


def test_a_bio_is_taken_away_by_an_empty_one() -> None:
    given(PROFILE, BORN).when(Update(Texts(OTTER, "Hello."), bio="")).then(said(ProfileUpdate))
    given(PROFILE, BORN).when(Update(NOW, bio="")).then()


def test_interests_are_a_set() -> None:
    changed = said(ProfileUpdate, interests=("tea", "wine"))
    given(PROFILE, BORN).when(Update(NOW, interests=("wine", "tea", "wine"))).then(changed)
    given(PROFILE, BORN, changed).when(Update(NOW, interests=("wine", "tea"))).then()


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.builds(Name, st.sampled_from(["Dana", "Dana#1234", "Eve"]), st.just("dana")),
        "bio": st.sampled_from(["", "Hello.", "Bye."]),
        "avatar_id": st.sampled_from(get_args(AvatarId)),
        "avatar_config": st.sampled_from([AvatarConfig(), AvatarConfig(hat="cap")]),
        "interests": st.lists(st.sampled_from(get_args(Interest)), max_size=3).map(tuple),
        "locale": st.sampled_from(get_args(Locale)),
        "privacy_level": st.sampled_from(get_args(PrivacyLevel)),
    },
)


@for_all(st.lists(CHANGES, max_size=8))
def test_whatever_is_changed_saying_it_again_changes_nothing_and_the_last_event_says_it_all(changes: list[Any]) -> None:
    state: Profile = PROFILE.fold([BORN])
    now, last = NOW, BORN
    for change in changes:
        events = PROFILE.decide(state, Update(now, **change))
        assert len(events) <= 1
        for last in events:
            assert isinstance(last, ProfileUpdate)
            now = Texts(Name(str(last.display_name), str(last.name_skeleton)), last.bio)
        state = kept(PROFILE, PROFILE.fold(events, state))
        assert PROFILE.decide(state, Update(now, **change)) == []
    assert state == PROFILE.fold([last]), "the last event alone says what the profile is"


def look(at: datetime, last: datetime | None, profile: UUID = BOB) -> Open:
    return Open(ANN, profile, at, last, TEN)


def test_a_look_is_told_unless_it_was_told_lately_or_is_at_oneself() -> None:
    told = ProfileOpen(viewer_user_id=ANN, profile_user_id=BOB)
    given(VIEWER).when(look(NINE, None)).then(told)
    given(VIEWER, told).when(look(after(599), NINE)).then()
    given(VIEWER, told).when(look(after(600), NINE)).then(told)
    given(VIEWER, told).when(look(after(-5), NINE)).then()  # another process' clock
    given(VIEWER).when(look(NINE, None, ANN)).then()
