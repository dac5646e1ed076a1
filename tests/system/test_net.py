"""The net server: frames between sessions and to and from the wire, and when it dies."""
import re
import socket
import struct
import time

from harness import PATIENCE, ROOT, builds, limit
from prompt import prompted, wait_log

PROGRAMS = ["net-client"]
GUEST_MAC = bytes.fromhex("525400746501")
HOST_MAC = bytes.fromhex("025500000001")
GUEST_IP = bytes([10, 0, 2, 15])
HOST_IP = bytes([10, 0, 2, 2])


def client(name, arguments, *sessions):
    """A section for a test client; a session is NAME and the arguments for the server."""
    lines = [f"server {name}", "    image       servers/net-client.elf", "    priority    8",
             "    after       net", "    restart     never", f"    arguments   {arguments}"]
    lines += [f"    session     {name} net 1M {words}" for name, words in sessions]
    return "\n".join(lines) + "\n"


def booted(machine, *clients, net="", **options):
    """A machine with net.cfg, these sections instead of its clients, and more lines for `net`."""
    text = (ROOT / "tests/system/config/net.cfg").read_text()
    if clients:
        text = text[:text.index("server echo")] + "\n".join(clients)
    text = text.replace("servers/net.elf\n", f"servers/net.elf\n    {net}\n" if net else
                        "servers/net.elf\n")
    return prompted(machine, config="variant.cfg", programs=PROGRAMS,
                    files={"config/variant.cfg": text.encode()}, **options)


def all_held(m, server, title, least):
    """The client's line about its checks, of which none may have failed."""
    found = wait_log(m, server, rf"{title}: (\d+) checks, (\d+) failed")
    assert int(found[1]) >= least and found[2] == "0", m.command(f"log {server}")


# --- between sessions -----------------------------------------------------------------------------


@limit(300)
def test_stream(machine):
    """A stream of frames from session to session, and back, without a network card."""
    m = booted(machine)
    wait_log(m, "net", "no network card")
    found = wait_log(m, "generate", r"stream of 20000 frames is right, (\d+) sent again", 200)
    assert int(found[1]) < 2000, f"{found[0]}: but nobody lost them"


def test_rules(machine):
    """Addresses, lengths, batches, limits and counters: what a session may do, and what not."""
    m = booted(machine, client("rules", "rules", ("net", "52:54:00:74:65:01 broadcast=5"),
                               ("peer", "52:54:00:74:65:02")))
    all_held(m, "rules", "net-client rules", 5000)


def test_hostile(machine):
    """Requests that make no sense are refused, and harm nobody."""
    m = booted(machine, client("hostile", "hostile", ("net", "52:54:00:74:65:01"),
                               ("peer", "52:54:00:74:65:02")))
    all_held(m, "hostile", "net-client hostile", 290)


def test_refused_sessions(machine):
    """An address belongs to one session; what is not an address of one's own is refused."""
    m = booted(machine, client("first", "echo", ("net", "52:54:00:74:65:01")),
               client("second", "echo", ("net", "52:54:00:74:65:01 broadcast=3")),
               client("group", "echo", ("net", "53:54:00:74:65:01")),
               client("nobody", "echo", ("net", "00:00:00:00:00:00")),
               client("unread", "echo", ("net", "52:54:00:74:65:03 fast")))
    logs = {}
    for name in ("second", "group", "nobody", "unread"):
        logs[name] = wait_log(m, "root", rf"session .*{name}.* is closed: .*")[0]
    assert "in use by another session" in logs["second"], logs
    for name in ("group", "nobody", "unread"):
        assert "makes no sense" in logs[name], logs
    wait_log(m, "first", "has the address 52:54:00:74:65:01")


# --- when it dies ---------------------------------------------------------------------------------


def kill(m, times):
    for _ in range(times):
        m.send("kill net")
        m.expect("restarted", 60)
        m.expect("keeper> ", 60)
        time.sleep(1)


