"""Real time of reads from a disk, against Linux: in one run, in the same QEMU, on the same image.

    python3 tests/compare/disk.py [--rounds N] [--linux FOLDER]      after make RELEASE=1 stage

Not part of `make test`: it wants a Linux kernel (linux.py says where it looks) and a quiet machine.
It ends with 0 if Terrarium is faster than Linux in all three figures:

    4 KiB at random places, one at a time; the same 32 at a time; 128 KiB one after the other

Two machines are booted that differ in nothing but what runs on them. Each has a program that asks
for a load on the serial line, does it, and says how long it took (tests/programs/bench-disk and
linux_disk.c; what the words of a load mean is in bench-disk/load.h). One machine works while the
other is stopped, by turns, a batch of reads at a time: whatever else the host does meets both.

The clock is the time-stamp counter, read in the program itself before the first request and after
the last completion. Under TCG that is the host's own in both machines, so what is compared are
ticks, as they are. That it is, is checked with the host's clock, before and in every batch.

What decides is the best batch: what else the host does can make one longer, never shorter. Beside
it are the median of all, and what does not depend on the host's other work: how long QEMU's threads
had a processor, for guest, device and disk together.

A figure may be had in several ways, which are called variants: how many completions are waited for
at a time, and how many large reads are on their way. Each system gets its best.

Linux is treated well: a kernel without mitigations and preemption that trusts the time-stamp
counter (without that, it is slower by a half), the shortest way through its block layer, O_DIRECT,
and pread or io_uring with registered buffers in large pages. The host has the image in its page
cache, so what is measured is the way to QEMU's disk and back, not the host's disk.
"""
import argparse
import pathlib
import re
import statistics
import struct
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests")]
sys.dont_write_bytecode = True

from harness import Factory, Failure, run
from linux import OUT, find_kernel, make_initramfs
from run import build_folder

BLOCK = 4096
WORD = 0x6B636F6C42726554  # LOAD_WORD of bench-disk/load.h
VOLUME_MIB = 128
FIRST_MIB = 1

# What is compared: {figure: (unit, [load without its seed])}. Batches are short, a few to some tens
# of milliseconds, so that some of them meet a host that has nothing else to do.
FIGURES = {
    "4 KiB, depth 1": ("us", ["random 4K 1 1 200"]),
    "4 KiB, depth 32": ("us", [f"random 4K 32 {some} 800" for some in (1, 8, 16, 32)]),
    "128 KiB": ("GB/s", [f"sequential 128K {depth} {some} 128"
                         for depth, some in ((1, 1), (4, 1), (4, 4), (8, 4))]),
}

LONG = 20  # batches in one from which the processor's time is taken
CLOCK_LOAD = "random 4K 32 8 40000"  # takes long enough to compare clocks

READY = re.compile(r"ready: (\d+) blocks(?:, (\d+) ticks in a second)?\n|FAILED.*")
TOOK = re.compile(r"took (\d+) ticks\n|FAILED.*")
APPEND = ("console=ttyS0 loglevel=3 panic=-1 mitigations=off preempt=none tsc=reliable "
          "clocksource=tsc")


class Load:
    """Words for the guests, and what comes back."""

    def __init__(self, words, times=1):
        order, size, depth, some, count = words.split()
        self.bytes = int(size[:-1]) << 10
        self.count = int(count) * times
        self.words = f"{order} {size} {depth} {some} {self.count}"
        self.elapsed = {}  # {system: [seconds for one read, of each batch]}
        self.used = {}  # {system: seconds of a processor for one read}

    def best(self, name):
        return min(self.elapsed[name])

    def median(self, name):
        return statistics.median(self.elapsed[name])

    def processor(self, name):
        return self.used[name]

    def value(self, seconds, unit):
        return seconds * 1e6 if unit == "us" else self.bytes / seconds / 1e9


# --- the disk and the machines --------------------------------------------------------------------


def make_image(path):
    """A disk with one volume, `bench`, whose blocks say which they are."""
    path.unlink(missing_ok=True)
    with open(path, "wb") as image:
        image.truncate((FIRST_MIB + VOLUME_MIB + 1) << 20)
    run("/usr/sbin/sgdisk", "--new=1:2048:+128M", "--change-name=1:bench", path)
    with open(path, "r+b") as image:
        image.seek(FIRST_MIB << 20)
        for block in range((VOLUME_MIB << 20) // BLOCK):
            image.write(struct.pack("<Q", WORD ^ block) + b"\xa5" * (BLOCK - 8))
    return path


class System:
    """One of the two: a machine whose program waits for loads. `hz` are ticks in a second, for that
    which does not know it."""

    def __init__(self, name, machine, hz=0):
        self.name = name
        self.machine = machine
        found = machine.expect(READY, 120)
        if not found[1]:
            machine.fail(f"{name}: {found[0]}")
        blocks, self.hz = int(found[1]), hz or int(found[2])
        if blocks != (VOLUME_MIB << 20) // BLOCK:
            machine.fail(f"{name} sees a volume of {blocks} blocks")
        machine.expect("load> ")
        # The clock of what the process, which is the child of `timeout`, had of the processors.
        pid = machine.process.pid
        child = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]
        self.processor_clock = ~int(child) << 3 | 2
        machine.qmp("stop")

    def check_clock(self):
        """The guest's clock goes as fast as the host's."""
        load = Load(CLOCK_LOAD)
        start = time.monotonic()
        seconds = self.batch(load, 0)[0] * load.count
        seconds_here = time.monotonic() - start
        if seconds < seconds_here * 0.8:
            raise Failure(f"{self.name} says that {load.words} took {seconds:.3f} s, but it was "
                          f"{seconds_here:.3f} s")

    def batch(self, load, seed):
        """Does a load; the seconds, and those of a processor, for one read."""
        processor = time.clock_gettime(self.processor_clock)
        start = time.monotonic()
        self.machine.qmp("cont")
        self.machine.send(f"{load.words} {seed}")
        found = self.machine.expect(TOOK, 60)
        seconds_here = time.monotonic() - start
        processor = time.clock_gettime(self.processor_clock) - processor
        self.machine.expect("load> ")
        self.machine.qmp("stop")
        if not found[1]:
            self.machine.fail(f"{self.name}: {found[0]}")
        seconds = int(found[1]) / self.hz
        if not 0 < seconds < seconds_here * 1.01:
            raise Failure(f"{self.name} says that {load.words} took {seconds:.4f} s, but the "
                          f"answer was here after {seconds_here:.4f} s")
        return seconds / load.count, processor / load.count


