"""Makes kernel.sym, the table a panic prints function names and line numbers from.

    symbols.py kernel.elf kernel.sym

The file is little-endian, offsets count from the start of the kernel's last two gigabytes of
address space, and each table is sorted, so that the kernel finds an address by halving:

    header  "TSYM", u32 version = 1, u32 functions, u32 lines, u32 files, u32 size of strings
    functions times { u32 offset, u32 name }         name: where in strings
    lines     times { u32 offset, u16 file, u16 line }   the line of all code up to the next entry;
                                                         line 0: code without a line
    files     times { u32 name }
    strings   names, each ended by a zero byte

The same kernel.elf always makes the same bytes.
"""
import os
import struct
import subprocess
import sys

sys.dont_write_bytecode = True

from dwarf_lines import read_lines

BASE = 0xFFFFFFFF80000000
LIMIT = 1 << 32


def functions_of(elf):
    """[(offset, name)]: one name for each address in the kernel's text, the first by alphabet.
    Labels inside nasm's macros, ..@NUMBER.NAME, are no functions."""
    found = {}
    names = subprocess.run([os.environ.get("NM", "nm"), "--defined-only", elf], check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    for line in names.splitlines():
        address, kind, name = line.split(maxsplit=2)
        offset = int(address, 16) - BASE
        if kind in "tT" and 0 <= offset < LIMIT and not name.startswith("..@"):
            found[offset] = min(found.get(offset, name), name)
    return sorted(found.items())


def lines_of(elf):
    """[(offset, file, line)], without entries that repeat the one before."""
    at = {}
    for address, file, line in read_lines(elf):
        offset = address - BASE
        if 0 <= offset < LIMIT and (line or offset not in at):
            at[offset] = (file, min(line, 0xFFFF))
    result = []
    for offset in sorted(at):
        if not result or result[-1][1:] != at[offset]:
            result.append((offset, *at[offset]))
    return result


class Strings:
    """A blob of zero-terminated names in which each name is stored once."""

    def __init__(self):
        self.blob = bytearray()
        self.places = {}

    def place(self, name):
        if name not in self.places:
            self.places[name] = len(self.blob)
            self.blob += name.encode() + b"\0"
        return self.places[name]


def main(elf, output):
    functions = functions_of(elf)
    lines = lines_of(elf)
    files = sorted({file for _, file, _ in lines})
    index = {file: number for number, file in enumerate(files)}
    strings = Strings()
    tables = b"".join(
        [struct.pack("<II", offset, strings.place(name)) for offset, name in functions]
        + [struct.pack("<IHH", offset, index[file], line) for offset, file, line in lines]
        + [struct.pack("<I", strings.place(file)) for file in files]
    )
    header = struct.pack(
        "<4sIIIII", b"TSYM", 1, len(functions), len(lines), len(files), len(strings.blob)
    )
    with open(output, "wb") as out:
        out.write(header + tables + strings.blob)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
