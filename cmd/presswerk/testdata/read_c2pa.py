# Reads the manifests of files with c2pa-python and prints {file: [state, failure codes]}.
import json
import sys

import c2pa

answer = {}
for path in sys.argv[1:]:
    with c2pa.Reader(path) as reader:
        results = reader.get_validation_results() or {}
        failures = [f["code"] for part in results.values() if isinstance(part, dict) for f in part.get("failure", [])]
        answer[path] = [reader.get_validation_state(), failures]
print(json.dumps(answer))
