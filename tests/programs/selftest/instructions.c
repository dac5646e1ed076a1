/*
 * What faults, and how; see instructions.h.
 */
#include "instructions.h"

void do_read(u64 address)
{
    (void)*(volatile u8 *)address;
}

void do_write(u64 address)
{
    *(volatile u8 *)address = 1;
}

void do_jump(u64 address)
{
    ((void (*)(void))address)();
}

void do_load_segment(u64 selector)
{
    __asm__ volatile("mov %%eax, %%gs" : : "a"((u32)selector));
}

/* With the number of SYS_NULL. */
void do_syscall_at(u64 address)
{
    __asm__ volatile("jmp *%0" : : "r"(address), "a"(4));
}

__asm__(".pushsection .text\n"
        ".globl do_known_fault, known_fault_rip\n"
        "do_known_fault:\n"
        "    movabs $0x4444444440, %rsp\n"
        "    movabs $0x1111111111111111, %rbx\n"
        "    movabs $0x2222222222222222, %rcx\n"
        "    movabs $0x5555555555555555, %r15\n"
        "    movabs $0x3333333338, %rdi\n"
        "known_fault_rip:\n"
        "    movq $1, (%rdi)\n"
        "    ud2\n"
        ".popsection\n");

#define DO(name, text)                                                                             \
    static void do_##name(u64 unused)                                                              \
    {                                                                                              \
        (void)unused;                                                                              \
        __asm__ volatile(text : : : "rax", "rcx", "rdx", "rbx", "memory");                         \
    }

DO(ud2, "ud2")
DO(divide, "xor %%ecx, %%ecx\n\tmov $1, %%eax\n\tcltd\n\tidiv %%ecx")
DO(divide_overflow, "mov $0x80000000, %%eax\n\tcltd\n\tmov $-1, %%ecx\n\tidiv %%ecx")
DO(int3, "int3")
DO(icebp, ".byte 0xf1")
DO(step, "pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop")
DO(read_noncanonical, "movabs $0x0000800000000000, %%rax\n\tmov (%%rax), %%rcx")
DO(write_noncanonical, "movabs $0x7fff800000000000, %%rax\n\tmov %%rcx, (%%rax)")
DO(stack_noncanonical, "mov %%rsp, %%rbx\n\tmovabs $0x0000900000000000, %%rsp\n\tpush %%rax")
DO(hlt, "hlt")
DO(cli, "cli")
DO(sti, "sti")
DO(in, "mov $0x60, %%edx\n\tin %%dx, %%al")
DO(out, "mov $0x80, %%edx\n\tout %%al, %%dx")
DO(outsb, "mov $0x80, %%edx\n\tmov %%rsp, %%rsi\n\toutsb")
DO(in_f4, "mov $0xf4, %%edx\n\tin %%dx, %%al")
DO(read_cr0, "mov %%cr0, %%rax")
DO(write_cr3, "mov %%rax, %%cr3")
DO(read_cr4, "mov %%cr4, %%rax")
DO(read_cr8, "mov %%cr8, %%rax")
DO(read_dr7, "mov %%dr7, %%rax")
DO(clts, "clts")
DO(wrmsr, "mov $0xc0000080, %%ecx\n\txor %%eax, %%eax\n\txor %%edx, %%edx\n\twrmsr")
DO(rdmsr, "mov $0xc0000080, %%ecx\n\trdmsr")
DO(rdpmc, "xor %%ecx, %%ecx\n\trdpmc")
DO(swapgs, "swapgs")
DO(sysret, "mov %%rsp, %%rbx\n\tsysretq")
DO(invlpg, "invlpg (%%rsp)")
DO(invd, "invd")
DO(wbinvd, "wbinvd")
DO(lgdt, "lgdt (%%rsp)")
DO(lidt, "lidt (%%rsp)")
DO(lldt, "xor %%eax, %%eax\n\tlldt %%ax")
DO(ltr, "mov $0x28, %%eax\n\tltr %%ax")
DO(lmsw, "xor %%eax, %%eax\n\tlmsw %%ax")
DO(int_80, "int $0x80")
DO(int_2, "int $2")
DO(int_1, "int $1")
DO(int_8, "int $8")
DO(int_14, "int $14")
DO(int_32, "int $32")
DO(int_255, "int $255")
DO(load_kernel_data, "mov $0x10, %%eax\n\tmov %%eax, %%ds")
DO(load_tss, "mov $0x28, %%eax\n\tmov %%eax, %%es")
DO(load_beyond, "mov $0xfff8, %%eax\n\tmov %%eax, %%fs")
DO(load_ldt, "mov $0x0f, %%eax\n\tmov %%eax, %%gs")
DO(far_kernel, "push $0x08\n\tlea 1f(%%rip), %%rax\n\tpush %%rax\n\tlretq\n1:")
DO(sysenter, "sysenter")
DO(vmcall, "vmcall")
DO(xsetbv, "xor %%ecx, %%ecx\n\tmov $1, %%eax\n\txor %%edx, %%edx\n\txsetbv")
DO(gs_noncanonical, "movabs $0x0000800000000000, %%rax\n\twrgsbase %%rax")
DO(fs_noncanonical, "movabs $0xfff0000000000000, %%rax\n\twrfsbase %%rax")
DO(read_null, "xor %%eax, %%eax\n\tmov (%%rax), %%eax")

