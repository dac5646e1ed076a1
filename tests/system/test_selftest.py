"""The kernel's self test (tests/programs/selftest): a program in ring 3 that tries all that the
interface promises and forbids. It is alone on the machine and writes to the serial port itself."""
import re
import time

from harness import ROOT, Failure, limit

SECONDS = 220
END = re.compile(r"selftest: (\d+) passed, (\d+) failed")


def configuration(arguments):
    """The configuration with other arguments: names of tests, or what they begin with."""
    text = (ROOT / "tests/system/config/selftest.cfg").read_text()
    return re.sub(r"(?m)^( *arguments ).*$", rf"\g<1>{arguments}", text).encode()


def finish(m):
    """Waits for the last line; no test may have failed."""
    found = m.expect(END, SECONDS)
    failures = re.findall(r"^selftest: .* FAILED .*$", m.text, re.MULTILINE)
    if failures or found[2] != "0":
        raise Failure("\n".join(failures) or found[0])
    assert int(found[1]) > 0, "no test ran"
    status = m.wait_debug_exit()
    assert status == 0, f"left with {status}"


def whole(machine, **hardware):
    """All of it, where time is the number of instructions: the same in every run, however busy the
    host is."""
    finish(machine(config="all.cfg", files={"config/all.cfg": configuration("-nmi")},
                   programs=["selftest"], icount=True, time_limit=230, **hardware))


@limit(240)
def test_q35(machine):
    whole(machine)


@limit(240)
def test_pc(machine):
    whole(machine, model="pc")


@limit(120)
def test_edu(machine):
    """Messages and DMA of a real device, which the other machines here do not have."""
    m = machine(config="edu.cfg", files={"config/edu.cfg": configuration("edu")},
                programs=["selftest"], icount=True, extra=["-device", "edu"], time_limit=110)
    finish(m)
    assert "cannot look at anything" not in m.text, "the device was not found"
    for name in ("message", "dma", "quarantined", "released"):
        assert m.text.count(f"selftest: edu/{name} ok") == 2, f"edu/{name} did not run twice"


@limit(120)
def test_nmi(machine):
    """Non-maskable interrupts while ring 3 has forged GS: the system lives and has counted them."""
    m = machine(config="nmi.cfg", files={"config/nmi.cfg": configuration("nmi")},
                programs=["selftest"], time_limit=110)
    m.expect("ready for non-maskable interrupts", 60)
    deadline = time.monotonic() + 60
    while not END.search(m.text) and time.monotonic() < deadline and not m.ended:
        try:
            m.nmi()
        except (OSError, Failure):
            break  # it has left between two of them; finish() looks how
        time.sleep(0.002)
    finish(m)