def terrarium(factory, image):
    """What Factory.__call__ needs for Terrarium's machine. Others may have the image at the same
    time, for nobody writes to it."""
    config = (ROOT / "tests/compare/disk.cfg").read_bytes()
    iso = factory.iso("compare.cfg", programs=["bench-disk"],
                      files={"config/compare.cfg": config})
    return {"iso": iso,
            "extra": ["-boot", "d", "-device", "ide-hd,drive=disk,bus=ide.1", "-drive",
                      f"if=none,id=disk,format=raw,file.filename={image},file.locking=off"]}


def linux(hardware, kernel, hz):
    """The same for Linux, whose machine is that of Terrarium, with the same CD in its drive."""
    words = ["-kernel", str(kernel.image), "-initrd", str(make_initramfs(kernel)),
             "-append", f"{APPEND} tsc_early_khz={hz // 1000}"]
    return {**hardware, "extra": hardware["extra"] + words}


def boot(factory, kernel, image):
    """Terrarium and Linux, one after the other."""
    hardware = terrarium(factory, image)
    first = System("Terrarium", factory(**hardware, time_limit=3600))
    second = System("Linux", factory(**linux(hardware, kernel, first.hz), time_limit=3600),
                    first.hz)
    for system in (first, second):
        system.check_clock()
    return [first, second]


# --- measuring ------------------------------------------------------------------------------------


def measure(systems, figures, rounds):
    """Every load on every system, once a round; the first round is for warming up. At last a long
    batch of each, for the processor's time: in a short one, starting and stopping counts."""
    every = [load for _, loads in figures.values() for load in loads]
    for number in range(rounds + 1):
        for load in every:
            for system in systems if number % 2 else reversed(systems):
                seconds, _ = system.batch(load, number)
                if number != 0:
                    load.elapsed.setdefault(system.name, []).append(seconds)
    for load in every:
        for system in systems:
            load.used[system.name] = system.batch(Load(load.words, LONG), rounds + 1)[1]


ROWS = (("best", Load.best), ("median", Load.median), ("processor", Load.processor))


def compare(figures):
    """Prints the table; the figures in which Terrarium is not faster."""
    print(f"{'':<28}{'Terrarium':>10}{'Linux':>10}{'':>6}{'faster by':>11}")
    slower = []
    for figure, (unit, loads) in figures.items():
        for title, summary in ROWS:
            ours, theirs = (min(loads, key=lambda load: summary(load, name))
                            for name in ("Terrarium", "Linux"))
            times = summary(ours, "Terrarium"), summary(theirs, "Linux")
            print(f"{figure:<18}{title:<10}{ours.value(times[0], unit):>10.2f}"
                  f"{theirs.value(times[1], unit):>10.2f}{unit:>6}{times[1] / times[0]:>11.2f}")
            if title == "best" and times[1] <= times[0]:
                slower.append(figure)
    return slower


def print_variants(figures):
    print("\nall variants, best batches:")
    for unit, loads in figures.values():
        for load in loads:
            ours, theirs = (load.value(load.best(name), unit) for name in ("Terrarium", "Linux"))
            print(f"{load.words:<28}{ours:>10.2f}{theirs:>10.2f}{unit:>6}")


def main():
    parser = argparse.ArgumentParser(description="Reads from a disk, compared with Linux.")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--linux", metavar="FOLDER", help="with boot/ and lib/modules/")
    arguments = parser.parse_args()
    factory = Factory("compare-disk", "release", build_folder("release"))
    figures = {figure: (unit, [Load(words) for words in loads])
               for figure, (unit, loads) in FIGURES.items()}
    try:
        if not (factory.stage / "programs/bench-disk.elf").exists():
            raise Failure("the release build is missing: make RELEASE=1 stage")
        kernel = find_kernel(arguments.linux)
        OUT.mkdir(parents=True, exist_ok=True)
        systems = boot(factory, kernel, make_image(OUT / "disk.img"))
        print(f"Linux {kernel.version}; {arguments.rounds} rounds", flush=True)
        measure(systems, figures, max(1, arguments.rounds))
    except Failure as failure:
        sys.exit(f"nothing could be compared: {failure}")
    finally:
        factory.close()
    slower = compare(figures)
    print_variants(figures)
    if slower:
        sys.exit(f"Terrarium is not faster: {', '.join(slower)}")


if __name__ == "__main__":
    main()
