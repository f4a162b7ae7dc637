"""The listeners: the door itself, and a small one for probes and scrapers."""

from typing import Any, Final

from deploy.gateway.clusters import ADMIN, TRACES, service_cluster
from deploy.gateway.edge import Address, Edge
from deploy.gateway.replies import ROUTE_METADATA, local_replies
from deploy.gateway.routing import BUFFER, JWT, LIMIT, SIGNED_IN, route_configuration
from deploy.gateway.table import Table
from deploy.gateway.typed import Config, extension, seconds, socket, typed

LIMITER: Final = "envoy.filters.http.local_ratelimit"
CLIENT: Final = "remote_address"
IDENTITY_HEADERS: Final = {"x-virtubar-user": "sub", "x-virtubar-session": "sid", "x-virtubar-scope": "scope"}
IDENTITY_PREFIX: Final = "x-virtubar-"
CLOCK_SKEW_SECONDS: Final = 5
REMEMBERED_TOKENS: Final = 10_000
REMEMBERED_CLIENTS: Final = 50_000
MANY: Final = 2**31  # a bucket nobody empties

HEADER_KB: Final = 32
HEADER_COUNT: Final = 100

LOG: Final = {
    "at": "%START_TIME%",
    "route": "%ROUTE_NAME%",  # not the path: it holds ids, tokens and what people search for
    "method": "%REQ(:METHOD)%",
    "status": "%RESPONSE_CODE%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "flags": "%RESPONSE_FLAGS%",
    "ms": "%DURATION%",
    "upstream": "%UPSTREAM_CLUSTER%",
    "request_id": "%REQ(X-REQUEST-ID)%",
}


def door(table: Table, edge: Edge) -> Config:
    """Where clients come in."""
    manager = typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="door",
        codec_type="AUTO",
        route_config=route_configuration(table, edge),
        local_reply_config=local_replies(),
        http_filters=_filters(table, edge),
        access_log=[_access_log(edge)],
        upgrade_configs=[{"upgrade_type": "websocket", "enabled": False}],
        **_requests(edge),
        **_tracing(edge),
    )
    return _listener("door", edge.listen, manager)


def health(edge: Edge, address: Address) -> Config:
    """Where probes and scrapers come in: three paths of the admin page, and nothing else of it."""
    routes = [
        {"match": {"path": path}, "route": {"cluster": ADMIN, "prefix_rewrite": rewritten}}
        for path, rewritten in (("/readyz", "/ready"), ("/metrics", "/stats/prometheus"))
    ]
    alive = {"match": {"path": "/healthz"}, "direct_response": {"status": 200, "body": {"inline_string": "alive\n"}}}
    manager = typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="health",
        route_config={"virtual_hosts": [{"name": "health", "domains": ["*"], "routes": [alive, *routes]}]},
        http_filters=[_router()],
        normalize_path=True,
    )
    return {**_listener("health", address, manager), "ignore_global_conn_limit": True}


def _listener(name: str, address: Address, manager: Config) -> Config:
    network = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {
        "name": name,
        "address": socket(address),
        "per_connection_buffer_limit_bytes": 64 * 1024,
        "filter_chains": [{"filters": [network]}],
    }


def _requests(edge: Edge) -> Config:
    """What a request may look like, and how long it may take to arrive."""
    strip: list[dict[str, Any]] = [
        {"remove_on_match": {"key_matcher": {"prefix": IDENTITY_PREFIX, "ignore_case": True}}},
        *([] if edge.trusted_hops else [{"remove": name} for name in ("x-forwarded-for", "forwarded", "x-real-ip")]),
    ]
    return {
        "use_remote_address": True,
        "xff_num_trusted_hops": edge.trusted_hops,
        "generate_request_id": True,
        "always_set_request_id_in_response": True,
        "server_header_transformation": "PASS_THROUGH",
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "max_request_headers_kb": HEADER_KB,
        "request_headers_timeout": "10s",
        "request_timeout": seconds(edge.request_seconds),
        "stream_idle_timeout": "60s",
        "common_http_protocol_options": {
            "idle_timeout": "300s",
            "max_headers_count": HEADER_COUNT,
            # some servers read x_virtubar_user as x-virtubar-user
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": 100,
            "initial_stream_window_size": 64 * 1024,
            "initial_connection_window_size": 1024 * 1024,
        },
        "early_header_mutation_extensions": [
            extension(
                "envoy.http.early_header_mutation.header_mutation",
                "http.early_header_mutation.header_mutation.v3.HeaderMutation",
                mutations=strip,
            )
        ],
    }


