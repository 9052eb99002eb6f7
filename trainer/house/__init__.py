"""The house model: text-to-image for spot illustrations, made from licence-clean drawings alone, on two cores.

README.md says how it is built and why; `make -C trainer` lists the steps."""

import os

# OpenMP's threads otherwise spin while they wait for each other: on a busy machine that took three quarters of the
# processor time. Read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
