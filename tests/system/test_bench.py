"""The measurements of `make bench`: below their ceilings, and the same in every run. Only those of
a disk may differ a little."""
import json

from bench import CEILINGS, complaints, measure, measure_disk, table
from harness import Failure, builds, limit


@builds("release")
@limit(600)
def test_ceilings(machine):
    ceilings = json.loads(CEILINGS.read_text())
    figures = measure(machine)
    every = figures | measure_disk(machine)
    print(table(every, ceilings))
    wrong = complaints(every, ceilings)
    if wrong:
        raise Failure("\n".join(wrong))
    again = measure(machine)
    if again != figures:
        raise Failure(f"a second run measured otherwise:\n{table(again, ceilings)}")
