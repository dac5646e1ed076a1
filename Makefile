# The only door into the build: `make help` says what can be done here.
#
# This file holds what everything shares: the choices a user can make, the flags, and the targets
# that are not about one folder. What is built, and how, stands beside its sources:
#
#   kernel/kernel.mk     kernel.elf and its symbol table
#   servers/servers.mk   the libraries of ring 3, one program for each server, the test programs
#   iso/iso.mk           the boot archive, the ISO, and QEMU on it
#   tests/tests.mk       unit tests and fuzzers on the host; test, bench
#
# Sources are found by wildcard. Everything that is made lies under build/; each combination of
# compiler and RELEASE has a folder of its own there (build/debug, build/release-clang, ...), so
# changing one's mind costs no rebuild. An object depends on its sources, on every header they
# include, and on a file that holds the flags it is compiled with.

# --- what a user can choose ---------------------------------------------------------------------

ifneq ($(filter default undefined,$(origin CC)),)
CC := gcc
endif

V ?=
RELEASE ?=
ACCEL ?= tcg
MEM ?= 256M
DISPLAY_ ?= none
QEMU ?= qemu-system-x86_64
QEMU_EXTRA ?=
FORCE ?=
GDB_PORT ?= 1234
TESTS ?=
FUZZ_SECONDS ?= 5
FUZZ_CALLS ?=

# All times in anything that is made, so that the same sources make the same bytes.
export SOURCE_DATE_EPOCH ?= 1767225600
export TZ := UTC
export LC_ALL := C

# --- how this Makefile behaves ------------------------------------------------------------------

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-9s %s\n' '$(1)' '$(2)')

# find-sources FOLDERS,SUFFIXES: files in and below the folders, in an order that never changes.
find-sources = $(sort $(foreach suffix,$(2),$(shell find $(1) -name '*.$(suffix)' 2>/dev/null)))

# --- variants -----------------------------------------------------------------------------------

DEBUG := $(if $(filter-out 0,$(RELEASE)),0,1)
compiler-suffix = $(if $(filter gcc,$(notdir $(1))),,-$(notdir $(1)))
VARIANT := $(if $(filter 1,$(DEBUG)),debug,release)$(call compiler-suffix,$(CC))
B := build/$(VARIANT)

# --- flags --------------------------------------------------------------------------------------

# Of everything that runs on the machine itself. No vector registers anywhere: the kernel and the
# host's servers never touch them, so nothing has to be saved when one calls another.
COMMON_CFLAGS := -std=c17 -ffreestanding -fno-pic -mgeneral-regs-only -fno-stack-protector \
    -fno-omit-frame-pointer -momit-leaf-frame-pointer -fno-asynchronous-unwind-tables \
    -fno-common -fcf-protection=none -fno-strict-aliasing -O2 -g \
    -ffile-prefix-map=$(CURDIR)/= -fdebug-prefix-map=$(CURDIR)=. \
    -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef \
    -DTERRARIUM_DEBUG=$(DEBUG)
COMMON_LDFLAGS := -m elf_x86_64 -nostdlib -static -z noexecstack -z max-page-size=4096 \
    --build-id=none --fatal-warnings
ASFLAGS := -f elf64 -g -F dwarf -Werror -DTERRARIUM_DEBUG=$(DEBUG)

NASM := nasm
LD := ld
AR := ar
NM := nm
OBJCOPY := objcopy

# flags-file NAME,TEXT: build/VARIANT/NAME.flags holds TEXT and is touched only when TEXT changed.
# What depends on it is made again when somebody edits a flag here or on the command line, or
# upgrades the compiler, or when a source was deleted.
define flags-file
$(B)/$(1).flags: force | deps-ready
	@mkdir -p $$(@D)
	@{ printf '%s\n' '$(2)'; $$(CC) --version; } >$$@.new; \
	if cmp -s $$@.new $$@; then rm -f $$@.new; else mv -f $$@.new $$@; fi
endef

# The folders of -I, as nasm wants them: with a slash. (It is asked for dependencies in a run of its
# own: together with an output file, nasm 2.16 forgets those that are included.)
include-folders = $(patsubst %,-I%/,$(patsubst -I%,%,$(filter -I%,$(1))))

