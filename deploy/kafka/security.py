"""The part of server.properties that makes brokers ask everybody who they are and what they want.

Clients log in by SCRAM. Controllers, which keep those logins, cannot be asked for one by SCRAM themselves: brokers
reach them by PLAIN, on a listener of their own.
"""

from collections.abc import Mapping
from typing import Final

ADMIN: Final = "virtubar"
"""May do everything: makes the other users, and is who operators and `verify` come as."""
CONTROLLER: Final = "controller"
LISTENERS: Final = ("CLIENTS", "CONTROLLER")

SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="{user}" password="{password}";'
PLAIN = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    'username="{user}" password="{password}" user_{user}="{password}";'
)


def security(admin_password: str, controller_password: str) -> Mapping[str, str]:
    """For listeners named CLIENTS and CONTROLLER. Passwords hold no quotes or backslashes."""
    return {
        "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "inter.broker.listener.name": "CLIENTS",
        "controller.listener.names": "CONTROLLER",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.clients.scram-sha-512.sasl.jaas.config": SCRAM.format(user=ADMIN, password=admin_password),
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": PLAIN.format(user=CONTROLLER, password=controller_password),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN};User:{CONTROLLER}",
        "allow.everyone.if.no.acl.found": "false",
    }
