"""python -m libs.chassis.probe [/readyz]: asks the process beside it, for containers that have no curl.

Exits with 0 where the answer is 200, with 1 otherwise. Imports nothing of what the services are made of: it runs often.
"""

import http.client
import os
import sys

PATIENCE = 4.0  # seconds


def probe(port: int, path: str) -> bool:
    """Whether what listens on this port of loopback answers 200."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        asked.request("GET", path)
        return asked.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


if __name__ == "__main__":
    path = sys.argv[1] if len(sys.argv) > 1 else "/readyz"
    sys.exit(not probe(int(os.environ["VIRTUBAR_HTTP_PORT"]), path))
