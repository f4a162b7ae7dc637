"""What can be set about social, with defaults fit for production."""

from datetime import timedelta
from typing import Annotated

from annotated_types import Ge

from libs.chassis.settings import Seconds, Settings

Count = Annotated[int, Ge(1)]


class SocialSettings(Settings):
    """`VIRTUBAR_LIMIT_FRIENDS` is `limit_friends`, and so on."""

    # friends
    limit_friends: Count = 5000  # of one person
    limit_friend_requests_an_hour: Count = 100  # by one person; so many at once, and as many again over every hour

    # profiles
    open_seconds: Seconds = 600.0  # that somebody looked at a card is told once in so long

    @property
    def open_once_in(self) -> timedelta:
        return timedelta(seconds=self.open_seconds)
