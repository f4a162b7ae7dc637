"""The one door of social."""

from random import SystemRandom

from libs.eventstore.store import Store
from services.social.names import Names
from services.social.pairs import Pairs
from services.social.profiles import Profiles
from services.social.settings import SocialSettings


class Social:
    """`profiles`: who people are to others; `pairs`: friends, blocks, mutes."""

    def __init__(self, store: Store, settings: SocialSettings) -> None:
        dice = SystemRandom()
        self.profiles = Profiles(store, Names(dice), settings.open_once_in, dice)
        self.pairs = Pairs(store, settings)
