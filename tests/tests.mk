# Tests and measurements.

JOBS ?= 2
