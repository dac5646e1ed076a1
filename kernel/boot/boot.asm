; The first instructions of the kernel, from the boot loader's 32-bit world to C in 64 bits.
;
; The header asks a multiboot2 loader for what boot/multiboot.c reads, and names the entry. At the
; entry (Multiboot2 Specification 2.0, section 3.3) the processor is in 32-bit protected mode
; without paging, eax holds a magic number, ebx the physical address of the information block, and
; nothing else is sure: no stack, no descriptor table. This code checks that the processor can run
; the kernel at all, makes page tables that are good enough to start with (kernel_map.c makes the
; real ones), and jumps up.
;
; Everything in .boot.* is linked at its physical address and is free memory once boot is over.

KERNEL_BASE     equ 0xffffffff80000000

MULTIBOOT2_HEADER_MAGIC         equ 0xe85250d6
MULTIBOOT2_BOOTLOADER_MAGIC     equ 0x36d76289

CR0_MP_NE_WP_PG equ 1 << 1 | 1 << 5 | 1 << 16 | 1 << 31
CR4_PAE_PGE     equ 1 << 5 | 1 << 7
EFER            equ 0xc0000080
EFER_SCE_LME_NXE equ 1 << 0 | 1 << 8 | 1 << 11
CPUID_LM        equ 1 << 29             ; leaf 0x80000001, edx
CPUID_NX        equ 1 << 20
PTE_P_RW        equ 3
PTE_PS          equ 1 << 7

COM1            equ 0x3f8
COM1_LCR        equ COM1 + 3
COM1_LSR        equ COM1 + 5

extern kernel_start
extern cpu_boot_stack_top
global boot_entry

; --- the header ----------------------------------------------------------------------------------

; tag TYPE, FLAGS, WORD...: flags 1: the loader may ignore it. Tags begin at multiples of eight
; bytes.
%macro tag 2-*
    align 8, db 0
%%start:
    dw %1, %2
    dd %%end - %%start
%rep %0 - 2
    dd %3
%rotate 1
%endrep
%%end:
%endmacro

section .boot.header progbits alloc noexec nowrite align=8
header:
    dd MULTIBOOT2_HEADER_MAGIC, 0, header_end - header
    dd -(MULTIBOOT2_HEADER_MAGIC + (header_end - header)) & 0xffffffff
    tag 1, 0, 1, 3, 6                   ; information: command line, modules, memory map
    tag 1, 1, 8, 14, 15                 ; and where there is one: framebuffer, ACPI old and new
    tag 3, 0, boot_entry                ; entry address
    tag 4, 1, 2                         ; console: a text screen is fine
    tag 5, 1, 0, 0, 0                   ; framebuffer of any size and depth, where there is no text
    tag 6, 0                            ; modules start at pages
    tag 0, 0
header_end:

; --- 32 bits -------------------------------------------------------------------------------------

section .boot.text progbits alloc exec nowrite align=16
bits 32

; eax: magic, ebx: information block
boot_entry:
    mov ebp, eax
    rdtsc
    mov [boot_tsc], eax
    mov [boot_tsc + 4], edx
    mov [boot_information], ebx
    cld

    mov esi, text_magic
    cmp ebp, MULTIBOOT2_BOOTLOADER_MAGIC
    jne boot_refuse
    mov esi, text_processor
    mov eax, 0x80000000
    cpuid
    cmp eax, 0x80000001
    jb boot_refuse
    mov eax, 0x80000001
    cpuid
    and edx, CPUID_LM | CPUID_NX
    cmp edx, CPUID_LM | CPUID_NX
    jne boot_refuse

; Pages of 2 MiB show the first 4 GiB at 0 and at DIRECT_BASE, and the first at KERNEL_BASE. The
; loader has cleared the tables.
    mov eax, PTE_P_RW | PTE_PS
    mov edi, boot_directories
.page:
    mov [edi], eax
    add edi, 8
    add eax, 1 << 21
    jnc .page
    mov eax, boot_directories + PTE_P_RW
    mov [boot_pdpt_low], eax
    mov [boot_pdpt_high + 510 * 8], eax
    add eax, 4096
    mov [boot_pdpt_low + 8], eax
    add eax, 4096
    mov [boot_pdpt_low + 16], eax
    add eax, 4096
    mov [boot_pdpt_low + 24], eax
    mov dword [boot_pml4], boot_pdpt_low + PTE_P_RW
    mov dword [boot_pml4 + 256 * 8], boot_pdpt_low + PTE_P_RW
    mov dword [boot_pml4 + 511 * 8], boot_pdpt_high + PTE_P_RW

    mov eax, cr4
    or eax, CR4_PAE_PGE
    mov cr4, eax
    mov eax, boot_pml4
    mov cr3, eax
    mov ecx, EFER
    rdmsr
    or eax, EFER_SCE_LME_NXE
    wrmsr
    mov eax, cr0
    or eax, CR0_MP_NE_WP_PG
    mov cr0, eax
    lgdt [boot_gdt_pointer]
    jmp 0x08:boot_long

; esi: a text. Prints it on the serial port, and stops for good. A port that is not there, or never
; ready, is given up on.
boot_refuse:
    mov dx, COM1_LCR                    ; 115200 baud, 8 bits, no parity
    mov al, 0x80
    out dx, al
    mov dx, COM1
    mov al, 1
    out dx, al
    inc dx
    mov al, 0
    out dx, al
    mov dx, COM1_LCR
    mov al, 3
    out dx, al
.character:
    lodsb
    mov ah, al
    test al, al
    jz .stop
    mov ecx, 1000000
    mov dx, COM1_LSR
.wait:
    in al, dx
    test al, 0x20                       ; THRE: room for a byte
    loopz .wait
    mov dx, COM1
    mov al, ah
    out dx, al
    jmp .character
.stop:
    cli
    hlt
    jmp .stop

text_magic:
    db 13, 10, 'panic: this kernel has to be started by a multiboot2 boot loader', 13, 10, 0
text_processor:
    db 13, 10, 'panic: this processor cannot run Terrarium: it has no 64-bit mode or no NX'
    db 13, 10, 0

; --- 64 bits, still at low addresses -------------------------------------------------------------

bits 64
boot_long:
    xor eax, eax
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    mov edi, [boot_information]
    mov rsi, [boot_tsc]
    mov rax, boot_high
    jmp rax

; In force until cpu_init loads the kernel's own; no selector is loaded in between.
    align 8
boot_gdt:
    dq 0, 0x00209a0000000000            ; 0x08: 64-bit code
boot_gdt_pointer:
    dw $ - boot_gdt - 1
    dd boot_gdt

; --- 64 bits, where the kernel runs --------------------------------------------------------------

; rdi: information block, rsi: time-stamp counter at the entry
section .text progbits alloc exec nowrite align=16
boot_high:
    mov rsp, cpu_boot_stack_top
    xor ebp, ebp
    push rbp                            ; where backtraces end
    call kernel_start
    ud2

section .boot.bss nobits alloc noexec write align=4096
boot_pml4:
    resb 4096
boot_pdpt_low:
    resb 4096
boot_pdpt_high:
    resb 4096
boot_directories:
    resb 4 * 4096
boot_tsc:
    resq 1
boot_information:
    resd 1
