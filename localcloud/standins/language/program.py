"""Runs one Pulumi program inside the project's own Python, wired to the engine.

Started as a file, not as a module: the project's environment need not hold this package. What to
run arrives as JSON in GROUNDWORK_PROGRAM.
"""

import asyncio
import json
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The exit code that tells the language host: the failure has been shown already.
ALREADY_REPORTED = 32

try:
    import pulumi
    import pulumi.runtime
except ImportError:
    traceback.print_exc()
    print("this Python has no package 'pulumi': install the requirements", file=sys.stderr)
    sys.exit(1)


def own_traceback(home: str) -> str:
    """The traceback from the first frame that belongs to the program itself."""
    kind, error, trace = sys.exc_info()
    frame = trace
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if not file.startswith("<") and os.path.abspath(file).startswith(home):  # noqa: PTH100 - no symlinks
            return "".join(traceback.format_exception(kind, error, frame))
        frame = frame.tb_next
    return traceback.format_exc()


def main() -> int:
    program = json.loads(os.environ.pop("GROUNDWORK_PROGRAM"))
    pulumi.runtime.set_all_config(program["config"], program["secret_keys"])
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=program["monitor"],
            engine=program["engine"],
            project=program["project"],
            stack=program["stack"],
            parallel=program["parallel"],
            dry_run=program["dry_run"],
            organization=program["organization"],
            root_directory=program["root"],
        )
    )
    os.chdir(program["directory"])
    entry = Path(program["entry"])
    sys.argv = [str(entry), *program["arguments"]]
    home = str(entry.absolute() if entry.is_dir() else entry.absolute().parent)
    if entry.is_dir() and not (entry / "__main__.py").exists():
        pulumi.log.error(f"there is no __main__.py in {entry.absolute()}")
        return ALREADY_REPORTED

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pool = ThreadPoolExecutor(max_workers=max(program["parallel"], 1) * 4)
    loop.set_default_executor(pool)
    # After a failure there are always futures that nobody waits for.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)

    def run() -> None:
        runpy.run_path(str(entry), run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(run))
        return 0
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return ALREADY_REPORTED
    except Exception:  # whatever the program raised is shown as its own
        pulumi.log.error(f"the program failed:\n{own_traceback(home)}")
        return ALREADY_REPORTED
    finally:
        pool.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
