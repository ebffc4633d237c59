"""The bench: how many requests, how much time, beside what the API and the engine cost themselves.

`make bench` runs it and writes RESULTS.md and a plot. The counts of `workload` are asserted by the
tests too, at a smaller N; times are only ever reported.
"""
