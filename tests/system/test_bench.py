"""The measurements of `make bench`: below their ceilings, and the same in every run. Only those of
a disk may differ, and that of the timer by very little."""
import re

from bench import complaints, measure, measure_disk, read_ceilings, table
from harness import LOGS, Failure, builds, limit

# What QEMU says of accesses to its AHCI controller, and how the bench uses it.
ACCESS = re.compile(r"^ahci_mem_(read|write) .*@ (0x\w+): (0x\w+)$", re.MULTILINE)
COMMAND_ISSUE = 0x1B8  # PxCI of port 1
BATCHES, DEPTH = 200, 32

# How the ticks of the HPET lie between instructions depends on when the firmware's disk answered,
# and so, sometimes, does an alarm's time.
TICK = 10


def differ(figures, again):
    """The names of figures that two runs do not agree about."""
    return [name for name, (value, _) in figures.items() if name not in again
            or abs(value - again[name][0]) > (TICK if name == "timer_wake" else 0)]


@builds("release")
@limit(600)
def test_ceilings(machine):
    ceilings = read_ceilings()
    figures = measure(machine)
    every = figures | measure_disk(machine)
    print(table(every, ceilings))
    wrong = complaints(every, ceilings)
    if wrong:
        raise Failure("\n".join(wrong))
    again = measure(machine)
    others = differ(figures, again)
    if others:
        raise Failure(f"in a second run {', '.join(others)} came out otherwise:\n"
                      f"{table(again, ceilings)}")


@builds("release")
def test_registers(machine):
    """The device sees as many accesses to its registers as the driver says that it makes."""
    trace = LOGS / "bench-registers.trace"
    figures = measure_disk(machine, "-trace", "enable=ahci_mem_*", "-D", str(trace))
    accesses = [(kind, int(at, 16), int(value, 16))
                for kind, at, value in ACCESS.findall(trace.read_text(errors="replace"))]
    issued = [(i, value.bit_count()) for i, (kind, at, value) in enumerate(accesses)
              if kind == "write" and at == COMMAND_ISSUE]
    deep = next(i for i, count in issued if count > 1)
    first = [i for i, _ in issued if i < deep][-BATCHES]
    for name, seen, requests in (("ahci_regs_qd1", deep - first, BATCHES),
                                 ("ahci_regs_qd32", len(accesses) - deep, BATCHES * DEPTH)):
        told = figures[name][0] * requests
        # Where one measurement ends and the other begins, the driver may look at all ports.
        assert abs(seen - told) < BATCHES / 2, f"{name}: the device saw {seen}, told were {told}"
