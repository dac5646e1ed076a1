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
import re
import struct
import subprocess
import sys

BASE = 0xFFFFFFFF80000000
LIMIT = 1 << 32


def output_of(tool, *arguments):
    command = [os.environ.get(tool, tool.lower()), *arguments]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{result.stderr}")
    return result.stdout


def functions_of(elf):
    """[(offset, name)]: one name for each address in the kernel's text, the first by alphabet."""
    found = {}
    for line in output_of("NM", "--defined-only", elf).splitlines():
        address, kind, name = line.split(maxsplit=2)
        offset = int(address, 16) - BASE
        if kind in "tT" and 0 <= offset < LIMIT:
            found[offset] = min(found.get(offset, name), name)
    return sorted(found.items())


class Lines:
    """What `objdump --dwarf=decodedline` prints, as {offset: (file, line)}."""

    HEADING = re.compile(r"^(?:CU: )?(\S.*):$")
    ENTRY = re.compile(r"^(\S+)\s+(\d+|-)\s+(0x[0-9a-f]+)\b(.*)$")

    def __init__(self, elf):
        self.at = {}
        path = None
        for text in output_of("OBJDUMP", "--dwarf=decodedline", elf).splitlines():
            heading = self.HEADING.match(text)
            if heading:
                path = heading.group(1)
                continue
            entry = self.ENTRY.match(text)
            if entry and path:
                self.add(path, entry)

    def add(self, path, entry):
        name, line, address, rest = entry.groups()
        offset = int(address, 16) - BASE
        if not 0 <= offset < LIMIT:
            return
        if line == "-" or "END" in rest:
            self.at.setdefault(offset, ("", 0))
            return
        if os.path.basename(path) == name:
            name = path
        self.at[offset] = (os.path.normpath(name), min(int(line), 0xFFFF))

    def sorted(self):
        """[(offset, file, line)], without entries that repeat the one before."""
        result = []
        for offset in sorted(self.at):
            where = self.at[offset]
            if not result or result[-1][1:] != where:
                result.append((offset, *where))
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
    lines = Lines(elf).sorted()
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
