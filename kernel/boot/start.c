/*
 * Starting the kernel, one thing after the other. Each step relies only on those before it, and a
 * machine that will not do is refused with one clear sentence.
 *
 * The kernel prints nothing while all is well: the serial port and the screen are the console
 * server's.
 */
#include "boot/start.h"
#include "boot/memory.h"
#include "boot/multiboot.h"
#include "cpu/apic.h"
#include "cpu/asm.h"
#include "cpu/clock.h"
#include "cpu/cpu.h"
#include "debug/panic.h"
#include "memory/direct.h"
#include "memory/kernel_map.h"
#include <abi/object.h>

#define TEXT_SCREEN          0xb8000ul
#define FRAMEBUFFER_IS_TEXT  2
#define INFORMATION_MAP_END  (4ul << 30) /* what boot.asm's page tables show */
#define CPUID_7_EBX_FSGSBASE 1u

static struct boot_facts facts;

static void read_facts(u64 info)
{
    u64 offset;
    enum multiboot_error error =
        multiboot_parse(&facts, phys_to_virt(info), INFORMATION_MAP_END - info, &offset);
    if (error) {
        panic_plain("the boot loader's information cannot be used: %s (at offset %lu of it)",
                    multiboot_error_text(error), offset);
    }
    panic_init(&facts);
}

static bool has_text_screen(void)
{
    return facts.framebuffer.type == FRAMEBUFFER_IS_TEXT &&
           facts.framebuffer.address == TEXT_SCREEN;
}

/* 64-bit mode and NX were looked for by boot.asm, which needs them. */
static void check_processor(void)
{
    if (!cpuid_has(7) || !(cpuid(7, 0).ebx & CPUID_7_EBX_FSGSBASE)) {
        panic_plain("this processor cannot run Terrarium: it has no FSGSBASE");
    }
}

/* The screen stays visible to panics while the page tables under it change. */
static void start_memory(void)
{
    if (has_text_screen()) {
        panic_set_screen(phys_to_virt(TEXT_SCREEN)); /* boot.asm's tables show it there */
    }
    check_processor();
    boot_memory_map(&facts);
    if (has_text_screen()) {
        panic_set_screen(kernel_map_registers(TEXT_SCREEN, PAGE_SIZE));
    }
    boot_memory_give();
}

void kernel_start(u64 info, u64 tsc)
{
    read_facts(info);
    start_memory();
    cpu_init();
    kernel_map_check();
    apic_init(&boot_cpu);
    clock_init();
    root_start(&facts, tsc);
}
