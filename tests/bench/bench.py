"""Measures, and says how far the figures are from their goals and ceilings.

    bench.py        prints a table, and writes build/bench/results.json

A release build boots configurations of this folder, each with a program that prints a line
"bench NAME VALUE UNIT" for each figure and "bench done" at the end:

    bench.cfg       paths of the kernel (tests/programs/bench)
    rings.cfg       rings and what is behind them (tests/programs/bench-rings)
    ahci.cfg        the same program, with a disk

The first two run under -icount, where one tick of the time-stamp counter is one instruction. Their
figures, and the size of the kernel, which is read from its ELF file, depend on sources and compiler
alone, and are the same in every run. A disk in QEMU takes as long as the host lets it take, and so
nothing is timed in the third: accesses to the controller's registers are counted. They depend a
little on how many requests the disk happens to complete at once, and on how long it all takes,
because the driver has a look at everything twice a second.

ceilings.json has, for every figure, the ceiling above which the test suite fails, the unit, and
the goal if there is one; a figure without a ceiling, or a ceiling without a figure, is an error.
Ceilings are what gcc's code reaches; for another compiler's (CC=) the goals have to do.
"""
import json
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/check"), str(ROOT / "tests")]
sys.dont_write_bytecode = True

from check_builds import PT_LOAD, segments
from harness import Factory, Failure, run
from run import build_folder

RESULTS = ROOT / "build/bench/results.json"
CEILINGS = ROOT / "tests/bench/ceilings.json"
DISK = ROOT / "build/bench/disk.img"
FIGURE = re.compile(r"\bbench (\w+) (\d+(?:\.\d+)?) (\w+)$", re.MULTILINE)


def boot(machine, config, *programs, **hardware):
    """{name: (value, unit)} of one boot of a measuring configuration."""
    m = machine(config=config, programs=programs, memory="256M", **hardware)
    m.expect("bench done", 150)
    m.close()
    return {name: (float(value) if "." in value else int(value), unit)
            for name, value, unit in FIGURE.findall(m.text)}


def measure(machine):
    """The figures that are the same in every run."""
    figures = boot(machine, "bench.cfg", "bench", icount=True)
    figures |= boot(machine, "rings.cfg", "bench-rings", "session-echo", icount=True)
    figures["kernel_bytes"] = (kernel_size(machine.folder)[0], "bytes")
    return figures


def measure_disk(machine, *options):
    """The figures that are not quite; with more options for QEMU."""
    DISK.parent.mkdir(parents=True, exist_ok=True)
    run("sh", "iso/mkdisk.sh", DISK)
    return boot(machine, "ahci.cfg", "bench-rings", extra=[
        "-boot", "d", "-drive", f"if=none,id=disk,format=raw,snapshot=on,file={DISK}",
        "-device", "ide-hd,drive=disk,bus=ide.1", *options])


def kernel_size(folder):
    """(bytes of text and data, bytes that are zero at the start) of the kernel in memory."""
    loaded = [part for part in segments(folder / "stage/kernel.elf") if part[0] == PT_LOAD]
    in_file = sum(filesz for _, _, _, filesz, _ in loaded)
    return in_file, sum(memsz for _, _, _, _, memsz in loaded) - in_file


def read_ceilings():
    """What ceilings.json says, for the compiler in use."""
    ceilings = json.loads(CEILINGS.read_text())
    if build_folder("release").name != "release":
        for bounds in ceilings.values():
            bounds["ceiling"] = bounds.get("goal", float("inf"))
    return ceilings


def complaints(figures, ceilings):
    """What is wrong with these figures, one line each."""
    lines = []
    for name, (value, unit) in figures.items():
        if name not in ceilings:
            lines.append(f"{name} is {value} {unit}, and has no ceiling in ceilings.json")
        elif value > ceilings[name]["ceiling"]:
            lines.append(f"{name} is {value} {unit}, above its ceiling of "
                         f"{ceilings[name]['ceiling']}")
    return lines + [f"{name} was not measured" for name in ceilings if name not in figures]


def table(figures, ceilings):
    lines = [f"{'figure':<24}{'value':>12}{'goal':>12}{'ceiling':>12}  unit"]
    for name, (value, unit) in sorted(figures.items()):
        bounds = ceilings.get(name, {})
        goal, ceiling = bounds.get("goal", "-"), bounds.get("ceiling", "-")
        missed = "  goal missed" if "goal" in bounds and value > goal else ""
        lines.append(f"{name:<24}{value:>12}{goal:>12}{ceiling:>12}  {unit}{missed}")
    return "\n".join(lines)


def write_results(figures, ceilings):
    results = {name: {"value": value, "unit": unit, "goal": ceilings.get(name, {}).get("goal")}
               for name, (value, unit) in figures.items()}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=4, sort_keys=True) + "\n")


def main():
    ceilings = read_ceilings()
    machine = Factory("bench", "release", build_folder("release"))
    try:
        figures = measure(machine) | measure_disk(machine)
    except Failure as failure:
        sys.exit(f"the measurement failed: {failure}")
    finally:
        machine.close()
    write_results(figures, ceilings)
    print(table(figures, ceilings))
    text_and_data, zeros = kernel_size(machine.folder)
    print(f"kernel_bytes is {text_and_data} bytes of text and data, and {zeros} that start as zero")
    print(f"kept in {os.path.relpath(RESULTS, ROOT)}")
    wrong = complaints(figures, ceilings)
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
