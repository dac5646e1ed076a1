"""Where the instructions of the kernel's paths go.

    paths.py    boots the measuring configuration, and prints for every kind of way through the
                kernel (from its entry to its way out) how often it was taken, how long the
                commonest was, and how many instructions each function had in that

It lets QEMU log every instruction that the kernel executes, which takes a few minutes.
"""
import bisect
import collections
import os
import pathlib
import re
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests")]
sys.dont_write_bytecode = True

from harness import Factory
from run import build_folder

ADDRESS = re.compile(rb"\[[0-9a-f]+/([0-9a-f]{16})/")


NOTABLE = ("ipc_call", "ipc_reply_wait", "event_raise_fast", "user_trap", "kernel_trap",
           "irq_interrupt", "thread_fault", "space_fault", "cpu_choose")


class Symbols:
    """Names of the kernel's code addresses."""

    def __init__(self, elf):
        lines = subprocess.run(["nm", "-n", elf], capture_output=True, text=True, check=True).stdout
        found = [line.split() for line in lines.splitlines()]
        found = [(int(a, 16), name) for a, kind, name in found if kind in "tT" and len(a) == 16]
        self.addresses = [a for a, _ in found]
        self.names = [name for _, name in found]
        self.start, self.end = self.address("text_start"), self.addresses[-1] + 4096

    def address(self, name):
        return self.addresses[self.names.index(name)]

    def name(self, address):
        name = self.names[bisect.bisect_right(self.addresses, address) - 1]
        return name.split(".")[0]


def ways(log, symbols):
    """The ways through the kernel: lists of function names, one for each instruction."""
    syscall = symbols.address("syscall_entry")
    way = []
    for line in log:
        match = ADDRESS.search(line)
        if not match:
            continue
        address = int(match[1], 16)
        name = symbols.name(address)
        if address == syscall or (name.startswith("entry_") and not way_is_open(way)):
            if way:
                yield way
            way = []
        way.append(name)
    yield way


def way_is_open(way):
    return bool(way) and way[-1].startswith("entry_")


def kind_of(way):
    """What names a way: the handlers that it went through."""
    calls = [name for name in dict.fromkeys(way) if name.startswith("call_") and
             name not in ("call_cap", "call_thread", "call_write", "call_new_slot")]
    others = [name for name in NOTABLE if name in way]
    return " ".join(calls[:1] + others) or way[0]


def report(kinds):
    for kind, counter in sorted(kinds.items(), key=lambda item: -sum(item[1].values())):
        (way, count) = counter.most_common(1)[0]
        total = sum(n for _, n in way)
        print(f"\n{kind}: {sum(counter.values())} times, "
              f"the commonest ({count}) {total} instructions")
        print("    " + ", ".join(f"{name} {n}" for name, n in way))


def main():
    folder = build_folder("release")
    symbols = Symbols(folder / "kernel.elf")
    fifo = ROOT / "build/bench/paths.fifo"
    fifo.parent.mkdir(parents=True, exist_ok=True)
    fifo.unlink(missing_ok=True)
    os.mkfifo(fifo)
    kinds = collections.defaultdict(collections.Counter)

    def read():
        with open(fifo, "rb") as log:
            for way in ways(log, symbols):
                kinds[kind_of(way)][tuple(collections.Counter(way).items())] += 1

    reader = threading.Thread(target=read)
    reader.start()
    machine = Factory("paths", "release", folder)
    m = machine(config="bench.cfg", programs=["bench"], icount=True, time_limit=900, extra=[
        "-singlestep", "-d", "exec,nochain", "-D", str(fifo), "-dfilter",
        f"{symbols.start:#x}..{symbols.end:#x}"])
    m.expect("bench done", 850)
    m.close()
    reader.join()
    fifo.unlink()
    report(kinds)


if __name__ == "__main__":
    main()
