"""Stores to try the bar with in a cluster: one pod each, on a volume. In earnest they are somebody's whole job."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from deploy.bar import SERVICES
from deploy.containers import IMAGES, STORE_PORTS, USER
from deploy.kafka.security import ADMIN, CONTROLLER
from deploy.kubernetes.environment import references
from deploy.kubernetes.network import OURS, named, policy, way
from deploy.kubernetes.pods import RESOURCES, SCRATCH, Part, image, meta, pod
from deploy.postgres.bootstrap import roles
from deploy.redis import users as redis
from deploy.secrets import variable
from libs.contracts.access import USERS

MAIL_PAGE: Final = 8025


def word(secret: str) -> str:
    return f"$({variable(secret)})"


def stores() -> Iterator[Part]:
    """Every object: stores, the jobs that make roles and users in them, and who may reach what."""
    yield from _postgres()
    yield from _redis()
    yield from _kafka()
    yield from _mail()
    admin = f"postgresql://postgres:{word('postgres/postgres')}@postgres:{STORE_PORTS['postgres']}/postgres"
    yield from _bootstrap("postgres", roles(), {"VIRTUBAR_ADMIN_DATABASE_URL": admin})
    broker = f"kafka://{ADMIN}:{word(f'kafka/{ADMIN}')}@kafka:{STORE_PORTS['kafka']}"
    yield from _bootstrap("kafka", USERS, {"VIRTUBAR_KAFKA_ADMIN_URL": broker})


def _postgres() -> Iterator[Part]:
    password, folder = word("postgres/postgres"), "/var/lib/postgresql/data"
    settings = ["--max_connections=300", "--log_error_verbosity=terse", "--log_min_error_statement=panic"]
    container = {
        "args": ["postgres", *settings],
        "env": [
            *references([password], "postgres"),
            {"name": "POSTGRES_PASSWORD", "value": password},
            {"name": "PGDATA", "value": f"{folder}/pgdata"},
        ],
    }
    ready = ["pg_isready", "--username=postgres", "--host=127.0.0.1"]
    yield from _store("postgres", container, ready, user=999, data=folder, writes=(*SCRATCH, "/var/run/postgresql"))


def _redis() -> Iterator[Part]:
    lines = redis.users({service.name: service.redis_keys for service in SERVICES}, word)
    words = [word for line in lines for word in ("--user", *line)]
    password = {"name": "REDISCLI_AUTH", "value": word(f"redis/{redis.ADMIN}")}
    container = {"args": ["redis-server", *words], "env": [*references(words, "redis"), password]}
    yield from _store("redis", container, ["redis-cli", "-e", "--user", redis.ADMIN, "ping"], user=999, data="/data")


def _kafka() -> Iterator[Part]:
    told = {"KAFKA_HEAP_OPTS": "-Xms256m -Xmx512m", "LOG_DIR": f"{SCRATCH[0]}/logs"}
    container = {
        "command": ["sh", "/etc/virtubar/start.sh", "/etc/virtubar/server.properties"],
        "env": [
            *references([word(f"kafka/{who}") for who in (ADMIN, CONTROLLER)], "kafka"),
            *({"name": name, "value": value} for name, value in told.items()),
        ],
    }
    ready = ["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{STORE_PORTS['kafka']}"]
    folder = "/var/lib/kafka"  # its data is a folder below, for a volume may come with a lost+found
    yield from _store("kafka", container, ready, user=1000, data=folder, configs={"/etc/virtubar": "kafka"})


def _mail() -> Iterator[Part]:
    yield from _store("mail", {}, ["/mailpit", "readyz"], user=USER, page=MAIL_PAGE)


def _store(
    name: str, container: Part, ready: Sequence[str], *, page: int | None = None, **pod_options: Any
) -> Iterator[Part]:
    """One store: a StatefulSet, a name for it, and who may come to it."""
    carried = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "virtubar"}
    ports = {name: STORE_PORTS[name], **({"page": page} if page else {})}
    whole = {
        "name": name,
        "image": IMAGES[name],
        **container,
        "ports": [{"name": port, "containerPort": number} for port, number in ports.items()],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "startupProbe": {"exec": {"command": list(ready)}, "failureThreshold": 60, "timeoutSeconds": 5},
        "readinessProbe": {"exec": {"command": list(ready)}, "periodSeconds": 10, "timeoutSeconds": 5},
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
    claims = [{"metadata": {"name": "data"}, "spec": claim}] if "data" in pod_options else []
    spec: Part = {
        "serviceName": name,
        "selector": named(name),
        "template": pod(carried, whole, **pod_options),
        **({"volumeClaimTemplates": claims} if claims else {}),
    }
    yield {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta(name, carried), "spec": spec}
    listed = [{"name": port, "port": number, "targetPort": port} for port, number in ports.items()]
    reached = {"selector": {"app.kubernetes.io/name": name}, "ports": listed}
    yield {"apiVersion": "v1", "kind": "Service", "metadata": meta(name, carried), "spec": reached}
    guests = [{"podSelector": OURS}, {"podSelector": named(f"{name}-bootstrap")}]
    yield policy(f"store-{name}", named(name), ingress=[way(guests, STORE_PORTS[name])])


def _bootstrap(store: str, everybody: Sequence[str], told: Mapping[str, str]) -> Iterator[Part]:
    """The job that makes roles or users, and its way to the store."""
    name = f"{store}-bootstrap"
    container = {
        "name": "bootstrap",
        "image": image("stores"),
        "args": ["-m", f"deploy.{store}.bootstrap"],
        "env": [
            *references([*told.values(), *(word(f"{store}/{who}") for who in everybody)], name),
            *({"name": name, "value": value} for name, value in told.items()),
        ],
        "resources": RESOURCES[""],
    }
    carried = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "virtubar"}
    spec = {
        "backoffLimit": 20,
        "ttlSecondsAfterFinished": 600,
        "template": pod(carried, container, restartPolicy="OnFailure"),
    }
    yield {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta(name, carried), "spec": spec}
    yield policy(f"store-{name}", named(name), egress=[way([{"podSelector": named(store)}], STORE_PORTS[store])])
