"""The containers that are not ours: stores, mailbox, and the gateway in front of everything."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from deploy.bar import SERVICES
from deploy.compose.ours import HARD, OURS, Part, build, image, published
from deploy.containers import GATEWAY_HEALTH_PORT, GATEWAY_PORT, IMAGES, USER
from deploy.kafka.security import CONTROLLER
from deploy.native.postgres import SETTINGS
from deploy.postgres.bootstrap import roles
from deploy.redis.users import ADMIN, users
from deploy.secrets import variable
from deploy.written import MERGE, Lines
from libs.contracts.access import USERS

MAIL_PAGE: Final = 8025
OF_THE_IMAGE: Final = {"listen_addresses", "unix_socket_directories", "password_encryption"}
QUESTION: Final = r"GET /readyz HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n"
ALIVE: Final = f"exec 3<>/dev/tcp/127.0.0.1/{GATEWAY_HEALTH_PORT}; printf '{QUESTION}' >&3; grep -q '200 OK' <&3"


USERS_OF: Final = {
    "postgres": [f"postgres/{role}" for role in roles()],
    "kafka": [f"kafka/{user}" for user in USERS],
}


def word(secret: str) -> str:
    """What compose puts a secret in the place of; it refuses to start without one."""
    return f"${{{variable(secret)}:?}}"


def choice(name: str, default: str) -> str:
    """What compose puts a choice in the place of."""
    return f"${{VIRTUBAR_{name}:-{default}}}"


TOLD: Final = {
    "postgres": {
        "VIRTUBAR_ADMIN_DATABASE_URL": f"postgresql://postgres:{word('postgres/postgres')}@postgres:5432/postgres"
    },
    "kafka": {"VIRTUBAR_KAFKA_ADMIN_URL": f"kafka://{ADMIN}:{word(f'kafka/{ADMIN}')}@kafka:9092"},
}


def stores() -> dict[str, Part]:
    """PostgreSQL, Redis and Kafka, what makes roles and users in them, and a mailbox."""
    return {
        "postgres": _postgres(),
        "postgres-bootstrap": _bootstrap("postgres"),
        "redis": _redis(),
        "kafka": _kafka(),
        "kafka-bootstrap": _bootstrap("kafka"),
        "mail": _mail(),
    }


def gateway(apis: list[str], documents: Mapping[str, Path]) -> Part:
    """Envoy with the configuration beside this file; `documents` are what it answers itself."""
    mounts = {"/etc/envoy/envoy.json": Path("deploy/compose/envoy.json"), **documents}
    return {
        **_upstream("gateway"),
        "depends_on": {api: {"condition": "service_healthy"} for api in sorted(apis)},
        "volumes": Lines([f"./{source}:{target}:ro" for target, source in mounts.items()]),
        "networks": ["inside", "outside"],
        "ports": [published(GATEWAY_PORT, GATEWAY_PORT)],
        "command": ["envoy", "-c", "/etc/envoy/envoy.json", "--disable-hot-restart", "--log-level", "warning"],
        "user": "101:101",
        "healthcheck": _health(["CMD", "bash", "-c", ALIVE]),
    }


def _postgres() -> Part:
    settings = {name: value for name, value in SETTINGS.items() if name not in OF_THE_IMAGE}
    return _upstream("postgres") | {
        "user": "postgres",
        "tmpfs": ["/tmp", "/var/run/postgresql"],  # noqa: S108
        "volumes": Lines(["postgres:/var/lib/postgresql/data"]),
        "environment": {
            "POSTGRES_PASSWORD": word("postgres/postgres"),
            "POSTGRES_INITDB_ARGS": "--locale=C.UTF-8 --auth-host=scram-sha-256",
        },
        "command": ["postgres", *(f"--{name}={value}" for name, value in settings.items())],
        "shm_size": "256m",
        "stop_signal": "SIGINT",  # its fast shutdown
        "healthcheck": _health(["CMD", "pg_isready", "--username=postgres", "--host=127.0.0.1"]),
    }


def _bootstrap(store: str) -> Part:
    return {
        MERGE: OURS,
        **(
            {"build": build("stores", target="stores"), "pull_policy": "build"}
            if store == "postgres"
            else {"pull_policy": "never"}
        ),
        "image": image("stores"),
        "depends_on": {store: {"condition": "service_healthy"}},
        "environment": TOLD[store] | {variable(secret): word(secret) for secret in USERS_OF[store]},
        "networks": ["inside"],
        "command": ["-m", f"deploy.{store}.bootstrap"],
        "healthcheck": {"disable": True},
        "restart": "on-failure:5",
    }


def _redis() -> Part:
    lines = users({service.name: service.redis_keys for service in SERVICES}, word)
    return _upstream("redis") | {
        "user": "redis",
        "volumes": Lines(["redis:/data"]),
        "environment": {"REDISCLI_AUTH": word(f"redis/{ADMIN}")},
        "command": ["redis-server", *(word for line in lines for word in ("--user", *line))],
        "healthcheck": _health(["CMD", "redis-cli", "-e", "--user", ADMIN, "ping"]),
    }


def _kafka() -> Part:
    secrets = (f"kafka/{ADMIN}", f"kafka/{CONTROLLER}")
    return _upstream("kafka") | {
        "volumes": Lines(["kafka:/var/lib/kafka/data", "./deploy/kafka:/etc/virtubar:ro"]),
        "environment": {
            "KAFKA_HEAP_OPTS": "-Xms256m -Xmx512m",
            "LOG_DIR": "/tmp/logs",  # noqa: S108
            **{variable(secret): word(secret) for secret in secrets},
        },
        "entrypoint": ["sh", "/etc/virtubar/start.sh", "/etc/virtubar/server.properties"],
        "mem_limit": "1g",
        "tmpfs": ["/tmp:exec"],  # noqa: S108  (what decompresses is unpacked there)
        "healthcheck": _health(["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9092"]),
    }


def _mail() -> Part:
    return _upstream("mail") | {
        "networks": ["inside", "outside"],
        "ports": [published(MAIL_PAGE, MAIL_PAGE)],
        "user": f"{USER}:{USER}",
        "healthcheck": _health(["CMD", "/mailpit", "readyz"]),
    }


def _upstream(name: str) -> Part:
    return {
        MERGE: HARD,
        "image": IMAGES[name],
        "networks": ["inside"],
        "mem_limit": "512m",
        "cpus": 2.0,
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108  (of the container)
        "restart": "unless-stopped",
    }


def _health(test: list[Any]) -> Part:
    return {"test": test, "interval": "5s", "timeout": "5s", "retries": 3, "start_period": "60s"}
