# Tests and measurements. tests/README.md says how tests are written.
#
#   build/tests/unit/test_NAME      from tests/unit/test_NAME.c: cmocka, under sanitizers
#   build/tests/fuzz/fuzz_NAME      from tests/fuzz/fuzz_NAME.c: libFuzzer, under sanitizers
#   build/tests/logs/               what machines said in the last run of the system tests
#   build/bench/results.json        the last measurements
#
# A line "// with: FILE..." in a test names the sources under test that it is linked with; they are
# compiled for the host here, once for the unit tests and once, with coverage, for the fuzzers. It
# may name assembly as well, which is tested through small functions around its macros. Unit
# tests find the headers in tests/unit/host/ before those of the kernel that have the same names.

JOBS ?= 2
PATIENCE ?= 1

HOST_CC := clang
HOST_CFLAGS := -std=c17 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer \
    -fsanitize=address,undefined -fno-sanitize-recover=all \
    -Wall -Wextra -Werror -Wshadow -Wvla -Wundef -DTERRARIUM_DEBUG=1 \
    -Ikernel -Iservers -Ilibpv/include -Ilibpv
HOST_ASFLAGS := -f elf64 -g -F dwarf -Werror -Ikernel/
UNIT_CFLAGS := -iquote tests/unit/host
T := build/tests

UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

.PHONY: unit fuzz test bench
unit: $(UNIT_TESTS:%=$(T)/unit/%) ; @:
fuzz: $(FUZZERS:%=$(T)/fuzz/%) ; @:

$(T)/host.flags: force | deps-ready
	@mkdir -p $(@D)
	@{ echo '$(HOST_CFLAGS) $(UNIT_CFLAGS) $(HOST_ASFLAGS)'; $(HOST_CC) --version; } >$@.new; \
	if cmp -s $@.new $@; then rm -f $@.new; else mv -f $@.new $@; fi

# host-objects KIND,MORE FLAGS
define host-objects
$(T)/obj-$(1)/%.o: %.c $(T)/host.flags
	$$(call say,HOST CC,$$<)
	@mkdir -p $$(@D)
	$$(Q)$(HOST_CC) $(HOST_CFLAGS) $(2) -MMD -MP -c -o $$@ $$<
$(T)/obj-$(1)/%.asm.o: %.asm $(T)/host.flags
	$$(call say,HOST NASM,$$<)
	@mkdir -p $$(@D)
	$$(Q)$(NASM) $(HOST_ASFLAGS) -M -MP -MT $$@ $$< >$$(@:.o=.d)
	$$(Q)$(NASM) $(HOST_ASFLAGS) -o $$@ $$<
endef
$(eval $(call host-objects,unit,$(UNIT_CFLAGS)))
$(eval $(call host-objects,fuzz,-fsanitize=fuzzer-no-link))

# host-program KIND,NAME,LINK FLAGS
tested = $(shell sed -n 's,^// with:,,p' $(1))
define host-program
$(1)-$(2)-objects := $(patsubst %.asm,$(T)/obj-$(1)/%.asm.o,\
    $(patsubst %.c,$(T)/obj-$(1)/%.o,tests/$(1)/$(2).c $(call tested,tests/$(1)/$(2).c)))
HOST_OBJECTS += $$($(1)-$(2)-objects)
$(T)/$(1)/$(2): $$($(1)-$(2)-objects)
	$$(call say,HOST LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(HOST_CC) -fsanitize=address,undefined -o $$@ $$($(1)-$(2)-objects) $(3)
endef
$(foreach name,$(UNIT_TESTS),$(eval $(call host-program,unit,$(name),-lcmocka)))
$(foreach name,$(FUZZERS),$(eval $(call host-program,fuzz,$(name),-fsanitize=fuzzer)))

-include $(sort $(HOST_OBJECTS:.o=.d))

# The suite runs on both builds. Tests get their choices from the environment.
export CC QEMU FUZZ_SECONDS FUZZ_CALLS KILLS PATIENCE V

in-parallel = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))

test: | deps-ready
	$(Q)$(MAKE) $(in-parallel) RELEASE= stage iso
	$(Q)$(MAKE) $(in-parallel) RELEASE=1 stage
	$(Q)$(MAKE) $(in-parallel) unit fuzz
	@python3 tests/run.py -j $(JOBS) $(TESTS)

bench: | deps-ready
	$(Q)$(MAKE) $(in-parallel) RELEASE=1 stage
	@python3 tests/bench/bench.py
