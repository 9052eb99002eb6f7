"""python -m trainer.train JOB.json [--estimate]"""

import json
import sys
import time
from pathlib import Path

from .events import end_with_parent, tell


def main() -> int:
    end_with_parent()
    job = json.loads(Path(sys.argv[1]).read_text())
    started = time.monotonic()
    try:
        from .course import run

        run(job, started, only_estimate="--estimate" in sys.argv[2:])
    except (ValueError, OSError, KeyError) as problem:
        tell("error", reason=f"{type(problem).__name__}: {problem}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
