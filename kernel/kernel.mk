# The kernel: kernel/ and libpv/base, compiled for ring 0 and linked to the higher half.
#
#   build/VARIANT/kernel.elf            with everything a debugger wants
#   build/VARIANT/kernel.sym            function and line table that a panic prints names from

KERNEL_C := $(call find-sources,kernel libpv/base,c)
KERNEL_OBJECTS := $(call objects,kernel,$(call find-sources,kernel,c asm))
KERNEL_BASE := $(call objects,kernel,$(call find-sources,libpv/base,c asm))
KERNEL_CFLAGS = $(COMMON_CFLAGS) -mcmodel=kernel -mno-red-zone -Ikernel -Ilibpv/include -Ilibpv
KERNEL_LDFLAGS := $(COMMON_LDFLAGS) -T kernel/kernel.ld

$(eval $(call compile,kernel,$(KERNEL_CFLAGS)))
$(eval $(call flags-file,kernel-link,$(KERNEL_LDFLAGS) $(KERNEL_OBJECTS) $(KERNEL_BASE)))

kernel: $(B)/kernel.elf $(B)/kernel.sym ; @:

# Of libpv/base only those files that something refers to: it is an archive.
$(B)/lib/kernel-base.a: $(KERNEL_BASE) $(B)/kernel-link.flags
	$(call say,AR,$@)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(KERNEL_BASE)

$(B)/kernel.elf: $(KERNEL_OBJECTS) $(B)/lib/kernel-base.a kernel/kernel.ld $(B)/kernel-link.flags
	$(call say,LD,$@)
	$(Q)$(LD) $(KERNEL_LDFLAGS) -o $@ $(KERNEL_OBJECTS) $(B)/lib/kernel-base.a

$(B)/kernel.sym: $(B)/kernel.elf kernel/symbols.py kernel/dwarf_lines.py
	$(call say,SYMBOLS,$@)
	$(Q)NM=$(NM) python3 kernel/symbols.py $< $@

-include $(patsubst %.o,%.d,$(KERNEL_OBJECTS) $(KERNEL_BASE))
