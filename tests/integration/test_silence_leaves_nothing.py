"""A service that listens to silence leaves nothing to clean up: cleaning would stop everybody's work."""

import os
import subprocess
import sys

from deploy.local.endpoints import Endpoints

TIMES = 50
LISTEN = f"""
import gc, os
from chassis import runner
runner._go_green()
from chassis.line import Line
from chassis.settings import Settings
with Line(Settings(amqp_url=os.environ["AMQP_URL"], database_url=""), "silence") as line:
    line.drain(0.01)
    gc.collect()
    gc.disable()
    heard = sum(line.drain(0.002) for _ in range({TIMES}))
    print(heard, gc.collect())
"""


def test_waiting_in_vain_makes_no_cycles(servers: Endpoints) -> None:
    environment = os.environ | {"AMQP_URL": servers.amqp_url("dispatch")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LISTEN], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    heard, left = map(int, done.stdout.split())
    assert heard == 0
    assert left < TIMES  # an error that nobody needs would leave thirty each
