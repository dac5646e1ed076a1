"""Disk images for tests: made by iso/mkdisk.sh, read and damaged here, and checked after power-off.

The block client (tests/programs/block-client) writes sectors that say which they are, and a summary
into the last sector of its volume; pattern.h there describes the format that check_volume reads.
"""
import struct
import uuid
import zlib

from harness import Failure, run

SECTOR = 512
SECTORS = 64 << 11  # of the image that iso/mkdisk.sh makes
ENTRIES = 128
ENTRY = "<16s16sQQQ72s"
HEADER = "<8sIIIIQQQQ16sQIII"
HEADER_SIZE = struct.calcsize(HEADER)

# --- images and their partition tables ------------------------------------------------------------


def make(path):
    """A new image with the volumes system, data and scratch."""
    run("sh", "iso/mkdisk.sh", path)
    return path


def read(path, sector, count=1):
    with open(path, "rb") as image:
        image.seek(sector * SECTOR)
        return image.read(count * SECTOR)


def write(path, sector, data):
    with open(path, "r+b") as image:
        image.seek(sector * SECTOR)
        image.write(data)


class Table:
    """A partition table of an image: the primary one, or the backup at the end of the disk. Its
    fields may be changed to anything; `save` makes the checksums right again."""

    FIELDS = ("signature", "revision", "size", "crc", "reserved", "here", "other", "first", "last",
              "guid", "entries_at", "entry_count", "entry_size", "entries_crc")

    def __init__(self, path, backup=False):
        self.path = path
        self.at = SECTORS - 1 if backup else 1
        values = struct.unpack(HEADER, read(path, self.at)[:HEADER_SIZE])
        self.__dict__.update(zip(self.FIELDS, values))
        self.array_at = self.entries_at  # where it really is, whatever entries_at is made to say
        self.entries = [list(struct.unpack_from(ENTRY, read(path, self.entries_at, 32), i * 128))
                        for i in range(ENTRIES)]

    def save(self):
        array = b"".join(struct.pack(ENTRY, *entry) for entry in self.entries)
        write(self.path, self.array_at, array)
        self.entries_crc = zlib.crc32(array)
        self.crc = 0
        self.crc = zlib.crc32(self.header())
        write(self.path, self.at, self.header())

    def header(self):
        return struct.pack(HEADER, *(getattr(self, field) for field in self.FIELDS))

    def add(self, number, name, first, last):
        """Makes entry `number` (from 0) a partition."""
        self.entries[number] = [uuid.UUID(int=1).bytes_le, uuid.UUID(int=1000 + number).bytes_le,
                                first, last, 0, name.encode("utf-16-le").ljust(72, b"\0")]


def volumes(path):
    """{name: (first sector, sectors)} of the primary table."""
    return {entry[5].decode("utf-16-le").rstrip("\0"): (entry[2], entry[3] - entry[2] + 1)
            for entry in Table(path).entries if entry[0] != bytes(16)}


def damage(path, backup):
    """One byte of a header is wrong."""
    at = SECTORS - 1 if backup else 1
    data = bytearray(read(path, at))
    data[0x28] ^= 0x10  # the first usable sector: only the checksum tells
    write(path, at, data)


def contents(path, name):
    return read(path, *volumes(path)[name])


def check_file_system(path, scratch):
    """The ext2 file system of the volume `system` is as sound as on the first day."""
    scratch.write_bytes(contents(path, "system"))
    run("/usr/sbin/e2fsck", "-fn", scratch)
    text = run("/usr/sbin/debugfs", "-R", "cat /etc/motd", scratch)
    if "garden under glass" not in text:
        raise Failure(f"/etc/motd of the volume system is {text!r}")


# --- what the block client wrote ------------------------------------------------------------------

PATTERN_MAGIC = 0x6B636F6C42726554
SUMMARY_MAGIC = 0x7972616D6D755354
STEP = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1
STEPS = [i * STEP & MASK for i in range(61)]


def splitmix(state):
    """(the next state, the number)"""
    state = (state + STEP) & MASK
    mixed = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & MASK
    mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & MASK
    return state, mixed ^ mixed >> 31


def mix(a, b):
    return splitmix(splitmix(a ^ PATTERN_MAGIC)[1] ^ b)[1]


def check_sector(data, number, writer):
    """The generation of a sector, all of whose bytes are what they have to be."""
    magic, sector, who = struct.unpack_from("<3Q", data)
    generation = who & 0xFFFFFFFF
    base = mix(number, who)
    right = struct.pack("<64Q", PATTERN_MAGIC, number, who, *[(base + s) & MASK for s in STEPS])
    if data != right or who >> 32 != writer:
        wrong = next((i for i in range(64) if data[i * 8:i * 8 + 8] != right[i * 8:i * 8 + 8]), 2)
        raise Failure(f"sector {number} on the image: word {wrong} is not what it should be; magic "
                      f"{magic:x}, number {sector}, generation {generation}, writer {who >> 32} "
                      f"(expected {PATTERN_MAGIC:x}, {number}, any, {writer})")
    return generation


def check_volume(path, name):
    """Every sector of the volume is the newest that the client wrote, and nothing else; returns
    how many operations the client did."""
    data = contents(path, name)
    words = struct.unpack("<7Q", data[-SECTOR:][:56])
    magic, sectors, writer, operations, digest, _, check = words
    right = 0
    for word in words[:6]:
        right = mix(right, word)
    if (magic, check) != (SUMMARY_MAGIC, right):
        raise Failure(f"the volume {name} has no summary in its last sector: {words}")
    if (sectors + 1) * SECTOR != len(data):
        raise Failure(f"the summary of {name} is about {sectors} sectors, the volume has "
                      f"{len(data) // SECTOR}")
    found = 0
    for number in range(sectors):
        sector = data[number * SECTOR:(number + 1) * SECTOR]
        found += mix(number, check_sector(sector, number, writer))
    if found & MASK != digest:
        raise Failure(f"sectors of {name} are sound, but not all are the newest: digest "
                      f"{found & MASK:x}, expected {digest:x}")
    return operations
