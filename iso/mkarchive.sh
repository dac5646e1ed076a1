#!/bin/sh
# mkarchive.sh OUT.tar FOLDER [NAME...]: makes a boot archive: these files of FOLDER, or all.
#
# A plain ustar file with sorted names, one time and no owners, so that the same files always make
# the same bytes. Folders have no entries of their own: the kernel and root look up whole paths.
# The first file, `checksums`, has a line "CRC32 PATH" for each of the others, by which root finds
# out about damage inside a file.
set -eu
: "${SOURCE_DATE_EPOCH:=1767225600}"
export LC_ALL=C
out=$(realpath "$1")
cd "$2"
shift 2
if [ $# = 0 ]; then
    set -- $(find . -type f | sed 's,^\./,,')
fi
present=$(for name in "$@"; do test -f "$name" && echo "$name"; done | sort -u)

sums=$(mktemp -d)
trap 'rm -rf "$sums"' EXIT
printf '%s\n' "$present" | python3 -c 'if True:
    import sys, zlib
    for path in sys.stdin.read().splitlines():
        print("%08x %s" % (zlib.crc32(open(path, "rb").read()), path))' >"$sums/checksums"

printf '%s\n' "$present" | tar --format=ustar --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
    --numeric-owner --mode=0644 --no-recursion --blocking-factor=1 -cf "$out" \
    -C "$sums" checksums -C "$PWD" -T -