# compile WORLD,CFLAGS: sources become objects in build/VARIANT/obj-WORLD/, with these flags.
# libpv/base is compiled for both worlds, kernel and user.
define compile
$(call flags-file,$(1),$(2) $(ASFLAGS))
$(B)/obj-$(1)/%.c.o: %.c $(B)/$(1).flags
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $(2) -MMD -MP -c -o $$@ $$<
$(B)/obj-$(1)/%.asm.o: %.asm $(B)/$(1).flags
	$$(call say,NASM,$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(NASM) $(ASFLAGS) $$(call include-folders,$(2)) -M -MP -MT $$@ $$< >$$(@:.o=.d)
	$$(Q)$$(NASM) $(ASFLAGS) $$(call include-folders,$(2)) -o $$@ $$<
endef
objects = $(patsubst %,$(B)/obj-$(1)/%.o,$(2))

include kernel/kernel.mk servers/servers.mk iso/iso.mk tests/tests.mk

# --- targets about everything -------------------------------------------------------------------

.PHONY: help deps deps-ready force elf kernel servers programs format clean compile_commands.json
force:

help:
	@printf '%s\n' \
	'Terrarium: a small microkernel for isolated guests. Targets:' \
	'' \
	'  make run      build, and boot in QEMU with the serial console in this terminal;' \
	'                leave with "poweroff" at the keeper, as every key goes to the guest;' \
	'                or from another terminal: kill `cat build/qemu.pid`' \
	'  make test     run all tests; ends with "N passed, N failed"' \
	'  make bench    measure; prints a table, writes build/bench/results.json' \
	'  make iso      build/terrarium.iso, for BIOS and UEFI, from CD or disk' \
	'  make disk     build/disk.img: GPT, with volumes system (ext2), data and scratch; "run"' \
	'                makes it, too. One that exists is kept, also by clean; FORCE=1 replaces it' \
	'  make gdb      like run, but waits for a debugger and says how to attach one' \
	'  make deps     install what is missing (Debian packages); others call it when needed' \
	'  make compile_commands.json    build/compile_commands.json, for editors' \
	'  make format   clang-format on all C sources' \
	'  make clean    remove build/, but for the disk' \
	'' \
	'  make kernel | servers | programs | unit | fuzz    build only these' \
	'' \
	'Variables (make run MEM=1G RELEASE=1):' \
	'' \
	'  V=1           show the commands                    [quiet]' \
	'  RELEASE=1     build without self-checks            [debug build]' \
	'  CC=clang      the compiler                         [$(CC)]' \
	'  ACCEL=kvm     how QEMU runs the machine            [$(ACCEL)]' \
	'  MEM=1G        memory of the machine                [$(MEM)]' \
	'  DISPLAY_=gtk  a window for the screen              [$(DISPLAY_)]' \
	'  QEMU=...      the emulator                         [$(QEMU)]' \
	'  QEMU_EXTRA=   more arguments for QEMU              [$(QEMU_EXTRA)]' \
	'  FORCE=1       make disk: replace the image         [$(or $(FORCE),no)]' \
	'  GDB_PORT=     where make gdb listens               [$(GDB_PORT)]' \
	'  TESTS="a b"   only tests with a or b in the name   [all]' \
	'  FUZZ_SECONDS= how long each fuzzer runs            [$(FUZZ_SECONDS)]' \
	'  FUZZ_CALLS=   random system calls for each seed    [$(or $(FUZZ_CALLS),as the test says)]' \
	'  JOBS=         tests that run at the same time      [$(JOBS)]' \
	'  PATIENCE=4    time limits of tests times four      [$(PATIENCE)]'

# Programs are looked for by every build, cheaply; only if one is missing is anything installed.
DEPS_FOR := build $(if $(filter clang%,$(notdir $(CC))),clang) \
    $(if $(filter run gdb bench,$(MAKECMDGOALS)),run) \
    $(if $(filter run gdb disk test,$(MAKECMDGOALS)),disk) \
    $(if $(filter test unit fuzz,$(MAKECMDGOALS)),run clang test) \
    $(if $(filter format,$(MAKECMDGOALS)),format)

deps:
	@sh iso/deps.sh build disk run clang test format
	@echo 'Everything that is needed is installed.'

deps-ready:
	@sh iso/deps.sh $(DEPS_FOR)

elf: kernel servers programs ; @:

format: | deps-ready
	$(Q)clang-format -i $(call find-sources,kernel libpv servers pvguest tests,c h)

# The disk image is the user's: it is not made from anything that is here.
clean:
	$(Q)test ! -e build || find build -mindepth 1 -maxdepth 1 ! -name disk.img -exec rm -rf {} +
	$(Q)rmdir build 2>/dev/null || test ! -e build || echo 'build/disk.img is kept.'

# One entry for each C source that is compiled for the machine, in the flags of its world.
compile_commands.json:
	$(call say,JSON,build/$@)
	@mkdir -p build
	@{ printf '[\n'; \
	for s in $(sort $(KERNEL_C)); do printf '%s\n' "$$s|$(KERNEL_CFLAGS)"; done | $(json-entries); \
	for s in $(sort $(USER_C)); do printf '%s\n' "$$s|$(USER_CFLAGS)"; done | $(json-entries); \
	} | sed '$$s/,$$//' >build/$@
	@printf ']\n' >>build/$@

json-entries = sed -E 's%^([^|]*)\|(.*)$$%{"directory": "$(CURDIR)", "file": "\1", \
    "command": "$(CC) \2 -c \1"},%'
