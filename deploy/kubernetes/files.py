"""deploy/kubernetes/base and the stores to try it with, made from the bar on one page. Pure, but for documents read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.bar import SERVICES
from deploy.containers import broker, documents
from deploy.gateway.envoy import render, written
from deploy.gateway.table import load
from deploy.kubernetes.environment import ADDRESSES, PLACES, bar, settings
from deploy.kubernetes.gateway import cluster_edge, gateway
from deploy.kubernetes.network import policies
from deploy.kubernetes.pods import Part
from deploy.kubernetes.secrets import needed
from deploy.kubernetes.stores import stores
from deploy.kubernetes.workloads import service
from deploy.native.folder import CHECKOUT
from deploy.written import Lines, text

BASE: Final = "deploy/kubernetes/base"
STORES: Final = "deploy/kubernetes/components/stores"
MADE: Final = (
    "# Made from deploy/bar.py by `make golden`; a test compares. What to change lies in deploy/kubernetes/*.py.\n"
)
RESTRICTED: Final = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


def files() -> Mapping[str, str]:
    """What each file should hold, by its path in the repository."""
    copied = {f"gateway/{source.name}": _copied(CHECKOUT / source) for source in documents().values()}
    made = {f"{name}.yaml": _yaml(objects) for name, objects in _base().items()}
    base = {
        **made,
        "kustomization.yaml": MADE + text(_kustomization(sorted(made), sorted(copied))),
        "gateway/envoy.json": written(render(load(), cluster_edge())),
        **copied,
    }
    component = {
        "stores.yaml": _yaml(list(stores())),
        "kustomization.yaml": MADE + text(_component()),
        "kafka/server.properties": broker(),
        "kafka/start.sh": (CHECKOUT / "deploy" / "kafka" / "start.sh").read_text(),
    }
    return {
        **{f"{BASE}/{name}": content for name, content in base.items()},
        **{f"{STORES}/{name}": content for name, content in component.items()},
    }


def everything() -> list[Part]:
    """Every object of the base and of the stores."""
    return [part for objects in _base().values() for part in objects] + list(stores())


def _base() -> dict[str, list[Part]]:
    """By the name of their file."""
    whole = bar()
    return {
        "namespace": [_namespace()],
        "network": list(policies()),
        "gateway": list(gateway()),
        **{each.name: list(service(whole, each)) for each in SERVICES},
    }


def _kustomization(resources: list[str], copied: list[str]) -> Part:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "virtubar",
        "resources": resources,
        "configMapGenerator": [
            {"name": PLACES, "literals": Lines(f"{name}={value}" for name, value in ADDRESSES.items())},
            {"name": "settings", "literals": Lines(f"{name}={value}" for name, value in settings(bar()).items())},
            {"name": "gateway", "files": ["gateway/envoy.json"]},
            {"name": "gateway-documents", "files": Lines(copied)},
        ],
    }


def _component() -> Part:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "resources": ["stores.yaml"],
        "configMapGenerator": [{"name": "kafka", "files": ["kafka/server.properties", "kafka/start.sh"]}],
        "secretGenerator": [{"name": name, "envs": [f"secrets/{name}.env"]} for name in needed(everything())],
    }


def _copied(source: Path) -> str:
    """A document as it goes into a ConfigMap, which holds 1 MiB."""
    content = source.read_text()
    return json.dumps(json.loads(content), separators=(",", ":")) if source.suffix == ".json" else content


def _namespace() -> Part:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "virtubar", "labels": RESTRICTED}}


def _yaml(objects: list[Part]) -> str:
    return MADE + text(*objects)
