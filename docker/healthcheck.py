"""Whether the hub in this container lives: exit status 0 when /livez answers 200."""

import os
import sys
import urllib.error
import urllib.request

address = os.environ.get("CTIHUB_HEALTH_URL", "http://127.0.0.1:8080/livez")
try:
    with urllib.request.urlopen(address, timeout=4) as answer:  # noqa: S310 - the container's own setting
        status = answer.status
except (urllib.error.URLError, OSError) as error:
    sys.exit(f"{address}: {error}")
sys.exit(0 if status == 200 else f"{address}: status {status}")  # noqa: PLR2004 - HTTP's OK
