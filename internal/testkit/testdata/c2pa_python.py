# Reads the manifests of files with c2pa-python and prints {file: {"state": …, "failures": [codes]}}.
import json
import sys

import c2pa

context = c2pa.Context.from_dict({"version": 1, "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}})
answer = {}
for path in sys.argv[1:]:
    with c2pa.Reader(path, context=context) as reader:
        results = reader.get_validation_results() or {}
        failures = [f["code"] for part in results.values() if isinstance(part, dict) for f in part.get("failure", [])]
        answer[path] = {"state": reader.get_validation_state(), "failures": failures}
print(json.dumps(answer))
