"""Settings of the whole test run: how many examples Hypothesis tries.

`ci`, the default, tries the same examples on every machine. `deep` looks for new ones:
`HYPOTHESIS_PROFILE=deep make test`.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Two busy cores are slow, and a slow machine is not a wrong program.
_PATIENT = [HealthCheck.too_slow]

settings.register_profile(
    "ci", deadline=None, derandomize=True, max_examples=50, database=None, suppress_health_check=_PATIENT
)
settings.register_profile("deep", deadline=None, max_examples=1000, suppress_health_check=_PATIENT)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
