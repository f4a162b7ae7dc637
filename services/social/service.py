"""The one door of social."""

from libs.eventstore.store import Store
from services.social.pairs import Pairs
from services.social.profiles import Profiles
from services.social.settings import SocialSettings


class Social:
    """`profiles`: who people are to others; `pairs`: friends, blocks, mutes."""

    def __init__(self, store: Store, settings: SocialSettings) -> None:
        self.profiles = Profiles(store, settings.open_once_in)
        self.pairs = Pairs(store, settings)
