"""Random system calls: each seed is a boot of its own, with as many calls as FUZZ_CALLS says. Time
is counted in instructions, so a seed that fails does so again in the same way."""
import os
import re

from harness import ROOT, Failure, limit

CALLS = int(os.environ.get("FUZZ_CALLS") or 100000)
PASSED = 0x10
SPARE_FUNCTION = ["-device", "pci-testdev,addr=10.0"]  # whose registers may be written at random


def fuzz(machine, seed, **hardware):
    """Boots the fuzzer; fails unless it says that all is well, and prints its table."""
    patience = 60 + CALLS / 1000
    config = (ROOT / "tests/system/config/fuzz.cfg").read_text()
    config = re.sub(r"(?m)^( *arguments +).*", rf"\g<1>seed {seed} calls {CALLS}", config)
    m = machine(config=f"fuzz-{seed}.cfg", files={f"config/fuzz-{seed}.cfg": config.encode()},
                programs=["syscall-fuzz"], icount=True, extra=SPARE_FUNCTION,
                time_limit=patience, **hardware)
    m.expect(f"syscall-fuzz: seed {seed}, {CALLS} calls", 60)
    found = m.expect(re.compile(r"syscall-fuzz: (passed|FAILED.*)\n"), patience)
    if found.group(1) != "passed" or m.wait_debug_exit() != PASSED:
        m.fail(f"seed {seed}: {found.group(0)}")
    check_table(m, seed)


def check_table(m, seed):
    """What the program has to have counted, counted again here."""
    table = dict(re.findall(r"(?m)^((?:SYS|ERR)_\w+) +(?:\d+ +)?(\d+)$", m.text))
    errors = {name: int(n) for name, n in table.items() if name.startswith("ERR_")}
    calls = {name: int(n) for name, n in table.items() if name.startswith("SYS_")}
    abi = ROOT / "libpv/include/abi"
    known = set(re.findall(r"X\((\w+), \d+,", (abi / "syscall.h").read_text() +
                           (abi / "error.h").read_text()))
    if known != set(table):
        raise Failure(f"the table has {len(calls)} calls and {len(errors)} errors:\n{m.text}")
    print(f"seed {seed}: {CALLS} calls")
    for some in calls, errors:
        words = [f"{name} {n}" for name, n in some.items()]
        print("\n".join("  " + ", ".join(words[i:i + 4]) for i in range(0, len(words), 4)))


@limit(150 + CALLS / 800)
def test_seed_1(machine):
    fuzz(machine, 1)


@limit(150 + CALLS / 800)
def test_seed_2(machine):
    fuzz(machine, 2, model="pc")


@limit(150 + CALLS / 800)
def test_seed_3(machine):
    fuzz(machine, 3, memory="64M")
