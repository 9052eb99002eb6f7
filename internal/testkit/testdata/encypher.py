# Reads the manifests of files with encypher-c2pa, offline, and prints {file: {"state": …, "failures": [codes]}}. Its arguments are a
# folder with roots.pem and stamps.pem, "strict" or "default", and the files.
import json
import sys
from pathlib import Path

import encypher_c2pa

folder, mode, *files = sys.argv[1:]
roots, stamps = (Path(folder, name).read_text() or None for name in ("roots.pem", "stamps.pem"))
answer = {}
for path in files:
    report = encypher_c2pa.verify(
        path, trust_pem=roots, tsa_trust_pem=stamps, no_default_trust=True, strict_conformance=mode == "strict", telemetry=False, online=False
    )
    failures = [f["code"] for f in report["validation_results"].get("failure", [])]
    answer[path] = {"state": report["validation_state"], "failures": failures}
print(json.dumps(answer))
