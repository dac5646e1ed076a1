"""Checks about what the build makes: the same bytes everywhere, by either compiler, and nothing
that is both writable and executable."""
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

from check_sources import repository_files
from harness import ROOT, Failure, limit
from run import build_folder

PT_LOAD, PT_GNU_STACK = 1, 0x6474E551
PF_X, PF_W = 1, 2


def segments(path):
    """[(type, flags, address, size in file, size in memory)] of a 64-bit little-endian ELF."""
    data = pathlib.Path(path).read_bytes()
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    result = []
    for index in range(count):
        kind, flags, _, address, _, filesz, memsz, _ = struct.unpack_from(
            "<IIQQQQQQ", data, offset + index * size)
        result.append((kind, flags, address, filesz, memsz))
    return result


def make(*arguments, folder=ROOT):
    """Runs make as a user would, without what an outer make left in the environment."""
    clean = {name: value for name, value in os.environ.items()
             if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    result = subprocess.run(["make", "-j2", *arguments], cwd=folder, env=clean,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise Failure(f"make {' '.join(arguments)} failed:\n{result.stdout[-6000:]}")
    return result.stdout


def programs():
    for build in ("debug", "release"):
        yield from sorted((build_folder(build) / "stage").rglob("*.elf"))


def check_segments():
    """No program, the kernel included, has memory that is writable and executable, and pages are
    not shared between segments of different rights."""
    found = list(programs())
    if not any(path.name == "kernel.elf" for path in found):
        raise Failure("there is no kernel to look at")
    for path in found:
        name = path.relative_to(ROOT)
        pages = {}
        for kind, flags, address, _, memsz in segments(path):
            if kind not in (PT_LOAD, PT_GNU_STACK):
                continue
            if flags & PF_X and flags & PF_W:
                raise Failure(f"{name}: a segment at {address:#x} is writable and executable")
            if kind == PT_LOAD and memsz:
                for page in range(address >> 12, (address + memsz - 1 >> 12) + 1):
                    if pages.setdefault(page, flags) != flags:
                        raise Failure(f"{name}: page {page << 12:#x} is in two segments with "
                                      "different rights")


@limit(600)
def check_reproducible():
    """The sources, built in another folder, give the same ISO to the byte."""
    iso = "build/debug/terrarium.iso"
    make(iso, "CC=gcc", "RELEASE=")
    with tempfile.TemporaryDirectory(prefix="terrarium-elsewhere-") as folder:
        copy = pathlib.Path(folder) / "a-longer-path"
        for path in repository_files():
            (copy / path.parent).mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, copy / path)
        make(iso, "CC=gcc", "RELEASE=", folder=copy)
        for name in ("archive.tar", "kernel.sym", "terrarium.iso"):
            one, other = ROOT / "build/debug" / name, copy / "build/debug" / name
            if one.read_bytes() != other.read_bytes():
                raise Failure(f"{name} depends on the folder it is built in")
    size = (ROOT / iso).stat().st_size
    if size > 2 << 20:
        raise Failure(f"the ISO has {size} bytes, over 2 MB")


@limit(600)
def check_compilers():
    """The compiler that the suite does not run with builds everything too, without a warning."""
    tested = os.path.basename(os.environ.get("CC") or "gcc")
    other = "gcc" if tested.startswith("clang") else "clang"
    for release in ("", "1"):
        output = make("elf", f"CC={other}", f"RELEASE={release}")
        if "warning:" in output:
            raise Failure(output)


def check_flags():
    """An object is made again when a flag changes, and not when nothing does."""
    folder = ROOT / "build/flags-check"
    shutil.rmtree(folder, ignore_errors=True)
    target = f"{folder.relative_to(ROOT)}/obj-kernel/libpv/base/format.c.o"
    outputs = [make("VARIANT=flags-check", "CC=gcc", f"DEBUG={debug}", target)
               for debug in (1, 1, 0)]
    shutil.rmtree(folder)
    built = ["format.c" in output for output in outputs]
    if built != [True, False, True]:
        raise Failure(f"built, with the same flags, with other flags: {built}")
