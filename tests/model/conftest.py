"""How Hypothesis looks for counterexamples here."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same inputs on every run, so that a red test is red for everyone; no deadline, because the
# first example may wait for the compiler.
settings.register_profile(
    "model",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("model")
