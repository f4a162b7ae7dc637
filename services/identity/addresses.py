"""An e-mail address as one account knows it, and the network a client comes from."""

from ipaddress import IPv6Address, ip_address
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field

LONGEST_EMAIL = 254
IPV6_SITE = 64  # bits one household has to itself; counting single addresses would limit nobody


def normal_email(text: str) -> str:
    """The one spelling of an address: domain in ASCII, everything lower case.

    Case is dropped because people's keyboards add it. The mail goes to this spelling too, so that on a host that does
    tell cases apart nobody reads the code of somebody else's account. Raises ValueError.
    """
    try:
        # `.test` is let through: nobody can have such a mailbox unless this deployment gives them one
        address = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, strict=True, test_environment=True
        )
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    return (address.ascii_email or address.normalized).lower()


Email = Annotated[
    str,
    Field(max_length=LONGEST_EMAIL, examples=["dana@example.com"], json_schema_extra={"format": "email"}),
    AfterValidator(normal_email),
]


def network_of(client: str) -> str:
    """Whom the limits per client count: an IPv4 address, or the /64 around an IPv6 one; anything else as it is."""
    try:
        address = ip_address(client)
    except ValueError:
        return client
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> (128 - IPV6_SITE) << (128 - IPV6_SITE))}/{IPV6_SITE}"
