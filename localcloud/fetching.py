"""What fetches over the network is tried again: a mirror or a proxy may not answer once."""

import subprocess
import time
from collections.abc import Callable

ATTEMPTS, PAUSE = 3, 10.0

Done = subprocess.CompletedProcess[str]


def again_where_it_failed(
    run: Callable[[], Done], worth_it: Callable[[Done], bool] = lambda _: True
) -> Done:
    """What came of the last attempt.

    worth_it: whether what has failed so may go well the next time.
    """
    done = run()
    for _ in range(ATTEMPTS - 1):
        if not done.returncode or not worth_it(done):
            break
        time.sleep(PAUSE)
        done = run()
    return done
