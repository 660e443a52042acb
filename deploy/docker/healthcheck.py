"""Ends with 0 if the service of this container says that it is ready; the image has no curl."""

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT = 3.0


def ready(port: int) -> bool:
    """True if /readyz answers 200 within the timeout."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException) as error:
        print(f"/readyz does not answer: {error}", file=sys.stderr)
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if ready(int(os.environ["HEALTH_PORT"])) else 1)
