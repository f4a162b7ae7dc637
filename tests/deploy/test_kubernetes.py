"""deploy/kubernetes as a cluster would be given it: strict schemas, nothing that is not there, nobody who may not."""

import copy
import re
from pathlib import Path

import kubernetes_validate
import pytest

from deploy.bar import SERVICES
from deploy.containers import documents
from tests.deploy.cluster import SOURCE, Cluster, references, rendered, selected
from tests.deploy.test_compose import validated

VERSION = "1.37"


@pytest.fixture(scope="module", params=["base", "overlays/local", "overlays/direct"])
def each(request: pytest.FixtureRequest, manifests: Path) -> Cluster:
    return Cluster(rendered(manifests / str(request.param)))


def test_every_object_is_of_its_schema_and_of_a_known_kind(each: Cluster) -> None:
    for found in each.objects:
        kubernetes_validate.validate(found, VERSION, strict=True)


def test_control_a_misspelt_field_and_an_unknown_kind_are_refused(local: Cluster) -> None:
    wrong = copy.deepcopy(local.named("Deployment")["rooms-api"])
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        kubernetes_validate.validate(wrong, VERSION, strict=True)
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        kubernetes_validate.validate({**wrong, "kind": "Deplyoment"}, VERSION, strict=True)


def test_whatever_is_referred_to_is_there(local: Cluster) -> None:
    for pod in local.pods().values():
        for kind, name, key in references(pod.spec):
            held = local.named(kind)
            assert name in held, f"{pod.name}: {kind} {name}"
            assert key is None or key in held[name].get("data", {}), f"{pod.name}: {key} of {name}"
    for name, service in local.named("Service").items():
        taken = [
            pod for pod in local.pods().values() if selected({"matchLabels": service["spec"]["selector"]}, pod.labels)
        ]
        assert [pod.name for pod in taken] == [name]
        ports = {port["name"] for port in taken[0].container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for each in local.of_kind("HorizontalPodAutoscaler"):
        assert each["spec"]["scaleTargetRef"]["name"] in local.named("Deployment")
    for each in local.of_kind("PodDisruptionBudget"):
        assert any(selected(each["spec"]["selector"], pod.labels) for pod in local.pods().values())


def test_a_variable_is_named_before_it_is_used(each: Cluster) -> None:
    for pod in each.pods().values():
        known: set[str] = set()
        for entry in pod.container.get("env", []):
            assert set(re.findall(r"\$\((\w+)\)", entry.get("value", ""))) <= known, f"{pod.name}: {entry['name']}"
            known.add(entry["name"])
        words = " ".join([*pod.container.get("args", []), *pod.container.get("command", [])])
        assert set(re.findall(r"\$\((\w+)\)", words)) <= known, pod.name


def test_no_secret_is_written_in_a_workload(each: Cluster) -> None:
    for pod in each.pods().values():
        for name, value in each.environment(pod).items():
            if re.search("PASSWORD|SECRET|PEPPER", name):
                assert value == "(reference)" or value.startswith("$("), f"{pod.name}: {name}"
            assert re.search(r"://[^@/]*:(?!\$\()[^@/]*@", value) is None, f"{pod.name}: {name}"


def test_the_owner_s_password_is_told_to_migrations_alone(local: Cluster) -> None:
    told = {pod.name for pod in local.pods().values() if any("_OWNER" in name for name in local.environment(pod))}
    assert told == {f"{service.name}-migrate" for service in SERVICES} | {"postgres-bootstrap"}


def test_every_pod_is_under_the_restricted_standard(each: Cluster) -> None:
    for pod in each.pods().values():
        spec, inner = pod.spec["securityContext"], pod.container["securityContext"]
        assert spec["runAsNonRoot"]
        assert spec["runAsUser"] > 0
        assert spec["seccompProfile"] == {"type": "RuntimeDefault"}
        assert inner == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert not pod.spec["automountServiceAccountToken"]
        assert not pod.spec["enableServiceLinks"]
        assert pod.container["resources"].keys() == {"requests", "limits"}
        assert not any("hostPath" in volume for volume in pod.spec["volumes"])
        assert pod.kind == "Job" or "readinessProbe" in pod.container
    (namespace,) = each.of_kind("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_gateway_reaches_apis_and_nodes_and_no_store(local: Cluster) -> None:
    pods = {name: pod.labels for name, pod in local.pods().items()}
    gateway = pods["gateway"]
    apis = {f"{service.name}-api" for service in SERVICES if "api" in service.roles}
    assert {name for name in pods if local.may_speak(gateway, pods[name], 8000)} == apis
    assert {name for name in pods if local.may_speak(gateway, pods[name], 9000)} == {"rooms-node"}
    for store, port in (("postgres", 5432), ("redis", 6379), ("kafka", 9092), ("mail", 1025)):
        assert not local.may_speak(gateway, pods[store], port)


def test_services_reach_stores_and_keys_and_never_each_other(local: Cluster) -> None:
    pods = {name: pod.labels for name, pod in local.pods().items()}
    ours = {name: labels for name, labels in pods.items() if "virtubar.dev/service" in labels}
    for name, labels in ours.items():
        for store, port in (("postgres", 5432), ("redis", 6379), ("kafka", 9092)):
            assert local.may_speak(labels, pods[store], port), f"{name} to {store}"
        assert {other for other in ours if local.may_speak(labels, pods[other], 8000)} == {"identity-api"}, name
        assert local.may_speak(labels, pods["mail"], 1025) == name.startswith("identity-"), name


def test_a_stranger_in_the_namespace_reaches_nothing_but_the_open_doors(local: Cluster) -> None:
    stranger = {"app.kubernetes.io/name": "stranger"}
    ports = [("postgres", 5432), ("redis", 6379), ("kafka", 9092), ("identity-api", 8000), ("gateway", 8080)]
    assert not any(local.may_speak(stranger, local.pods()[name].labels, port) for name, port in ports)
    bare = Cluster([found for found in local.objects if found["kind"] != "NetworkPolicy"])
    assert bare.may_speak(stranger, local.pods()["postgres"].labels, 5432), (
        "control: without policies everything is open"
    )


def test_envoy_accepts_the_configuration_and_its_names_are_pods(local: Cluster, tmp_path: Path) -> None:
    config = SOURCE / "base" / "gateway" / "envoy.json"
    done = validated(config, tmp_path)
    assert done.returncode == 0, done.stderr
    hosts = set(re.findall(r'"address": "([a-z][a-z0-9.-]+)"', config.read_text()))
    nodes = {host for host in hosts if "." in host}
    assert hosts - nodes <= local.named("Service").keys()
    stateful = local.named("StatefulSet")["rooms-node"]["spec"]
    first, count = stateful["ordinals"]["start"], stateful["replicas"]
    assert {f"rooms-node-{n}.{stateful['serviceName']}" for n in range(first, first + count)} <= nodes
    (held,) = (found for name, found in local.named("ConfigMap").items() if name.startswith("gateway-documents"))
    assert {Path(name).name for name in documents()} == held["data"].keys()
