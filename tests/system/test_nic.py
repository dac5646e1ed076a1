"""The driver of network cards (servers/drivers/e1000.c) on QEMU's two, from a test program in
ring 3 (tests/programs/nic-probe). The test is the other end of the wire: it makes and checks every
frame."""
import socket
import struct
import time

from harness import PATIENCE, Failure, limit

PROMPT = "keeper> "
MAC = bytes.fromhex("525400746501")
OWN_MAC = bytes.fromhex("525400746502")
PROBE_IP = bytes([10, 0, 2, 15])
OWN_IP = bytes([10, 0, 2, 2])

IPV4, ARP, CONTROL, ECHO, PLAIN = 0x0800, 0x0806, 0x88B5, 0x88B6, 0x88B7

# Byte i of the payload of frame n is n * 7 + i * 13, modulo 256: a piece of this, as 197 * 13 = 1.
PATTERN = bytes(i * 13 & 0xFF for i in range(256)) * 8

# So many frames wait for the probe at most. QEMU's 82540EM drops those of more than its ring holds,
# and receives nothing in the second after it was switched on, while frames wait.
WINDOW = 200

ANSWER = ("sent received wrong out_of_order good0 good1 good2 good3 good4 good5 good6 good7 "
          "bad_length bad_frame lost resets accesses interrupts rounds").split()


