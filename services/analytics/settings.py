"""What analytics is told by its environment, besides what every service is."""

from typing import Annotated

from annotated_types import Ge, Gt

from libs.chassis.settings import Settings as Base


class Settings(Base):
    """`lake_url` is a local path or s3://bucket/prefix; AWS_* variables then say where and who."""

    lake_url: str = ""
    sink_rows: Annotated[int, Ge(1)] = 10_000  # in one commit, at most
    sink_seconds: Annotated[float, Gt(0)] = 2.0  # from the first of them to the commit, at most
