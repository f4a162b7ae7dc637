"""What identity is told by its environment (prefix VIRTUBAR_), with defaults fit for production."""

from typing import Annotated, Final

from annotated_types import Gt
from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from libs.chassis import settings
from services.identity.throttles import Limit

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

Rate = Annotated[Limit, NoDecode, BeforeValidator(lambda said: Limit.parse(said) if isinstance(said, str) else said)]
"""Written TIMES/SECONDS: that many at once, and as many again over that time."""
Duration = Annotated[int, Gt(0)]  # seconds


class Settings(settings.Settings):
    """`pepper` has no default: 32 or more characters of chance, the same in every process, guarded like root."""

    pepper: SecretStr = Field(min_length=32)

    # one-time codes, by mail
    smtp_url: str = "smtp://127.0.0.1:587"  # smtp[s]://[user:password@]host[:port]
    mail_from: str = "VirtuBar <hello@virtubar.dev>"
    mail_seconds: Duration = 10  # then the client is told to try again
    mail_connections: Annotated[int, Gt(0)] = 20  # of one process to the mail server
    code_seconds: Duration = 10 * MINUTE
    code_tries: Annotated[int, Gt(0)] = 5  # wrong ones

    # limits; a client is an IPv4 address or an IPv6 /64, and whole offices share one
    limit_codes_per_address: Rate = Limit(10, HOUR)
    limit_codes_per_client: Rate = Limit(100, HOUR)
    limit_wrong_codes_per_address: Rate = Limit(20, DAY)
    limit_wrong_codes_per_client: Rate = Limit(50, HOUR)

    # sessions
    refresh_seconds: Duration = 30 * DAY  # a device unused for so long has to sign in again
    session_seconds: Duration = 365 * DAY  # and so has every device after this
    refresh_grace_seconds: Duration = 10  # racing tabs get the same successor

    # erasure
    reauthenticate_seconds: Duration = 10 * MINUTE  # older logins sign in again before they may ask for it
    erasure_seconds: Duration = HOUR  # then a service that has not answered is reported

    # signing keys
    signing_key_seconds: Duration = 30 * DAY
    signing_key_lead_seconds: Duration = HOUR  # published before it signs
    jwks_cache_seconds: Duration = 5 * MINUTE  # what clients are told; well under the lead
    housekeeping_seconds: Duration = MINUTE
