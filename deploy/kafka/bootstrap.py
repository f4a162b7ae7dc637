"""Users and their rights: what has to be there before a service can reach the brokers.

`python -m deploy.kafka.bootstrap` is told VIRTUBAR_KAFKA_ADMIN_URL (kafka://virtubar:password@host:port) and for each
user VIRTUBAR_KAFKA_PASSWORD_<USER>. It makes what is missing and takes away what is too much. Repeatable.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from deploy.kafka.grants import Grant, grants
from libs.chassis.kafka import MECHANISM, Kafka
from libs.contracts.access import USERS

ITERATIONS: Final = 4096  # Kafka's least; passwords are drawn at random, so more would only cost
PATIENCE: Final = 15.0  # seconds


def bootstrap(kafka: Kafka, passwords: Mapping[str, str], wanted: Iterable[Grant]) -> None:
    """`kafka` with the administrator's login; `passwords` by user. Raises KafkaException."""
    admin = AdminClient(
        {
            "bootstrap.servers": kafka.bootstrap,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": MECHANISM,
            "sasl.username": kafka.user,
            "sasl.password": kafka.password,
        }
    )
    how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    users = [UserScramCredentialUpsertion(user, how, word.encode()) for user, word in passwords.items()]
    _all(admin.alter_user_scram_credentials(users, request_timeout=PATIENCE))
    present, rights = set(_rights(admin)), {_binding(grant) for grant in wanted}
    if missing := rights - present:
        _all(admin.create_acls(sorted(missing), request_timeout=PATIENCE))
    if needless := present - rights:
        _all(admin.delete_acls([_exactly(each) for each in sorted(needless)], request_timeout=PATIENCE))


def _rights(admin: AdminClient) -> list[AclBinding]:
    everything = AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    found: list[AclBinding] = admin.describe_acls(everything, request_timeout=PATIENCE).result()
    return found


def _binding(grant: Grant) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if grant.resource == "GROUP" else ResourcePatternType.LITERAL
    return AclBinding(
        ResourceType[grant.resource],
        grant.name,
        pattern,
        f"User:{grant.user}",
        "*",
        AclOperation[grant.operation],
        AclPermissionType.ALLOW,
    )


def _exactly(b: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        b.restype, b.name, b.resource_pattern_type, b.principal, b.host, b.operation, b.permission_type
    )


def _all(futures: "Mapping[Any, Future[Any]]") -> None:
    for future in futures.values():
        future.result()


def main() -> int:
    told = os.environ
    needed = ["VIRTUBAR_KAFKA_ADMIN_URL", *(f"VIRTUBAR_KAFKA_PASSWORD_{user.upper()}" for user in USERS)]
    if missing := [name for name in needed if not told.get(name)]:
        print(f"not set: {', '.join(missing)}", file=sys.stderr)
        return 2
    passwords = {user: told[f"VIRTUBAR_KAFKA_PASSWORD_{user.upper()}"] for user in USERS}
    try:
        bootstrap(Kafka.parse(told["VIRTUBAR_KAFKA_ADMIN_URL"]), passwords, grants())
    except KafkaException as error:
        print(f"the brokers refused: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
