# The programs of ring 3: one for each folder of servers/ that is not a library, and the test
# programs of tests/programs/, which are built exactly like them.
#
#   build/VARIANT/servers/NAME.elf      from servers/NAME/
#   build/VARIANT/programs/NAME.elf     from tests/programs/NAME/
#
# Each is linked with four archives, of which it takes only what it uses: libpv/base, libpv (ring
# and device protocols), servers/runtime, servers/drivers. The runtime has the entry point, which
# the linker script names.

USER_LIBRARIES := base pv runtime drivers
base-sources := $(call find-sources,libpv/base,c asm)
pv-sources := $(wildcard libpv/*.c)
runtime-sources := $(call find-sources,servers/runtime,c asm)
drivers-sources := $(call find-sources,servers/drivers,c asm)

folders-with-sources = $(patsubst $(1)/%/,%,$(sort $(dir $(wildcard $(1)/*/*.c))))
SERVERS := $(filter-out runtime drivers,$(call folders-with-sources,servers))
PROGRAMS := $(call folders-with-sources,tests/programs)
SERVER_ELFS := $(SERVERS:%=$(B)/servers/%.elf)
PROGRAM_ELFS := $(PROGRAMS:%=$(B)/programs/%.elf)

USER_CFLAGS = $(COMMON_CFLAGS) -ffunction-sections -fdata-sections \
    -Iservers -Ilibpv/include -Ilibpv
USER_LDFLAGS := $(COMMON_LDFLAGS) --gc-sections -T servers/runtime/server.ld
USER_ARCHIVES := $(USER_LIBRARIES:%=$(B)/lib/%.a)
USER_C :=
USER_OBJECTS :=

$(eval $(call compile,user,$(USER_CFLAGS)))
$(eval $(call flags-file,user-link,$(USER_LDFLAGS)))

servers: $(SERVER_ELFS) ; @:
programs: $(PROGRAM_ELFS) ; @:

# user-library NAME
define user-library
$(1)-objects := $(call objects,user,$($(1)-sources))
USER_C += $(filter %.c,$($(1)-sources))
USER_OBJECTS += $$($(1)-objects)
$(call flags-file,lib/$(1),$($(1)-sources))
$(B)/lib/$(1).a: $$($(1)-objects) $(B)/lib/$(1).flags
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(AR) rcsD $$@ $$($(1)-objects)
endef
$(foreach library,$(USER_LIBRARIES),$(eval $(call user-library,$(library))))

# user-program OUTPUT,FOLDER
define user-program
$(1)-sources := $(call find-sources,$(2),c asm)
$(1)-objects := $$(call objects,user,$$($(1)-sources))
USER_C += $$(filter %.c,$$($(1)-sources))
USER_OBJECTS += $$($(1)-objects)
$(call flags-file,$(1),$(call find-sources,$(2),c asm))
$(B)/$(1).elf: $$($(1)-objects) $(USER_ARCHIVES) servers/runtime/server.ld \
    $(B)/user-link.flags $(B)/$(1).flags
	$$(call say,LD,$$@)
	$$(Q)$$(LD) $(USER_LDFLAGS) -o $$@ $$($(1)-objects) --start-group $(USER_ARCHIVES) --end-group
endef
$(foreach name,$(SERVERS),$(eval $(call user-program,servers/$(name),servers/$(name))))
$(foreach name,$(PROGRAMS),$(eval $(call user-program,programs/$(name),tests/programs/$(name))))

-include $(USER_OBJECTS:.o=.d)
