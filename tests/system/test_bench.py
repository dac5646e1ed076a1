"""The measurements of `make bench`: below their ceilings, and the same in every run."""
import json

from bench import CEILINGS, complaints, measure, table
from harness import Failure, builds, limit


@builds("release")
@limit(400)
def test_ceilings(machine):
    ceilings = json.loads(CEILINGS.read_text())
    figures = measure(machine)
    print(table(figures, ceilings))
    wrong = complaints(figures, ceilings)
    if wrong:
        raise Failure("\n".join(wrong))
    again = measure(machine)
    if again != figures:
        raise Failure(f"a second run measured otherwise:\n{table(again, ceilings)}")
