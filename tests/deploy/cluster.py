"""What `kubectl apply` would be given, and what follows from it: who is told what, and who may speak with whom."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.native.folder import CHECKOUT

Object = dict[str, Any]
SOURCE = CHECKOUT / "deploy" / "kubernetes"
WORKLOADS = {"Deployment", "StatefulSet", "Job"}


def rendered(kustomization: Path) -> list[Object]:
    """Everything a kustomization comes to."""
    kubectl = Path(sys.executable).with_name("kubectl")
    done = subprocess.run([kubectl, "kustomize", kustomization], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found]


@dataclass(frozen=True)
class Pod:
    """The pods of one workload."""

    kind: str
    name: str
    labels: Mapping[str, str]
    spec: Object
    workload: Object

    @property
    def container(self) -> Object:
        (only,) = self.spec["containers"]
        return dict(only)


class Cluster:
    """The objects of one rendering."""

    def __init__(self, objects: list[Object]) -> None:
        self.objects = objects

    def of_kind(self, *kinds: str) -> list[Object]:
        return [each for each in self.objects if each["kind"] in kinds]

    def named(self, kind: str) -> dict[str, Object]:
        return {each["metadata"]["name"]: each for each in self.of_kind(kind)}

    def pods(self) -> dict[str, Pod]:
        """Of every workload, by its name."""
        found = {}
        for each in self.of_kind(*WORKLOADS):
            template, name = each["spec"]["template"], each["metadata"]["name"]
            found[name] = Pod(each["kind"], name, template["metadata"]["labels"], template["spec"], each["spec"])
        return found

    def environment(self, pod: Pod) -> dict[str, str]:
        """What a pod is told, with `$(NAME)` left as it is; of references their names."""
        told: dict[str, str] = {}
        for source in pod.container.get("envFrom", []):
            if "configMapRef" in source:
                told |= self.named("ConfigMap")[source["configMapRef"]["name"]]["data"]
        for entry in pod.container.get("env", []):
            told[entry["name"]] = entry.get("value", "(reference)")
        return told

    def may_speak(self, one: Mapping[str, str], other: Mapping[str, str], port: int) -> bool:
        """Whether pods with labels `one` may open a connection to `port` of those with labels `other`."""
        return self._allowed("Egress", one, other, port) and self._allowed("Ingress", other, one, port)

    def _allowed(self, direction: str, whose: Mapping[str, str], peer: Mapping[str, str], port: int) -> bool:
        key, side = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}[direction]
        about = [
            policy["spec"]
            for policy in self.of_kind("NetworkPolicy")
            if direction in policy["spec"]["policyTypes"] and selected(policy["spec"]["podSelector"], whose)
        ]
        rules = [rule for policy in about for rule in policy.get(key, [])]
        return not about or any(
            port in [each["port"] for each in rule["ports"]]
            and (side not in rule or any(selected(p["podSelector"], peer) for p in rule[side] if "podSelector" in p))
            for rule in rules
        )


def selected(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector takes these labels."""
    equal = all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items())
    return equal and all(each["key"] in labels for each in selector.get("matchExpressions", []))


def references(part: Any) -> Iterator[tuple[str, str, str | None]]:
    """(kind, name, key) of every Secret, ConfigMap and claim that a part refers to."""
    if isinstance(part, Mapping):
        for word, kind, name in (
            *(("secretKeyRef", "Secret", "name"), ("configMapKeyRef", "ConfigMap", "name")),
            *(
                ("secretRef", "Secret", "name"),
                ("configMapRef", "ConfigMap", "name"),
                ("configMap", "ConfigMap", "name"),
            ),
            *(("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"), ("secret", "Secret", "secretName")),
        ):
            if isinstance(found := part.get(word), Mapping) and not found.get("optional"):
                yield kind, found[name], found.get("key")
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)
