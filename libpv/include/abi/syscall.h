/*
 * The system calls: their numbers, arguments and results. ABI.md is the page of text that goes with
 * this.
 *
 * Registers. SYSCALL with the number in rax and up to six arguments in rdi, rsi, rdx, r8, r9, r10.
 * The status comes back in rax. rcx, r11 and the six argument registers are destroyed, or carry a
 * received message after the IPC calls. rbx, rbp, rsp and r12 to r15 are kept. The data segment
 * selectors are not the program's: they become null whenever threads change.
 *
 * Every call does a bounded amount of work. Those that may need more than one bite say so: they
 * return how many pages they did, or ERR_AGAIN; the stubs in servers/runtime call again until all
 * is done.
 *
 * In the list: name, number, arguments. A slot is an index into the caller's own table of
 * capabilities.
 */
#pragma once

#define ABI_VERSION 1

#define SYSCALL_LIST(X)                                                                            \
    /* IPC: words in rsi, r8, r9, r10; with _CAPS, capabilities in rdx (see below) */              \
    X(SYS_CALL, 0, "endpoint, word, -, word, word, word")                                          \
    X(SYS_REPLY_WAIT, 1, "endpoint, word, -, word, word, word")                                    \
    X(SYS_WAIT, 2, "endpoint, flags, capabilities")                                                \
    X(SYS_REPLY, 3, "-, word, capabilities, word, word, word")                                     \
    X(SYS_NULL, 4, "")                                                                             \
    X(SYS_ENDPOINT_CREATE, 5, "pool, new slot")                                                    \
    X(SYS_EVENT_CREATE, 6, "pool, new slot")                                                       \
    X(SYS_EVENT_RAISE, 7, "event, bits, window in nanoseconds")                                    \
    X(SYS_EVENT_POLL, 8, "event")                                                                  \
    X(SYS_EVENT_BIND, 9, "event, thread")                                                          \
    /* capabilities */                                                                             \
    X(SYS_CAP_COPY, 10, "space, new slot, own slot, rights, badge")                                \
    X(SYS_CAP_DROP, 11, "space, slot")                                                             \
    X(SYS_CAP_INFO, 12, "slot, struct cap_info *")                                                 \
    X(SYS_OBJECT_DESTROY, 13, "slot")                                                              \
    /* memory */                                                                                   \
    X(SYS_POOL_CREATE, 14, "pool, new slot, pages, highest priority")                              \
    X(SYS_POOL_INFO, 15, "pool, struct pool_info *")                                               \
    X(SYS_MEMORY_CREATE, 16, "pool, new slot, pages, flags")                                       \
    X(SYS_MEMORY_COMMIT, 17, "memory, first page, pages")                                          \
    X(SYS_MEMORY_PHYSICAL, 18, "machine, pool, new slot, physical address, pages, cache")          \
    X(SYS_MEMORY_INFO, 19, "memory, struct memory_info *")                                         \
    X(SYS_SPACE_CREATE, 20, "pool, new slot")                                                      \
    X(SYS_SPACE_MAP, 21, "space, memory, address, first page, pages, rights")                      \
    X(SYS_SPACE_UNMAP, 22, "space, address")                                                       \
    X(SYS_SPACE_POPULATE, 23, "space, address, pages")                                             \
    /* running */                                                                                  \
    X(SYS_SHARE_CREATE, 24, "pool, new slot, priority, weight, cap in nanoseconds")                \
    X(SYS_SHARE_SET, 25, "share, weight, cap in nanoseconds")                                      \
    X(SYS_SHARE_INFO, 26, "share, struct share_info *")                                            \
    X(SYS_THREAD_CREATE, 27, "pool, new slot, space, share, fault endpoint, flags")                \
    X(SYS_THREAD_WRITE, 28, "thread, const struct thread_registers *")                             \
    X(SYS_THREAD_READ, 29, "thread, struct thread_registers *")                                    \
    X(SYS_THREAD_RESUME, 30, "thread")                                                             \
    X(SYS_THREAD_STOP, 31, "thread")                                                               \
    X(SYS_THREAD_INFO, 32, "thread, struct thread_info *")                                         \
    X(SYS_YIELD, 33, "")                                                                           \
    /* devices */                                                                                  \
    X(SYS_DEVICE_CREATE, 34, "machine, pool, new slot, kind, value, value")                        \
    X(SYS_DEVICE_IN, 35, "device, port offset, width in bytes")                                    \
    X(SYS_DEVICE_OUT, 36, "device, port offset, width in bytes, value")                            \
    X(SYS_DEVICE_CONFIG_READ, 37, "device, offset, width in bytes")                                \
    X(SYS_DEVICE_CONFIG_WRITE, 38, "device, offset, width in bytes, value")                        \
    X(SYS_DEVICE_RELEASE, 39, "device")                                                            \
    X(SYS_DMA_MAP, 40, "device, memory, first page, pages")                                        \
    X(SYS_DMA_ADDRESS, 41, "device, memory, page")                                                 \
    X(SYS_DMA_UNMAP, 42, "device, memory, first page")                                             \
    X(SYS_IRQ_CREATE, 43, "device, pool, new slot, line and flags, event, bit")                    \
    X(SYS_IRQ_ACK, 44, "irq")                                                                      \
    /* the machine: root only */                                                                   \
    X(SYS_MACHINE_IOAPIC, 45, "machine, physical address, first line")                             \
    X(SYS_MACHINE_ALARM, 46, "machine, event, bits, time-stamp counter")                           \
    X(SYS_MACHINE_INFO, 47, "machine, struct machine_info *")                                      \
    X(SYS_MACHINE_TRACE, 48, "machine, struct trace_entry *, how many, sequence number")           \
    X(SYS_MACHINE_PANIC, 49, "machine, text, length")                                              \
    X(SYS_CALL_CAPS, 50, "endpoint, word, capabilities, word, word, word")                         \
    X(SYS_REPLY_WAIT_CAPS, 51, "endpoint, word, capabilities, word, word, word")                   \
    X(SYS_RAISE_WAIT, 52, "event, bits, endpoint")

enum syscall {
#define X(name, number, arguments) name = number,
    SYSCALL_LIST(X)
#undef X
        SYSCALL_COUNT
};

/*
 * The capability word of IPC (rdx): low half, a slot to send a copy of (SLOT_NONE: nothing); high
 * half, an empty slot where a received capability may be put (SLOT_NONE: none is accepted). One
 * that cannot be received, because there is no such slot, it is in use, or the table cannot grow,
 * is not: WAIT_CAP is missing.
 */
#define IPC_CAPABILITIES(send, receive) ((u64)(send) | (u64)(receive) << 32)

/* What a successful wait returns in rax, added up. The badge comes in rdi, the words in rsi, r8,
 * r9, r10, the event bits (taken and cleared) in rdx. */
#define WAIT_MESSAGE 1 /* a caller waits for the reply */
#define WAIT_EVENT   2 /* event bits are in rdx */
#define WAIT_CAP     4 /* a capability has arrived in the slot named for it; also with a reply */

/* Flags of SYS_WAIT. */
#define WAIT_POLL 1 /* do not block: ERR_EMPTY when there is nothing */
