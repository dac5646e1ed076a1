"""A small Linux for comparisons: a kernel of the machine's own package manager, and an initramfs
with one program and the modules that it needs for a SATA disk.

The kernel is looked for where the user says (a folder with boot/ and lib/modules/), in / itself,
in build/compare/linux/, where an earlier run has unpacked it; else Debian's package is fetched and
unpacked there. Nothing is installed.
"""
import lzma
import os
import pathlib
import re
import shutil
import stat
import subprocess

from harness import ROOT, Failure, run

OUT = ROOT / "build/compare"
PACKAGE = "linux-image-amd64"
WANTED = ("ahci", "sd_mod")

SOURCES = ("tests/compare/linux_disk.c", "tests/programs/bench-disk/load.c", "libpv/base/parse.c")
CFLAGS = ("-std=c17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wvla",
          "-Wundef", "-Ilibpv", "-Ilibpv/include")

INSTALL = f"""no Linux kernel is at hand. Any of these helps:
    on Debian or Ubuntu: apt-get update, and try again (apt-get download {PACKAGE} must work), or
        apt-get install {PACKAGE}
    elsewhere: unpack a kernel package for x86-64 into a folder with boot/vmlinuz-VERSION and
        lib/modules/VERSION/, and name it: --linux FOLDER"""


# --- the kernel -----------------------------------------------------------------------------------


class Kernel:
    """A kernel that is there, with its modules."""

    def __init__(self, root, image):
        self.image = image
        self.version = image.name.split("-", 1)[1]
        folder = root / "lib/modules" / self.version
        if not folder.is_dir():  # where /lib is not in /usr
            folder = root / "usr/lib/modules" / self.version
        self.modules = {path.name.split(".ko")[0].replace("-", "_"): path
                        for path in sorted(folder.rglob("*.ko*")) if path.is_file()}
        builtin = folder / "modules.builtin"
        lines = builtin.read_text().splitlines() if builtin.exists() else []
        self.builtin = {pathlib.Path(line).stem.replace("-", "_") for line in lines}

    def is_complete(self):
        return all(name in self.modules or name in self.builtin for name in WANTED)

    def module(self, name):
        """The bytes of a module, unpacked."""
        data = self.modules[name].read_bytes()
        return lzma.decompress(data) if self.modules[name].suffix == ".xz" else data

    def order(self):
        """The modules to load for a SATA disk, each after those that it depends on."""
        order = []

        def add(name):
            name = name.replace("-", "_")
            if name in order or name in self.builtin:
                return
            if name not in self.modules:
                raise Failure(f"Linux {self.version} has no module {name}")
            found = re.search(rb"\0depends=([^\0]*)\0", b"\0" + self.module(name))
            for needed in found[1].decode().split(",") if found else []:
                if needed:
                    add(needed)
            order.append(name)

        for name in WANTED:
            add(name)
        return order


def kernel_below(root):
    """The newest usable kernel of a folder, or None."""
    images = [path for path in (root / "boot").glob("vmlinu[xz]-*") if os.access(path, os.R_OK)]
    for image in sorted(images, key=lambda path: numbers(path.name), reverse=True):
        kernel = Kernel(root, image)
        if kernel.is_complete():
            return kernel
    return None


def numbers(name):
    return [int(number) for number in re.findall(r"\d+", name)]


def fetch(target):
    """Debian's kernel package, unpacked; False where that cannot be had."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return False
    depends = subprocess.run(["apt-cache", "depends", PACKAGE], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = re.search(r"Depends: (linux-image-[0-9]\S*)", depends.stdout)
    if not found:
        return False
    print(f"fetching {found[1]}", flush=True)
    OUT.mkdir(parents=True, exist_ok=True)
    got = subprocess.run(["apt-get", "-qq", "download", found[1]], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=OUT)
    packages = sorted(OUT.glob(f"{found[1]}_*.deb"))
    if got.returncode != 0 or not packages:
        return False
    shutil.rmtree(target, ignore_errors=True)
    run("dpkg-deb", "-x", packages[-1], target)
    for package in packages:
        package.unlink()
    return True


def find_kernel(folder=None):
    """A kernel; a Failure that says what to install if there is none."""
    if folder:
        kernel = kernel_below(pathlib.Path(folder).absolute())
        if not kernel:
            raise Failure(f"{folder} has no boot/vmlinuz-VERSION with the modules "
                          f"{' and '.join(WANTED)} in lib/modules/VERSION/")
        return kernel
    unpacked = OUT / "linux"
    kernel = kernel_below(pathlib.Path("/")) or kernel_below(unpacked)
    if not kernel and fetch(unpacked):
        kernel = kernel_below(unpacked)
    if not kernel:
        raise Failure(INSTALL)
    return kernel


# --- the initramfs --------------------------------------------------------------------------------


def entry(name, mode, data=b"", device=(0, 0)):
    """One file in the format `newc` of cpio."""
    encoded = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
    return padded(head) + padded(data)


def padded(data):
    return data + bytes(-len(data) % 4)


def build_init():
    """The program of the initramfs, for the host's Linux and so for the other one."""
    init = OUT / "init"
    OUT.mkdir(parents=True, exist_ok=True)
    run(os.environ.get("CC") or "gcc", *CFLAGS, "-static", "-o", init, *SOURCES)
    return init


def make_initramfs(kernel):
    """/init, /modules, and a console to talk to; the path of the file."""
    order = kernel.order()
    files = [entry(name, stat.S_IFDIR | 0o755) for name in ("dev", "sys", "modules")]
    files += [entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1)),
              entry("init", stat.S_IFREG | 0o755, build_init().read_bytes()),
              entry("modules/order", stat.S_IFREG | 0o644, "\n".join(order).encode())]
    files += [entry(f"modules/{name}", stat.S_IFREG | 0o644, kernel.module(name))
              for name in order]
    path = OUT / "initramfs"
    path.write_bytes(b"".join(files) + entry("TRAILER!!!", 0))
    return path
