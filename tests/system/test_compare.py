"""Terrarium's side of the comparison with Linux (tests/compare): that its program reads what it is
told to. How fast is not asked here."""
import re
import sys

from harness import ROOT, builds

sys.path.append(str(ROOT / "tests/compare"))

import disk


@builds("release")
def test_loads(machine):
    """Every load of the comparison, shorter; words that make no sense; and data that is wrong."""
    image = disk.make_image(machine.own_file("disk.img"))
    with open(image, "r+b") as file:
        file.seek((disk.FIRST_MIB << 20) + 1000 * disk.BLOCK)
        file.write(b"\0")
    m = machine(**disk.terrarium(machine, image))
    blocks = m.expect(disk.READY, 120)[1]
    assert blocks and int(blocks) == (disk.VOLUME_MIB << 20) // disk.BLOCK, blocks
    m.expect("load> ")
    for words in (words for _, loads in disk.FIGURES.values() for words in loads):
        order, size, depth, some, _ = words.split()
        said = m.command(f"{order} {size} {depth} {some} 40 7", "load> ")
        assert re.fullmatch(r"took [1-9]\d* ticks", said.strip()), f"{words}: {said}"
    assert "FAILED: what load is that?" in m.command("random 4K 33 1 40 7", "load> ")
    m.send("sequential 4K 32 8 32768 7")
    m.expect("FAILED: block 1000: wrong data")
