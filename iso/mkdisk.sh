#!/bin/sh
# mkdisk.sh FILE: makes a disk image with a GPT and three volumes, without root's rights.
#
#   system    24 MiB    ext2, with a few files
#   data      24 MiB    empty
#   scratch    8 MiB    empty, for whatever may be lost
#
# The image has 64 MiB but takes little room, for its empty parts are not there. The same tools
# always make the same bytes: identifiers are fixed, and every time stamp is SOURCE_DATE_EPOCH.
set -eu
: "${SOURCE_DATE_EPOCH:=1767225600}"
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C
export E2FSPROGS_FAKE_TIME="$SOURCE_DATE_EPOCH" MKE2FS_CONFIG=/dev/null MKE2FS_SKIP_PROGRESS=1
PATH=$PATH:/usr/sbin:/sbin

out=$1
new=$(mktemp "$out.XXXXXX")
work=$(mktemp -d)
trap 'rm -rf "$work" "$new"' EXIT

# quietly COMMAND...: what it says is shown only if it fails.
quietly() {
    "$@" >"$work/said" 2>&1 </dev/null || {
        cat "$work/said" >&2
        exit 1
    }
}

# uuid NUMBER: an identifier of our own.
uuid() {
    printf '54455252-4152-4955-8d44-%012d' "$1"
}

linux=0FC63DAF-8483-4772-8E79-3D69D8477DE4 # the type of Linux' file systems
truncate -s 64M "$new"
quietly sgdisk --set-alignment=2048 --disk-guid="$(uuid 0)" \
    --new=1:2048:+24M --change-name=1:system --typecode=1:$linux --partition-guid=1:"$(uuid 1)" \
    --new=2:0:+24M --change-name=2:data --typecode=2:$linux --partition-guid=2:"$(uuid 2)" \
    --new=3:0:+8M --change-name=3:scratch --typecode=3:$linux --partition-guid=3:"$(uuid 3)" \
    "$new"

# The file system is made in a file of its own, filled by debugfs (which takes the time of its
# entries from the environment), and laid into the volume.
cat >"$work/motd" <<'END'
Welcome to a small, quiet garden under glass.
END
cat >"$work/README" <<'END'
This is the volume `system`: an ext2 file system that ordinary tools have made.
END
seq 1 20000 >"$work/numbers"
printf '%s\n' 'mkdir /etc' 'mkdir /home' 'mkdir /tmp' "write $work/motd /etc/motd" \
    "write $work/README /README" "write $work/numbers /numbers" \
    'symlink /etc/readme /README' >"$work/commands"
truncate -s 24M "$work/system"
quietly mke2fs -q -F -t ext2 -b 1024 -I 128 -m 0 -L system -U "$(uuid 4)" \
    -E "hash_seed=$(uuid 5),root_owner=0:0" -O none,filetype,sparse_super,large_file,dir_index \
    "$work/system"
quietly debugfs -w -f "$work/commands" "$work/system"
if grep -v -e '^debugfs' -e '^Allocated' "$work/said" >&2; then
    echo 'mkdisk.sh: debugfs has complained' >&2
    exit 1
fi
quietly e2fsck -fn "$work/system"
quietly dd if="$work/system" of="$new" bs=1M seek=1 conv=notrunc,sparse

chmod 644 "$new"
mv "$new" "$out"
