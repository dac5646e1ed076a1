# From kernel and servers to an ISO, and to a QEMU that boots it.
#
#   build/grub/                     GRUB images, the same for every ISO
#   build/VARIANT/stage/            what goes on the ISO, without debug symbols
#       kernel.elf root.elf kernel.sym
#       archive/servers/*.elf       the servers, except root, which the kernel starts itself
#       archive/config/*.cfg        boot configurations of iso/config/
#       programs/*.elf              test programs: only on the ISOs that tests make
#   build/VARIANT/archive.tar, build/VARIANT/terrarium.iso
#   build/terrarium.iso             of the variant that was built last
#   build/disk.img                  a disk; made once, and then the user's

STAGE := $(B)/stage
BOOT_CONFIGS := $(sort $(wildcard iso/config/*.cfg))
STAGED := $(STAGE)/kernel.elf $(STAGE)/kernel.sym $(STAGE)/root.elf \
    $(patsubst %,$(STAGE)/archive/servers/%.elf,$(filter-out root,$(SERVERS))) \
    $(BOOT_CONFIGS:iso/%=$(STAGE)/archive/%)
STAGED_PROGRAMS := $(PROGRAMS:%=$(STAGE)/programs/%.elf)

define stage-elf
@mkdir -p $(@D)
$(Q)$(OBJCOPY) -S $< $@
endef
define stage-file
@mkdir -p $(@D)
$(Q)cp $< $@
endef

$(STAGE)/kernel.elf: $(B)/kernel.elf
	$(stage-elf)
$(STAGE)/root.elf: $(B)/servers/root.elf
	$(stage-elf)
$(STAGE)/archive/servers/%.elf: $(B)/servers/%.elf
	$(stage-elf)
$(STAGE)/programs/%.elf: $(B)/programs/%.elf
	$(stage-elf)
$(STAGE)/kernel.sym: $(B)/kernel.sym
	$(stage-file)
$(STAGE)/archive/config/%.cfg: iso/config/%.cfg
	$(stage-file)

.PHONY: iso stage disk run gdb
stage: $(STAGED) $(STAGED_PROGRAMS) $(B)/terrarium.iso ; @:

build/grub/bios.img: iso/mkgrub.sh iso/early.cfg | deps-ready
	$(call say,GRUB,build/grub)
	$(Q)sh iso/mkgrub.sh build/grub

$(eval $(call flags-file,archive,$(STAGED)))

$(B)/archive.tar: $(STAGED) $(B)/archive.flags iso/mkarchive.sh
	$(call say,TAR,$@)
	$(Q)sh iso/mkarchive.sh $@ $(STAGE)/archive $(STAGED:$(STAGE)/archive/%=%)

$(B)/terrarium.iso: $(B)/archive.tar build/grub/bios.img iso/mkiso.sh iso/menu
	$(call say,ISO,$@)
	$(Q)sh iso/mkiso.sh --grub build/grub --kernel $(STAGE)/kernel.elf --root $(STAGE)/root.elf \
	    --symbols $(STAGE)/kernel.sym --archive $(B)/archive.tar --menu iso/menu --out $@

iso: $(B)/terrarium.iso
	$(Q)cmp -s $< build/terrarium.iso || cp $< build/terrarium.iso

DISK := build/disk.img

disk: | deps-ready
	@if [ -e $(DISK) ] && [ -z "$(filter-out 0,$(FORCE))" ]; then \
	    echo '$(DISK) is there already, and stays as it is. FORCE=1 makes a new one.'; \
	else \
	    rm -f $(DISK); \
	    $(MAKE) $(DISK); \
	fi

# Depends on nothing, so that it is never made again.
$(DISK): | deps-ready
	$(call say,DISK,$@)
	@mkdir -p $(@D)
	$(Q)sh iso/mkdisk.sh $@

# The serial port is this terminal, with every key going to the guest: Ctrl-A is the console
# server's key, so QEMU must not have it.
QEMU_RUN = $(QEMU) -M q35 -accel $(ACCEL) -cpu $(if $(findstring kvm,$(ACCEL)),host,max) \
    -smp 1,maxcpus=2 -m $(MEM) -display $(DISPLAY_) -monitor none \
    -chardev stdio,id=terminal,signal=off -serial chardev:terminal \
    -drive file=build/terrarium.iso,format=raw,media=cdrom,readonly=on -boot d \
    -drive file=$(DISK),format=raw,if=none,id=disk -device ide-hd,drive=disk,bus=ide.1 \
    -pidfile build/qemu.pid $(QEMU_EXTRA)

run: iso $(DISK)
	@echo 'Leave with "poweroff" at the keeper, or from another terminal: kill `cat build/qemu.pid`'
	$(Q)$(QEMU_RUN)

gdb: iso $(DISK)
	@echo 'QEMU waits. In another terminal:'
	@echo "    gdb $(B)/kernel.elf -ex 'target remote localhost:$(GDB_PORT)'"
	@echo 'and there, for instance: hbreak kernel_start, then continue.'
	@echo "Symbols of a server: add-symbol-file $(B)/servers/NAME.elf"
	$(Q)$(QEMU_RUN) -S -gdb tcp:127.0.0.1:$(GDB_PORT)