def _filters(table: Table, edge: Edge) -> list[Config]:
    """Cheapest refusal first: too many, then unknown, then too large."""
    return [
        extension(
            "envoy.filters.http.local_ratelimit",
            "filters.http.local_ratelimit.v3.LocalRateLimit",
            **_limits(table, edge),
        ),
        extension(JWT, "filters.http.jwt_authn.v3.JwtAuthentication", **_tokens(table, edge)),
        extension(BUFFER, "filters.http.buffer.v3.Buffer", max_request_bytes=64 * 1024),
        _router(),
    ]


def _limits(table: Table, edge: Edge) -> Config:
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return {
        "stat_prefix": "clients",
        "token_bucket": {"max_tokens": MANY, "tokens_per_fill": MANY, "fill_interval": "1s"},
        "filter_enabled": always,
        "filter_enforced": always,
        "rate_limits": [{"actions": [_class_of_route(), {CLIENT: {}}]}],
        "max_dynamic_descriptors": REMEMBERED_CLIENTS,
        "descriptors": [
            {
                "entries": [{"key": LIMIT, "value": name}, {"key": CLIENT}],
                "token_bucket": {
                    "max_tokens": limit.burst * edge.limit_factor,
                    "tokens_per_fill": limit.tokens * edge.limit_factor,
                    "fill_interval": seconds(limit.seconds),
                },
            }
            for name, limit in table.limits.items()
        ],
    }


def _class_of_route() -> Config:
    key = {"key": ROUTE_METADATA, "path": [{"key": LIMIT}]}
    return {"metadata": {"descriptor_key": LIMIT, "metadata_key": key, "source": "ROUTE_ENTRY"}}


def _tokens(table: Table, edge: Edge) -> Config:
    cluster = service_cluster(table.jwks.service)
    keys = {
        "http_uri": {"uri": f"http://{table.jwks.service}{table.jwks.path}", "cluster": cluster, "timeout": "2s"},
        "cache_duration": seconds(table.jwks.refresh),
        # fetched before the door opens; where identity is not up by then, tokens are answered 503 until it is
        "async_fetch": {"fast_listener": False, "failed_refetch_duration": "1s"},
    }
    provider = {
        "issuer": edge.issuer,
        "audiences": [edge.audience],
        "require_expiration": True,
        "clock_skew_seconds": CLOCK_SKEW_SECONDS,
        "forward": True,
        "remote_jwks": keys,
        "from_headers": [{"name": "authorization", "value_prefix": "Bearer "}],
        "claim_to_headers": [{"header_name": name, "claim_name": claim} for name, claim in IDENTITY_HEADERS.items()],
        "jwt_cache_config": {"jwt_cache_size": REMEMBERED_TOKENS},
    }
    return {
        "providers": {"identity": provider},
        "requirement_map": {SIGNED_IN: {"provider_name": "identity"}},
    }


def _tracing(edge: Edge) -> Config:
    if not edge.otlp_url:
        return {}
    url = f"{edge.otlp_url.rstrip('/')}/v1/traces"
    ratio = extension(
        "envoy.tracers.opentelemetry.samplers.trace_id_ratio_based",
        "tracers.opentelemetry.samplers.v3.TraceIdRatioBasedSamplerConfig",
        sampling_percentage={"numerator": round(edge.trace_ratio * 10_000), "denominator": "TEN_THOUSAND"},
    )
    parent = extension(
        "envoy.tracers.opentelemetry.samplers.parent_based",
        "tracers.opentelemetry.samplers.v3.ParentBasedSamplerConfig",
        wrapped_sampler=ratio,
    )
    provider = {
        "name": "envoy.tracers.opentelemetry",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
            "http_service": {"http_uri": {"uri": url, "cluster": TRACES, "timeout": "2s"}},
            "service_name": "gateway",
            "sampler": parent,
        },
    }
    return {"tracing": {"provider": provider, "spawn_upstream_span": True}}


def _access_log(edge: Edge) -> Config:
    """One JSON line per refusal and failure; traces and metrics have the rest."""
    log = extension(
        "envoy.access_loggers.stdout", "access_loggers.stream.v3.StdoutAccessLog", log_format={"json_format": LOG}
    )
    worth_a_line = {"comparison": {"op": "GE", "value": {"default_value": 400, "runtime_key": "virtubar.log_from"}}}
    return log if edge.log_all else {**log, "filter": {"status_code_filter": worth_a_line}}


def _router() -> Config:
    return extension("envoy.filters.http.router", "filters.http.router.v3.Router", suppress_envoy_headers=True)