#define PLAIN(name, vector)                                                                        \
    {                                                                                              \
#name, do_##name, vector, vector, false, 0                                                 \
    }
#define CODED(name, vector, code)                                                                  \
    {                                                                                              \
#name, do_##name, vector, vector, true, code                                               \
    }
#define EITHER(name, vector, other)                                                                \
    {                                                                                              \
#name, do_##name, vector, other, false, 0                                                  \
    }
#define NOT_HERE 6 /* no fault: the next is the end of the helper */

const struct instruction instructions[] = {
    PLAIN(ud2, 6),
    PLAIN(divide, 0),
    PLAIN(divide_overflow, 0),
    PLAIN(int3, 3),
    EITHER(icebp, 1, 6),
    PLAIN(step, 1),
    CODED(read_noncanonical, 13, 0),
    CODED(write_noncanonical, 13, 0),
    EITHER(stack_noncanonical, 12, 13),
    CODED(hlt, 13, 0),
    CODED(cli, 13, 0),
    CODED(sti, 13, 0),
    CODED(in, 13, 0),
    CODED(out, 13, 0),
    CODED(outsb, 13, 0),
    CODED(in_f4, 13, 0),
    CODED(read_cr0, 13, 0),
    CODED(write_cr3, 13, 0),
    CODED(read_cr4, 13, 0),
    CODED(read_cr8, 13, 0),
    CODED(read_dr7, 13, 0),
    CODED(clts, 13, 0),
    CODED(wrmsr, 13, 0),
    CODED(rdmsr, 13, 0),
    CODED(rdpmc, 13, 0),
    CODED(swapgs, 13, 0),
    CODED(sysret, 13, 0),
    CODED(invlpg, 13, 0),
    CODED(invd, 13, 0),
    CODED(wbinvd, 13, 0),
    CODED(lgdt, 13, 0),
    CODED(lidt, 13, 0),
    CODED(lldt, 13, 0),
    CODED(ltr, 13, 0),
    CODED(lmsw, 13, 0),
    PLAIN(int_80, 13),
    PLAIN(int_2, 13),
    PLAIN(int_1, 13),
    PLAIN(int_8, 13),
    PLAIN(int_14, 13),
    PLAIN(int_32, 13),
    PLAIN(int_255, 13),
    CODED(load_kernel_data, 13, 0x10),
    CODED(load_tss, 13, 0x28),
    CODED(load_beyond, 13, 0xfff8),
    CODED(load_ldt, 13, 0x0c),
    EITHER(far_kernel, 13, 14),
    EITHER(sysenter, 13, 6),
    PLAIN(vmcall, 6),
    CODED(xsetbv, 13, 0),
    EITHER(gs_noncanonical, 13, NOT_HERE),
    EITHER(fs_noncanonical, 13, NOT_HERE),
    CODED(read_null, 14, 4),
};
const u64 instruction_count = sizeof(instructions) / sizeof(instructions[0]);

/* Results are not looked at here: schedule_fpu does that. */
void do_sse(u64 unused)
{
    (void)unused;
    __asm__ volatile("pxor %xmm0, %xmm0");
}

void do_x87(u64 unused)
{
    (void)unused;
    __asm__ volatile("fld1\n\tfstp %st(0)");
}

void do_mmx(u64 unused)
{
    (void)unused;
    __asm__ volatile("pxor %mm0, %mm0\n\temms");
}

void do_x87_unmasked(u64 unused)
{
    (void)unused;
    u16 control = 0x37b; /* division by zero is not masked */
    __asm__ volatile("fldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait" : : "m"(control));
}

void do_sse_unmasked(u64 unused)
{
    (void)unused;
    u32 control = 0x1d80; /* division by zero is not masked */
    __asm__ volatile("ldmxcsr %0\n\tpxor %%xmm0, %%xmm0\n\tpcmpeqd %%xmm1, %%xmm1\n\t"
                     "psrld $25, %%xmm1\n\tpslld $23, %%xmm1\n\tdivss %%xmm0, %%xmm1"
                     :
                     : "m"(control));
}

void do_mxcsr_wrong(u64 unused)
{
    (void)unused;
    u32 control = 0xffffffff;
    __asm__ volatile("ldmxcsr %0" : : "m"(control));
}
