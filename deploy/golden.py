"""`python -m deploy.golden`: writes what is made from deploy/bar.py for containers. A test compares."""

from collections.abc import Mapping
from pathlib import Path

from deploy.compose import file as compose
from deploy.containers import broker
from deploy.kubernetes import files as kubernetes

ROOT = Path(__file__).parents[1]


def files() -> Mapping[str, str]:
    """What each file should hold, by its path in the repository."""
    return {
        "docker-compose.yml": compose.compose(),
        ".env.example": compose.example(),
        "deploy/compose/envoy.json": compose.envoy(),
        "deploy/kafka/server.properties": broker(),
        **kubernetes.files(),
    }


def main() -> None:
    for name, content in files().items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(content)


if __name__ == "__main__":
    main()
