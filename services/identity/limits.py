"""What is limited, and per whom."""

from dataclasses import dataclass

from services.identity.addresses import network_of
from services.identity.pepper import Pepper
from services.identity.throttles import Bucket, Limit


@dataclass(frozen=True, slots=True)
class Limits:
    """Buckets per address come first, buckets per client second."""

    pepper: Pepper
    codes_per_address: Limit
    codes_per_client: Limit
    wrong_codes_per_address: Limit
    wrong_codes_per_client: Limit

    def codes(self, address: bytes, client: str) -> tuple[Bucket, Bucket]:
        """Per address, so that nobody's mailbox is flooded; per client, so that nobody floods many."""
        return (
            Bucket("codes/address", address, self.codes_per_address),
            Bucket("codes/client", self._client(client), self.codes_per_client),
        )

    def wrong_codes(self, address: bytes, client: str) -> tuple[Bucket, Bucket]:
        """Per address over all its codes, which is the lockout; per client over all addresses."""
        return (
            Bucket("wrong_codes/address", address, self.wrong_codes_per_address),
            Bucket("wrong_codes/client", self._client(client), self.wrong_codes_per_client),
        )

    def _client(self, client: str) -> bytes:
        return self.pepper.digest("client", network_of(client).encode())
