#!/bin/sh
# mkiso.sh OPTION...: makes a bootable ISO, for BIOS and UEFI, from CD or disk, in a moment.
#
#   --out FILE       the ISO
#   --grub FOLDER    what mkgrub.sh made
#   --kernel FILE    --root FILE    --archive FILE    --symbols FILE    what is booted
#   --menu FILE      lines "title | kernel command line"; empty lines and # comments are skipped
#   --entry LINE     such a line on its own; --menu and --entry may be given more than once
#   --default N      entry that starts by itself, from 0                   [0]
#   --timeout N      seconds before it does; 0 starts without a menu       [1]
#
# The same input always makes the same bytes: every time stamp is SOURCE_DATE_EPOCH.
set -eu
: "${SOURCE_DATE_EPOCH:=1767225600}"
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C

# Nothing here reads what is typed; and started without any standard input, dash would read only
# the first line of the menu below.
exec </dev/null

default=0 timeout=1 entries=
while [ $# -gt 1 ]; do
    case $1 in
    --out) out=$2 ;;
    --grub) grub=$2 ;;
    --kernel) kernel=$2 ;;
    --root) root=$2 ;;
    --archive) archive=$2 ;;
    --symbols) symbols=$2 ;;
    --menu) entries="$entries$(grep -v -e '^ *#' -e '^ *$' "$2")
" ;;
    --entry) entries="$entries$2
" ;;
    --default) default=$2 ;;
    --timeout) timeout=$2 ;;
    *) echo "mkiso.sh: unknown option $1" >&2; exit 2 ;;
    esac
    shift 2
done

stage=$(mktemp -d)
trap 'rm -rf "$stage" "$stage.log"' EXIT
mkdir -p "$stage/boot/grub"
cp "$kernel" "$stage/boot/kernel.elf"
cp "$root" "$stage/boot/root.elf"
cp "$archive" "$stage/boot/archive.tar"
cp "$symbols" "$stage/boot/kernel.sym"
cp "$grub/bios.img" "$grub/efi.img" "$stage/boot/grub/"

# Under BIOS the menu is on the serial port as well; UEFI firmware puts its console there itself.
# The screen's mode is said after multiboot2, which sets what the kernel's header would like: text
# where there is text mode, else a framebuffer.
{
    cat <<END
set default=$default
set timeout=$timeout
if [ "\$grub_platform" = pc ]; then
    serial --unit=0 --speed=115200
    terminal_input console serial
    terminal_output console serial
    set screen=text
else
    set screen=1024x768x32,auto
fi
END
    printf '%s' "$entries" | while IFS='|' read -r title command; do
        cat <<END
menuentry '$(printf '%s' "$title" | sed 's/ *$//')' {
    multiboot2 /boot/kernel.elf $command
    module2 /boot/root.elf root
    module2 /boot/archive.tar archive
    module2 /boot/kernel.sym symbols
    set gfxpayload=\$screen
}
END
    done
} >"$stage/boot/grub/grub.cfg"

find "$stage" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
chmod -R u=rwX,go=rX "$stage"
date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S)00
if ! xorriso -as mkisofs -quiet -o "$out" -V TERRARIUM -R \
    --modification-date="$date" --set_all_file_dates "$date" \
    --gpt_disk_guid 00000000000040008000000054455252 \
    -b boot/grub/bios.img -no-emul-boot -boot-load-size 4 -boot-info-table --grub2-boot-info \
    --grub2-mbr "$grub/boot_hybrid.img" \
    -eltorito-alt-boot -e boot/grub/efi.img -no-emul-boot -isohybrid-gpt-basdat \
    "$stage/" 2>"$stage.log"; then
    cat "$stage.log" >&2
    exit 1
fi
