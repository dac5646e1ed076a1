"""Reads the line tables of an ELF file: which line of which source an instruction comes from.

Does the part of DWARF (versions 2 to 5, section 6.2 "Line Number Information") that gcc, clang and
nasm make. objdump decodes the same tables, but leaves out the folder of some files.
"""
import os
import struct

# Opcodes and forms, as the DWARF specification names them (without DW_LNS_, DW_LNE_, DW_FORM_).
COPY, ADVANCE_PC, ADVANCE_LINE, SET_FILE = 1, 2, 3, 4
CONST_ADD_PC, FIXED_ADVANCE_PC = 8, 9
END_SEQUENCE, SET_ADDRESS = 1, 2
STRING, LINE_STRP, STRP, UDATA, DATA1, DATA2, DATA16, BLOCK = 0x8, 0x1F, 0xE, 0xF, 0xB, 5, 0x1E, 9
PATH, DIRECTORY_INDEX = 1, 2


class Reader:
    """A place in some bytes, that moves on as things are read."""

    def __init__(self, data, at=0):
        self.data = data
        self.at = at

    def fixed(self, form):
        value, = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return value

    def uleb(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def sleb(self):
        start = self.at
        value = self.uleb()
        bits = 7 * (self.at - start)
        return value - (1 << bits) if value >> (bits - 1) else value

    def string(self):
        end = self.data.index(0, self.at)
        value = self.data[self.at:end].decode()
        self.at = end + 1
        return value


def sections(path):
    """{name: bytes} of the sections of a 64-bit ELF file."""
    with open(path, "rb") as file:
        data = file.read()
    table, = struct.unpack_from("<Q", data, 0x28)
    size, count, names_index = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", data, table + i * size) for i in range(count)]
    names = Reader(data)
    result = {}
    for name, _, _, _, offset, length in headers:
        names.at = headers[names_index][4] + name
        result[names.string()] = data[offset:offset + length]
    return result


class LineTable:
    """One line program with its header; `rows` yields what it says."""

    def __init__(self, reader, strings):
        self.reader = reader
        self.strings = strings
        length = reader.fixed("I")
        self.end = reader.at + length
        self.version = reader.fixed("H")
        if not 2 <= self.version <= 5:
            raise ValueError(f"a line table of DWARF version {self.version}")
        if self.version >= 5:
            reader.fixed("H")  # sizes of addresses and selectors
        header_length = reader.fixed("I")
        self.program = reader.at + header_length
        self.step = reader.fixed("B")
        if self.version >= 4:
            reader.fixed("B")  # operations in an instruction: one
        reader.fixed("B")  # whether rows begin statements
        self.line_base, self.line_range = reader.fixed("b"), reader.fixed("B")
        self.lengths = [0] + [reader.fixed("B") for _ in range(reader.fixed("B") - 1)]
        self.files = self.new_files() if self.version >= 5 else self.old_files()

    def old_files(self):
        """The tables of versions 2 to 4: files count from 1, folder 0 is where the compiler ran."""
        folders = [""]
        while self.reader.data[self.reader.at]:
            folders.append(self.reader.string())
        self.reader.at += 1
        files = [""]
        while self.reader.data[self.reader.at]:
            name = self.reader.string()
            files.append(join(folders[self.reader.uleb()], name))
            self.reader.uleb(), self.reader.uleb()  # time and size
        return files

    def new_files(self):
        """The tables of version 5, which say of what their entries consist."""
        folders = [entry[PATH] for entry in self.entries()]
        return [join(folders[entry.get(DIRECTORY_INDEX, 0)], entry[PATH])
                for entry in self.entries()]

    def entries(self):
        reader = self.reader
        formats = [(reader.uleb(), reader.uleb()) for _ in range(reader.fixed("B"))]
        return [{kind: self.value(form) for kind, form in formats} for _ in range(reader.uleb())]

    def value(self, form):
        reader = self.reader
        if form == STRING:
            return reader.string()
        if form in (LINE_STRP, STRP):
            section = self.strings[".debug_line_str" if form == LINE_STRP else ".debug_str"]
            return Reader(section, reader.fixed("I")).string()
        if form == DATA16:
            reader.at += 16
            return None
        if form == BLOCK:
            reader.at += reader.uleb()
            return None
        return {UDATA: reader.uleb, DATA1: lambda: reader.fixed("B"),
                DATA2: lambda: reader.fixed("H")}[form]()

    def rows(self):
        """(address, file, line) for each row; at the end of a sequence the line is 0."""
        reader = self.reader
        reader.at = self.program
        address, file, line = 0, 1, 1
        base = len(self.lengths)
        while reader.at < self.end:
            opcode = reader.fixed("B")
            if opcode >= base:
                address += (opcode - base) // self.line_range * self.step
                line += self.line_base + (opcode - base) % self.line_range
                yield address, self.files[file], line
            elif opcode == 0:
                length = reader.uleb()
                after = reader.at + length
                extended = reader.fixed("B")
                if extended == END_SEQUENCE:
                    yield address, "", 0
                    address, file, line = 0, 1, 1
                elif extended == SET_ADDRESS:
                    address = reader.fixed("Q")
                reader.at = after
            elif opcode == COPY:
                yield address, self.files[file], line
            elif opcode == ADVANCE_PC:
                address += reader.uleb() * self.step
            elif opcode == ADVANCE_LINE:
                line += reader.sleb()
            elif opcode == SET_FILE:
                file = reader.uleb()
            elif opcode == CONST_ADD_PC:
                address += (255 - base) // self.line_range * self.step
            elif opcode == FIXED_ADVANCE_PC:
                address += reader.fixed("H")
            else:
                for _ in range(self.lengths[opcode]):
                    reader.uleb()
        reader.at = self.end


def join(folder, name):
    """A path relative to where the sources lie, which is where this runs. (nasm gives the whole
    path as the name, and the folder as well.)"""
    path = name if "/" in name else os.path.join(folder, name)
    here = os.getcwd() + "/"
    return os.path.normpath(path[len(here):] if path.startswith(here) else path)


def read_lines(path):
    """(address, file, line) for each row of all line tables of an ELF file."""
    found = sections(path)
    reader = Reader(found.get(".debug_line", b""))
    while reader.at < len(reader.data):
        yield from LineTable(reader, found).rows()