class Wire:
    """The other end of a wire: QEMU connects to it, and sends each frame after its length."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(60 * PATIENCE)
        self.port = self.listener.getsockname()[1]
        self.connection = None

    def accept(self):
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(60 * PATIENCE)
        self.stream = self.connection.makefile("rb")

    def send(self, *frames):
        self.connection.sendall(b"".join(struct.pack(">I", len(f)) + f for f in frames))

    def receive(self):
        """The next frame that is not an ARP request; those are answered."""
        while True:
            try:
                frame = self.stream.read(struct.unpack(">I", self.stream.read(4))[0])
            except (TimeoutError, struct.error) as error:
                raise Failure(f"no frame came from the machine: {error}") from error
            if kind(frame) != ARP:
                return frame
            self.answer_arp(frame)

    def answer_arp(self, frame):
        assert frame[:6] == b"\xff" * 6 and frame[6:12] == MAC, f"an ARP request: {frame.hex()}"
        assert frame[14:22] == bytes([0, 1, 8, 0, 6, 4, 0, 1]), f"an ARP request: {frame.hex()}"
        assert frame[28:32] == PROBE_IP and frame[38:42] == OWN_IP, frame.hex()
        answer = bytes([0, 1, 8, 0, 6, 4, 0, 2]) + OWN_MAC + OWN_IP + MAC + PROBE_IP
        self.send(ethernet(ARP, answer).ljust(60, b"\0"))

    def greet(self):
        """Answers the ARP request with which the probe begins."""
        while True:
            frame = self.stream.read(struct.unpack(">I", self.stream.read(4))[0])
            if kind(frame) == ARP:
                return self.answer_arp(frame)

    def command(self, letter, number=0):
        self.send(ethernet(CONTROL, letter.encode() + b"\0" +
                           struct.pack("<I", number)).ljust(60, b"\0"))

    def answer(self):
        frame = self.receive()
        assert kind(frame) == CONTROL and frame[15:16] == b"A", f"an answer: {frame[:32].hex()}"
        return dict(zip(ANSWER, struct.unpack_from(f"<{len(ANSWER)}I", frame, 16)))

    def ask(self):
        self.command("Q")
        return self.answer()


def kind(frame):
    return struct.unpack_from(">H", frame, 12)[0]


def ethernet(what, payload, to=MAC):
    return to + OWN_MAC + struct.pack(">H", what) + payload


def internet_sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def segment_sum(packet):
    """What the sum over a TCP or UDP segment and its pseudo header comes to: all ones if right."""
    segment = packet[20:]
    return internet_sum(packet[12:20] + struct.pack(">HH", packet[9], len(segment)) + segment)


def payload_of(number, length):
    begin = number * 7 * 197 % 256
    return struct.pack("<I", number) + PATTERN[begin + 4:begin + length]


def frame_for_probe(number):
    """A numbered frame to the probe: by its last three bits UDP, TCP (4), UDP with a wrong checksum
    (5), no IP (6), or a frame that is too long (7)."""
    kind_of = number & 7
    length = 60 + number * 211 % 1455
    if kind_of == 7:
        return ethernet(PLAIN, payload_of(number, 1501 + number % 4))
    if kind_of == 6:
        return ethernet(PLAIN, payload_of(number, length - 14))
    tcp = kind_of == 4
    if tcp:
        segment = struct.pack(">HHIIBBHHH", 9, 7, 0, 0, 5 << 4, 0x10, 1000, 0, 0)
    else:
        segment = struct.pack(">HHHH", 9, 7, length - 34, 0)
    segment += payload_of(number, length - 34 - len(segment))
    header = struct.pack(">BBHHHBBH", 0x45, 0, length - 14, number, 0, 64, 6 if tcp else 17,
                         0) + OWN_IP + PROBE_IP
    header = header[:10] + struct.pack(">H", 0xFFFF - internet_sum(header)) + header[12:]
    checksum = 0xFFFF - segment_sum(header + segment) or 0xFFFF
    if kind_of == 5:
        checksum ^= 0x0101
    place = 16 if tcp else 6
    segment = segment[:place] + struct.pack(">H", checksum) + segment[place + 2:]
    return ethernet(IPV4, header + segment)


def check_frame(frame, number):
    """Is this what tests/programs/nic-probe/frames.c makes for the number, with its checksum?"""
    what = f"frame {number}, {frame[:64].hex()}: "
    assert frame[:14] == OWN_MAC + MAC + struct.pack(">H", IPV4), what + "its Ethernet header"
    length = 60 + number * 389 % 1455
    packet = frame[14:]
    assert len(frame) == length, what + f"has {len(frame)} bytes, not {length}"
    assert struct.unpack_from(">H", packet, 2)[0] == len(packet), what + "its IP length"
    assert internet_sum(packet[:20]) == 0xFFFF, what + "its IP checksum"
    tcp = number & 3 == 2
    assert packet[9] == (6 if tcp else 17), what + "its protocol"
    if number & 3 == 1:
        assert packet[26:28] == b"\0\0", what + "has a checksum that nobody asked for"
    else:
        assert segment_sum(packet) == 0xFFFF, what + "its checksum"
    payload = packet[40 if tcp else 28:]
    assert payload == payload_of(number, len(payload)), what + "its payload"


def starts(machine, card, model="q35", **more):
    """A machine with a card, and the other end of its wire, which has been found."""
    wire = Wire()
    m = machine(config="nic.cfg", programs=["nic-probe"], model=model, extra=[
        "-netdev", f"socket,id=wire,connect=127.0.0.1:{wire.port}",
        "-device", f"{card},id=card,netdev=wire,mac={MAC.hex(':')}"], **more)
    wire.accept()
    m.expect(PROMPT, 120)
    wire.greet()
    return m, wire


def sends(wire, count):
    """The probe sends `count` frames, and every one of them comes, as it has to be."""
    wire.command("S", count)
    for number in range(count):
        check_frame(wire.receive(), number)


def receives(wire, count, checks):
    """The probe receives `count` frames; `checks`: its card looks at checksums."""
    wire.command("V")
    for first in range(0, count, WINDOW):
        wire.send(*map(frame_for_probe, range(first, min(first + WINDOW, count))))
        result = wire.ask()
    of_kind = [len(range(which, count, 8)) for which in range(8)]
    assert result["wrong"] == 0 and result["out_of_order"] == 0, result
    assert result["received"] == count - of_kind[7], result
    for which in range(8):
        expected = of_kind[which] if checks and which < 5 else 0
        assert result[f"good{which}"] == expected, f"kind {which}: not {expected}: {result}"
    return result


def echoes(wire, count, first=0):
    """The probe sends back `count` frames, in their order, while more of them arrive."""
    frames = [ethernet(ECHO, payload_of(n, 46 + n * 97 % 1455))
              for n in range(first, first + count)]
    half = WINDOW // 2
    wire.send(*frames[:half])
    for number, frame in enumerate(frames):
        if number % half == 0:
            wire.send(*frames[number + half:number + WINDOW])
        back = wire.receive()
        assert back == OWN_MAC + MAC + frame[12:], f"echo {number}: {back[:40].hex()}"


def both_ways(machine, card, model, checks):
    m, wire = starts(machine, card, model)
    sends(wire, 1000)
    before = receives(wire, 1000, checks)
    assert before["bad_length"] == 125 and before["bad_frame"] == 0, before
    echoes(wire, 1000)
    after = wire.ask()
    # The end of a batch is told to the card once for what was received, once for what is to be
    # sent; and once there is the interrupt.
    most = 2 * after["rounds"] + after["interrupts"] + 10
    assert 0 < after["accesses"] <= most, f"more than {most} register accesses: {after}"
    assert after["lost"] == 0 and after["resets"] == 0, after
    text = m.command("log nic-probe")
    assert "not" not in text and "could" not in text, text


def test_e1000e(machine):
    """82574L with MSI-X: 1000 frames each way, then 1000 both ways at once."""
    both_ways(machine, "e1000e", "q35", checks=True)


def test_e1000(machine):
    """82540EM on an interrupt line."""
    both_ways(machine, "e1000", "pc", checks=False)


def test_e1000_q35(machine):
    """82540EM on the interrupt lines of another chip set."""
    both_ways(machine, "e1000", "q35", checks=False)


@limit(300)
def test_restart(machine):
    """A card whose driver was killed in the middle of its work does it for the next driver."""
    for card in ("e1000e", "e1000"):
        m, wire = starts(machine, card)
        for restart in range(3):
            wire.command("S", 100000)
            for number in range(300):
                check_frame(wire.receive(), number)
            m.send("kill nic-probe")
            m.expect("restarted", 60)
            wire.greet()
            sends(wire, 300)
            echoes(wire, 300, first=restart)
        m.close()


def test_reset(machine):
    """A reset from the driver itself: what was not sent is lost, and then it goes on as before."""
    for card in ("e1000e", "e1000"):
        m, wire = starts(machine, card)
        for times in range(1, 4):
            wire.command("R", 20)
            result = wire.answer()
            assert result["resets"] == times and result["lost"] == 20 * times, result
            sends(wire, 300)
            echoes(wire, 300)
        m.close()


def test_link(machine):
    """The cable is pulled and put back."""
    for card in ("e1000e", "e1000"):
        m, wire = starts(machine, card)
        echoes(wire, 10)
        wire.command("L")
        time.sleep(0.5)
        m.qmp("set_link", name="card", up=False)
        time.sleep(0.5)
        m.qmp("set_link", name="card", up=True)
        wire.answer()
        echoes(wire, 300)
        text = m.command("log nic-probe")
        assert "the link is down" in text and text.count("the link is up") == 2, text
        m.close()
