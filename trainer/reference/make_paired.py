"""Golden numbers of internal/guard: Student's t and paired intervals as scipy gives them.

    pip install scipy==1.17.* && python trainer/reference/make_paired.py > internal/guard/testdata/paired.json

The first case is Student's own (1908, "The Probable Error of a Mean"): hours of sleep won by two drugs, which R ships as
"sleep"; its documentation prints the interval 0.7001142 to 2.4598858 for t.test(extra ~ group, paired = TRUE).
"""

import json
import random

import scipy
from scipy import stats

SLEEP_OLD = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_NEW = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def case(name, old, new, confidence):
    result = stats.ttest_rel(new, old)
    interval = result.confidence_interval(confidence)
    mean = sum(n - o for o, n in zip(old, new)) / len(old)
    return {"name": name, "old": old, "new": new, "confidence": confidence, "mean": mean, "low": float(interval.low), "high": float(interval.high)}


def main():
    random.seed(7)
    cases = [case("sleep", SLEEP_OLD, SLEEP_NEW, 0.95), case("sleep, 99.9 %", SLEEP_OLD, SLEEP_NEW, 0.999)]
    for n in (2, 3, 8, 40):
        old = [round(random.gauss(20, 5), 4) for _ in range(n)]
        new = [round(o + random.gauss(0.5, 2), 4) for o in old]
        cases += [case(f"{n} pairs", old, new, c) for c in (0.9, 0.95, 0.99)]
    quantiles = [{"p": p, "freedom": f, "t": float(stats.t.ppf(p, f))} for f in (1, 2, 5, 9, 30, 200) for p in (0.5, 0.9, 0.975, 0.995, 0.9995)]
    print(json.dumps({"scipy": scipy.__version__, "cases": cases, "quantiles": quantiles}, indent=1))


if __name__ == "__main__":
    main()
