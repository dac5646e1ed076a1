"""Checks about the comparison with Linux (tests/compare), which itself is not part of the suite:
that its program for Linux compiles, and that its parts agree."""
import re
import sys

from harness import ROOT, Failure, run

sys.path.append(str(ROOT / "tests/compare"))

import disk
import linux


def check_compiles():
    """Without a warning, by both compilers."""
    for compiler in ("gcc", "clang"):
        run(compiler, *linux.CFLAGS, "-fsyntax-only", *linux.SOURCES)


def check_one_image():
    """The blocks of the image are as the programs expect them."""
    header = (ROOT / "tests/programs/bench-disk/load.h").read_text()
    word = int(re.search(r"LOAD_WORD\(block\) \((0x[0-9a-f]+)ul", header)[1], 16)
    block = int(re.search(r"LOAD_BLOCK +(\d+)u", header)[1])
    if (word, block) != (disk.WORD, disk.BLOCK):
        raise Failure(f"load.h has the word {word:#x} in blocks of {block} bytes, disk.py has "
                      f"{disk.WORD:#x} in {disk.BLOCK}")