@limit(400)
def test_kill(machine):
    """The server is killed while a stream goes on: the stream is right."""
    m = booted(machine, client("echo", "echo", ("net", "52:54:00:74:65:02")),
               client("generate", "generate 52:54:00:74:65:02 60000",
                      ("net", "52:54:00:74:65:01")))
    wait_log(m, "generate", "has the address")
    kill(m, 3)
    wait_log(m, "generate", "stream of 60000 frames is right", 300)


def ends(machine, way, why):
    """The server ends twice in this way, in the middle of a stream, which is right all the same."""
    m = booted(machine, net=f"arguments   {way}:2")
    wait_log(m, "generate", "stream of 20000 frames is right", 300)
    log = m.command("log root")
    found = re.findall(rf"^root: net: .*{why}.*restart", log, re.MULTILINE)
    assert len(found) == 2, f"{way}: {len(found)} restarts\n{log}"
    m.close()


@builds("debug")
@limit(400)
def test_dies_at_each_step(machine):
    """It dies in the middle of its work, once it has begun, wherever that is."""
    ends(machine, "die=taken:1000", "invalid instruction")
    ends(machine, "die=device:1777", "invalid instruction")
    ends(machine, "die=completed:2554", "invalid instruction")
    ends(machine, "die=published:77", "invalid instruction")
    ends(machine, "die=raised:60", "invalid instruction")


@builds("debug")
@limit(300)
def test_hangs(machine):
    """It goes round in a circle in the middle of its work, and is found by its deadline."""
    ends(machine, "hang=device:1777", "no sign of life in 2000 ms")
    ends(machine, "hang=raised:60", "no sign of life in 2000 ms")


# --- the wire -------------------------------------------------------------------------------------


class Wire:
    """The other end of a network card's cable: every frame is a UDP datagram on loopback."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5 * PATIENCE)
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.bind(("127.0.0.1", 0))
        self.peer = probe.getsockname()
        probe.close()

    def netdev(self, card):
        """QEMU's arguments for a card at this wire."""
        here, there = self.socket.getsockname()[1], self.peer[1]
        return ["-netdev", f"socket,id=wire,udp=127.0.0.1:{here},localaddr=127.0.0.1:{there}",
                "-device", f"{card},netdev=wire,mac=52:54:00:12:34:56"]

    def send(self, frame):
        self.socket.sendto(frame.ljust(60, b"\0"), self.peer)

    def receive(self, wanted):
        """The next frame that `wanted` says yes to; None if none comes for seconds."""
        try:
            while True:
                frame = self.socket.recv(4096)
                if wanted(frame):
                    return frame
        except socket.timeout:
            return None


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def arp_request():
    return (b"\xff" * 6 + HOST_MAC + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 1)
            + HOST_MAC + HOST_IP + bytes(6) + GUEST_IP)


def ip_frame(protocol, body, target=GUEST_MAC):
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0)
    header += HOST_IP + GUEST_IP
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return target + HOST_MAC + b"\x08\x00" + header + body


def udp_frame(number, size, damaged=False):
    payload = struct.pack("!I", number) + bytes((number + i) & 0xFF for i in range(size))
    head = struct.pack("!HHHH", 4000, 7, 8 + len(payload), 0)
    pseudo = HOST_IP + GUEST_IP + struct.pack("!BBH", 0, 17, 8 + len(payload))
    total = checksum(pseudo + head + payload) or 0xFFFF
    return ip_frame(17, head[:6] + struct.pack("!H", total ^ damaged) + payload), payload


def is_udp(frame):
    return frame[12:14] == b"\x08\x00" and frame[23] == 17


def udp_payload(frame):
    """What an answer carries; its checksums must be right."""
    length = struct.unpack("!H", frame[16:18])[0]
    ip, body = frame[14:34], frame[34:14 + length]
    assert checksum(ip) == 0, f"the header's checksum is wrong: {frame.hex()}"
    pseudo = ip[12:20] + struct.pack("!BBH", 0, 17, len(body))
    assert checksum(pseudo + body) == 0, f"the datagram's checksum is wrong: {frame.hex()}"
    return body[8:]


