#!/bin/sh
# deps.sh GROUP...: sees to it that the programs of these groups are installed.
#
# Looks for each program or file of the table below; says nothing when all are there, which is the
# usual case and costs a few milliseconds. Otherwise it says what is missing and why it is wanted,
# and installs the Debian packages, where this is a Debian (or a relative) and the user is root or
# may use sudo; sudo asks for a password only somebody at a terminal. Where that cannot be done, it
# prints the list and fails. Only the system's own package tools are used: nothing is downloaded or
# built by hand.
set -eu
PATH=$PATH:/usr/sbin:/sbin

# group | what must exist: a program, or a path | Debian package | what it is wanted for
table='
build|gcc|gcc|compiles everything
test|/usr/include/stdio.h|libc6-dev|the C library of host tests
build|ld|binutils|links, and makes the symbol table
build|nasm|nasm|assembles
build|python3|python3|makes the symbol table; runs tests and measurements
build|grub-mkimage|grub-common|makes the boot loader of the ISO
build|/usr/lib/grub/i386-pc/multiboot2.mod|grub-pc-bin|parts of the boot loader for BIOS
build|/usr/lib/grub/x86_64-efi/multiboot2.mod|grub-efi-amd64-bin|parts of the boot loader for UEFI
build|xorriso|xorriso|writes the ISO
build|mformat|mtools|makes the UEFI partition of the ISO
disk|sgdisk|gdisk|writes the partition table of the disk image
disk|mke2fs|e2fsprogs|makes and checks file systems in it
run|qemu-system-x86_64|qemu-system-x86|the machine to run on
clang|clang|clang|the other compiler; host tests and fuzzers
clang|/usr/lib/llvm-*/lib/clang/*/lib/*/libclang_rt.fuzzer-*.a|libclang-rt-dev|sanitizers, libFuzzer
test|/usr/include/cmocka.h|libcmocka-dev|unit tests
test|/usr/share/OVMF/OVMF_CODE.fd|ovmf|UEFI firmware to boot tests on
test|spin|spin|checks models of protocols
test|bochs|bochs|a second machine to boot tests on
test|/usr/share/bochs/BIOS-bochs-latest|bochsbios|its BIOS
test|/usr/share/bochs/VGABIOS-lgpl-latest|vgabios|its video BIOS
format|clang-format|clang-format|formats sources
'

# present WHAT: is this program, or a file that matches this pattern, there?
present() {
    case $1 in
    /*) for file in $1; do test -e "$file" && return 0; done; return 1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

missing= packages=
while IFS='|' read -r group what package why; do
    case " $* " in *" $group "*) ;; *) continue ;; esac
    present "$what" && continue
    missing="$missing    $package: $why ($what)
"
    case " $packages " in *" $package "*) ;; *) packages="$packages $package" ;; esac
done <<END
$(printf '%s' "$table" | sed '/^$/d')
END
test -z "$packages" && exit 0

printf 'Missing on this machine (what Debian calls it, why, and what was looked for):\n%s' \
    "$missing"

if test -n "${DEPS_INSTALLED:-}"; then
    echo 'These are missing even after their packages were installed.' >&2
    exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo 'This is not a Debian system: please install these programs yourself, then try again.' >&2
    exit 1
fi
install="apt-get install --no-install-recommends$packages"

if [ "$(id -u)" = 0 ]; then
    root=
elif ! command -v sudo >/dev/null 2>&1; then
    printf 'Not root, and there is no sudo. Please run this as root, then try again:\n    %s\n' \
        "$install" >&2
    exit 1
elif sudo -n true 2>/dev/null; then
    root='sudo -n'
elif [ -t 0 ]; then
    root=sudo
else
    printf '%s\n    sudo %s\n' 'sudo asks for a password, and nobody is here to give it.' \
        "$install" >&2
    exit 1
fi

apt() {
    $root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 "$@" </dev/null
}

echo "Installing:$packages"
# A list that is too old names files that are gone: it is fetched anew, and for that always first.
# Where that fails, perhaps for some other source of packages only, the old list may still do.
apt update || echo 'The lists of packages could not be fetched anew.' >&2
apt install -y --no-install-recommends $packages >/dev/null || {
    printf 'The packages could not be installed. This is what was tried, as root:\n    %s\n' \
        "$install" >&2
    exit 1
}
DEPS_INSTALLED=1 exec sh "$0" "$@"
