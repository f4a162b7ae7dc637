"""`virtubar down`: close the bar; no process is left."""

from cli.running import say
from deploy.native.folder import default_root
from deploy.native.opening import close_bar


def down() -> None:
    """Close the bar. Harmless when it is closed; what it knows stays in its folder."""
    close_bar(default_root(), say=say, show=lambda _: None)
