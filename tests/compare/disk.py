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
ticks, as they are. That it is, is checked with the host's clock, before and in every batch; the
guests' own ideas of the time are not asked.

What decides is the fastest tenth of the batches, which is to say, the slowest of those: what else
the host does makes batches longer, never shorter, and a single one may have been lucky. The median
of all is shown beside it: where it is far from that, the host was busy.

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

# What is compared: {figure: (unit, [load without its seed])}. Batches are short, a few
# milliseconds, so that some of them meet a host that has nothing else to do.
FIGURES = {
    "4 KiB, depth 1": ("us", ["random 4K 1 1 60"]),
    "4 KiB, depth 32": ("us", [f"random 4K 32 {some} 300" for some in (1, 8, 16, 32)]),
    "128 KiB": ("GB/s", [f"sequential 128K {depth} {some} 50"
                         for depth, some in ((1, 1), (4, 1), (4, 4), (8, 4))]),
}

CLOCK_LOAD = "random 4K 32 8 20000"  # takes long enough to compare clocks
CLOCK_ERROR = 0.03

READY = re.compile(r"ready: (\d+) blocks\n|FAILED.*")
TOOK = re.compile(r"took (\d+) ticks\n|FAILED.*")
APPEND = ("console=ttyS0 loglevel=3 panic=-1 mitigations=off preempt=none tsc=reliable "
          "clocksource=tsc")


class Load:
    """Words for the guests, and what comes back."""

    def __init__(self, words):
        _, size, _, _, count = words.split()
        self.words = words
        self.bytes = int(size[:-1]) << 10
        self.count = int(count)
        self.elapsed = {}  # {system: [seconds for one read, of each batch]}

    def fastest_tenth(self, name):
        return sorted(self.elapsed[name])[len(self.elapsed[name]) // 10]

    def median(self, name):
        return statistics.median(self.elapsed[name])

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
    """One of the two: a machine whose program waits for loads."""

    def __init__(self, name, machine):
        self.name = name
        self.machine = machine
        found = machine.expect(READY, 120)
        if not found[1]:
            machine.fail(f"{name}: {found[0]}")
        blocks = int(found[1])
        if blocks != (VOLUME_MIB << 20) // BLOCK:
            machine.fail(f"{name} sees a volume of {blocks} blocks")
        machine.expect("load> ")
        machine.qmp("stop")
        self.hz = max(self.rate() for _ in range(3))

    def run(self, load, seed):
        """Does a load; its ticks there, and the seconds here."""
        start = time.monotonic()
        self.machine.qmp("cont")
        self.machine.send(f"{load.words} {seed}")
        found = self.machine.expect(TOOK, 60)
        seconds = time.monotonic() - start
        self.machine.expect("load> ")
        self.machine.qmp("stop")
        if not found[1]:
            self.machine.fail(f"{self.name}: {found[0]}")
        return int(found[1]), seconds

    def rate(self):
        """Ticks in a second: too few, if anything, for what is sent and answered counts here."""
        ticks, seconds = self.run(Load(CLOCK_LOAD), 0)
        return ticks / seconds

    def batch(self, load, seed):
        """Does a load; the seconds for one read."""
        ticks, seconds_here = self.run(load, seed)
        seconds = ticks / self.hz
        if not 0 < seconds < seconds_here * (1 + CLOCK_ERROR):
            raise Failure(f"{self.name} says that {load.words} took {seconds:.4f} s, but the "
                          f"answer was here after {seconds_here:.4f} s")
        return seconds / load.count


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
             "-append", f"{APPEND} tsc_early_khz={hz / 1000:.0f}"]
    return {**hardware, "extra": hardware["extra"] + words}


def boot(factory, kernel, image):
    """Terrarium and Linux, one after the other."""
    hardware = terrarium(factory, image)
    ours = System("Terrarium", factory(**hardware, time_limit=3600))
    theirs = System("Linux", factory(**linux(hardware, kernel, ours.hz), time_limit=3600))
    if abs(ours.hz / theirs.hz - 1) > CLOCK_ERROR:
        raise Failure(f"the clocks differ: {ours.hz / 1e6:.0f} and {theirs.hz / 1e6:.0f} MHz")
    ours.hz = theirs.hz = max(ours.hz, theirs.hz)
    return [ours, theirs]


# --- measuring ------------------------------------------------------------------------------------


def measure(systems, figures, rounds):
    """Every load on every system, once a round; the first round is for warming up."""
    for number in range(rounds + 1):
        for load in (load for _, loads in figures.values() for load in loads):
            for system in systems if number % 2 else reversed(systems):
                seconds = system.batch(load, number)
                if number != 0:
                    load.elapsed.setdefault(system.name, []).append(seconds)


ROWS = (("tenth", Load.fastest_tenth), ("median", Load.median))


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
            if title == "tenth" and times[1] <= times[0]:
                slower.append(figure)
    return slower


def print_variants(figures):
    print("\nall variants, fastest tenth:")
    for unit, loads in figures.values():
        for load in loads:
            ours, theirs = (load.value(load.fastest_tenth(name), unit)
                            for name in ("Terrarium", "Linux"))
            print(f"{load.words:<28}{ours:>10.2f}{theirs:>10.2f}{unit:>6}")


def main():
    parser = argparse.ArgumentParser(description="Reads from a disk, compared with Linux.")
    parser.add_argument("--rounds", type=int, default=100)
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
