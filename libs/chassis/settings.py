"""What every process is told by its environment (prefix VIRTUBAR_). Services subclass `Settings` and add their own."""

from typing import Annotated, Literal

from annotated_types import Ge, Gt
from pydantic_settings import BaseSettings, SettingsConfigDict

LogLevel = Literal["debug", "info", "warning", "error"]
Seconds = Annotated[float, Gt(0)]


class Settings(BaseSettings):
    """`VIRTUBAR_DATABASE_URL` is `database_url`, and so on. Secrets stay out of `repr`, as no URL is ever logged."""

    model_config = SettingsConfigDict(env_prefix="VIRTUBAR_", extra="ignore", frozen=True, hide_input_in_errors=True)

    # where things are
    database_url: str = ""
    owner_database_url: str = ""  # `migrate` and `rebuild` alone; running processes need no such right
    keys_url: str = ""  # the separate database of subject keys
    redis_url: str = ""
    kafka_url: str = ""  # kafka://[user:password@]host:port[,host:port]
    otlp_url: str | None = None  # http://host:4318; without it nothing is traced

    # this process
    cell: str = "local"
    instance: str = "0"  # this process among its equals; keeps its place in consumer groups over a restart
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Ge(0)] = 8000  # the API, or the health endpoints alone; 0 picks a free port
    log_level: LogLevel = "info"
    stop_seconds: Seconds = 10.0  # a graceful stop that takes longer is cut short

    # access tokens
    jwks_url: str = ""
    issuer: str = "https://virtubar.dev"
    audience: str = "virtubar"
    access_token_seconds: Annotated[int, Ge(1)] = 300
    catch_up_seconds: Seconds = 5.0  # to hear of revocations before anybody is let in; without Kafka there is no bound

    # limits
    pool_size: Annotated[int, Ge(1)] = 10
    body_limit_bytes: Annotated[int, Ge(0)] = 64 * 1024
    trace_ratio: Annotated[float, Ge(0)] = 1.0  # of requests that arrive without a sampling decision
