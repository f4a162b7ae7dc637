"""What can be set about moderation, with defaults fit for production."""

from libs.chassis.settings import Settings


class ModerationSettings(Settings):
    """`VIRTUBAR_POOL_SIZE` is `pool_size`, and so on."""
