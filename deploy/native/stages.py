"""In which order a bar opens; it closes in the opposite one."""

from collections.abc import Sequence

from deploy.bar import SERVICES
from deploy.native.native import Native
from deploy.native.ours import Gateway, Mailbox, Migration, Ours
from deploy.native.part import Part

Stage = Sequence[Part | Migration]


def stages(native: Native) -> list[Stage]:
    """Stores, migrations, services, then nodes and gateway: each stage starts when the one before it is ready."""
    ours = [Ours(native, process) for process in native.bar.processes]
    return [
        [native.postgres, native.redis, native.kafka, Mailbox(native)],
        [Migration(native, service) for service in SERVICES],
        [part for part in ours if part.process.node is None],
        [*(part for part in ours if part.process.node is not None), Gateway(native)],
    ]
