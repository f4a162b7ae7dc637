"""What can be set about social, with defaults fit for production."""

from libs.chassis.settings import Settings


class SocialSettings(Settings):
    """`VIRTUBAR_POOL_SIZE` is `pool_size`, and so on."""
