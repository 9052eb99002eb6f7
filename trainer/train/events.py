"""What a job tells whoever started it: one JSON object a line on standard output. See docs/training.md for the protocol."""

import json
import os
import sys
import threading


def tell(event: str, **more) -> None:
    sys.stdout.write(json.dumps({"event": event, **more}) + "\n")
    sys.stdout.flush()


def end_with_parent() -> None:
    """Ends this process when whoever holds its standard input is gone, so that a killed parent leaves no job behind."""

    def watch():
        while os.read(0, 4096):
            pass
        os._exit(3)

    threading.Thread(target=watch, daemon=True).start()