def on_the_wire(machine, card, **options):
    """A machine whose client answers at the wire, and has once; the machine, the wire."""
    wire = Wire()
    m = booted(machine, client("wire", "wire", ("net", "52:54:00:74:65:01")),
               extra=wire.netdev(card), **options)
    wait_log(m, "net", "its link is up")
    wait_log(m, "wire", "has the address")
    ask_arp(wire)
    return m, wire


def ask_arp(wire):
    wire.send(arp_request())
    answer = wire.receive(lambda frame: frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\2")
    assert answer, "nobody answers to ARP"
    assert answer[6:12] == GUEST_MAC and answer[22:28] == GUEST_MAC, answer.hex()


def ping(wire, number, size):
    body = struct.pack("!BBHHH", 8, 0, 0, 1, number) + bytes(size)
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    wire.send(ip_frame(1, body))
    answer = wire.receive(lambda frame: frame[12:14] == b"\x08\x00" and frame[23] == 1)
    assert answer, f"no answer to ping {number} with {size} bytes"
    got = answer[34:34 + len(body)]
    assert got[0] == 0 and checksum(got) == 0 and got[4:] == body[4:], answer.hex()


def exchange(wire, first, count, batch, size=None):
    """Sends datagrams in batches and compares what comes back; how many were lost."""
    lost = 0
    for start in range(first, first + count, batch):
        expected = {}
        for number in range(start, start + batch):
            frame, payload = udp_frame(number, number * 37 % 1468 if size is None else size)
            expected[number] = payload
            wire.send(frame)
        while expected:
            answer = wire.receive(is_udp)
            if answer is None:
                break
            payload = udp_payload(answer)
            number = struct.unpack("!I", payload[:4])[0]
            if number in expected:
                assert payload == expected.pop(number), f"datagram {number} has changed"
        lost += len(expected)
    return lost


def talk(machine, card, **options):
    m, wire = on_the_wire(machine, card, **options)
    for size in (0, 1, 63, 64, 65, 500, 1472):
        ping(wire, size, size)
    lost = exchange(wire, 0, 2000, 16)
    assert lost < 100, f"{lost} of 2000 datagrams were lost"
    # A datagram that is damaged, and frames with the client's own address as source, get nowhere.
    wire.send(udp_frame(77, 100, damaged=True)[0])
    wire.send(udp_frame(78, 100)[0].replace(HOST_MAC, GUEST_MAC, 1))
    wire.send(udp_frame(79, 100)[0].replace(GUEST_MAC, HOST_MAC, 1))
    assert exchange(wire, 5000, 16, 16) == 0
    found = wait_log(m, "wire", r"2000 answers, the card has seen (\d+) good")
    # QEMU's 82540EM looks at no checksums.
    assert card == "e1000" or int(found[1]) > 1500, found[0]


@limit(240)
def test_wire_e1000e(machine):
    """The wire behind an 82574L: ARP, pings and datagrams of all lengths, checksums by the card."""
    talk(machine, "e1000e")


@limit(240)
def test_wire_e1000(machine):
    """The same behind an 82540EM, whose interrupt is a line."""
    talk(machine, "e1000")


@limit(240)
def test_wire_pc(machine):
    """The same on the older chipset."""
    talk(machine, "e1000", model="pc")


@limit(300)
def test_wire_kill(machine):
    """The server is killed while frames go to and from the wire; afterwards all goes on."""
    m, wire = on_the_wire(machine, "e1000e")
    for round_number in range(3):
        m.send("kill net")
        exchange(wire, 10000 * round_number, 96, 16)  # some are lost
        m.expect("restarted", 60)
        m.expect("keeper> ", 60)
        assert exchange(wire, 10000 * round_number + 5000, 320, 16) < 32
