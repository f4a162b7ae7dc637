"""The one fact every service publishes."""

from libs.contracts.event import Event
from libs.contracts.topic import Topic
from libs.contracts.vocabulary import Service, UserId


class ErasureDone(Event):
    """`service` holds nothing of this person any more; the answer to `user_delete`."""

    TOPIC = Topic(producer="*", stream="user")
    user_id: UserId
    service: Service
