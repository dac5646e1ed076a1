#!/bin/sh
# mkgrub.sh FOLDER: makes the two GRUB images that every ISO starts with.
#
#   FOLDER/bios.img   boot image of a CD for BIOS (El Torito, no emulation; also used from a disk)
#   FOLDER/efi.img    FAT file system with EFI/BOOT/BOOTX64.EFI
#   FOLDER/boot_hybrid.img   the boot sector that makes the same ISO start from a disk
#
# Both images hold all the modules they use, so nothing of GRUB but a menu lies on the ISO, and
# both do what early.cfg says: find the ISO and show that menu. The one for BIOS has no video
# driver and leaves the screen in text mode; the one for UEFI has, for the framebuffer. The same
# GRUB always makes the same bytes.
set -eu
: "${SOURCE_DATE_EPOCH:=1767225600}"
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C MTOOLS_SKIP_CHECK=1
grub=${GRUB_LIB:-/usr/lib/grub}
early=$(dirname "$0")/early.cfg
out=$1
mkdir -p "$out"

modules='iso9660 part_gpt part_msdos search search_fs_file normal configfile multiboot2 boot
    echo test sleep serial terminal halt reboot'

grub-mkimage -d "$grub/i386-pc" -O i386-pc -p /boot/grub -c "$early" -o "$out/core.img" \
    biosdisk $modules
cat "$grub/i386-pc/cdboot.img" "$out/core.img" >"$out/bios.new"
cp "$grub/i386-pc/boot_hybrid.img" "$out/boot_hybrid.img"

grub-mkimage -d "$grub/x86_64-efi" -O x86_64-efi -p /boot/grub -c "$early" \
    -o "$out/bootx64.efi" all_video efi_gop video_fb $modules

# FAT12 as small as may be: the file, rounded up to clusters, and some room for FATs and folders.
kilobytes=$((($(stat -c %s "$out/bootx64.efi") + 1023) / 1024 + 40))
rm -f "$out/efi.img"
truncate -s "${kilobytes}K" "$out/efi.img"
mformat -i "$out/efi.img" -N 54455252 -v EFI -h 1 -s 2 -t "$kilobytes" ::
touch -d "@$SOURCE_DATE_EPOCH" "$out/bootx64.efi"
mmd -i "$out/efi.img" ::/EFI ::/EFI/BOOT
mcopy -m -i "$out/efi.img" "$out/bootx64.efi" ::/EFI/BOOT/BOOTX64.EFI

rm -f "$out/core.img" "$out/bootx64.efi"
mv "$out/bios.new" "$out/bios.img"
