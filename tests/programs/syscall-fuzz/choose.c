/*
 * Arguments of random system calls: mostly what the call wants, in the rest of the cases something
 * that is wrong in an interesting way. Nothing here can hit what the fuzzer needs to go on.
 */
#include <abi/info.h>
#include <base/bits.h>
#include <runtime/clock.h>

#include "fuzz.h"

#define ODD       12             /* one argument in so many is wrong on purpose */
#define HOLE      0xf000000000ul /* physical addresses where there is nothing */
#define VGA       0xa0000ul
#define IOAPIC    0xfec00000ul
#define SPARE_PCI 0x80ul /* 00:10.0: a function that nobody uses, if the test gave us one */

static const u64 strange[] = {
    0,
    1,
    ~0ul,
    1ul << 31,
    1ul << 32,
    1ul << 47,
    1ul << 63,
    USER_END,
    USER_END - PAGE_SIZE,
    0xffff800000000000ul,
    0xffffffff80000000ul,
    SLOT_LIMIT,
};

/* A word that is nothing good. */
static u64 odd(void)
{
    return one_in(2) ? strange[below(array_count(strange))] : random_next(&random);
}

/* What structures are written to, and registers read from. */
static u64 buffer[128];
static const u64 constant[32] = {1, 2, 3};

/* ---- slots ---- */

/* Not SLOT_POOL: what is made from our own pool would be beyond the world's end. Not SLOT_ROOT. */
static u64 other_slot(void)
{
    static const u8 others[] = {SLOT_SPACE, SLOT_THREAD, SLOT_SHARE, SLOT_EVENT, SLOT_SERVICE};
    switch (below(4)) {
    case 0:
        return others[below(array_count(others))];
    case 1:
        return odd() | SLOT_LIMIT; /* beyond the end of the table */
    case 2:
        return SLOT_NONE;
    default:
        return WORLD_FIRST + below(WORLD_COUNT);
    }
}

/* A slot of the world that holds this kind; the same ones are taken again and again, so that
 * what one call has made of an object others find. */
static u64 world_slot(u8 kind)
{
    u64 from = one_in(2) ? 0 : below(WORLD_COUNT);
    for (u64 i = 0; i < WORLD_COUNT; i++) {
        u64 slot = WORLD_FIRST + (from + i) % WORLD_COUNT;
        if (*world_kind(slot) == kind && !one_in(4))
            return slot;
    }
    return other_slot();
}

static u64 slot_of(u8 kind, u64 own, u64 own_in)
{
    if (one_in(ODD))
        return other_slot();
    return own != SLOT_NONE && one_in(own_in) ? own : world_slot(kind);
}

static u64 choose_pool(const struct attempt *attempt)
{
    if (attempt->number == SYS_POOL_CREATE && one_in(3))
        return DEEPEST_POOL;
    return slot_of(OBJECT_POOL, WORLD_POOL, 2);
}

static u64 empty_slot(void)
{
    return one_in(ODD) ? other_slot() : world_slot(OBJECT_NONE);
}

static u64 any_slot(void)
{
    if (one_in(8))
        return machine;
    return one_in(4) ? other_slot() : WORLD_FIRST + below(WORLD_COUNT);
}

static u64 doomed_slot(void)
{
    if (one_in(ODD))
        return other_slot();
    if (one_in(2))
        return world_slot(SLOT_DYING);
    u64 slot = WORLD_FIRST + below(WORLD_COUNT);
    bool spared = slot >= CHAIN_FIRST && slot <= DEEPEST_POOL && !one_in(32);
    return spared ? WORLD_END - 1 : slot;
}

static u64 slot_to_empty(void)
{
    return one_in(4) ? odd() | SLOT_LIMIT : WORLD_FIRST + below(WORLD_COUNT);
}

static u64 ipc_capabilities(void)
{
    if (one_in(32))
        return odd();
    u64 send = one_in(2) ? SLOT_NONE : WORLD_FIRST + below(WORLD_COUNT);
    u64 receive = one_in(2) ? SLOT_NONE : empty_slot();
    return IPC_CAPABILITIES(send, receive);
}

/* ---- memory ---- */

static u64 area(void)
{
    u64 address = AREA_FIRST + below(AREAS) * AREA_STEP;
    return one_in(4) ? address + below(1024) * PAGE_SIZE : address;
}

static u64 address_to_map(void)
{
    if (one_in(ODD))
        return one_in(3) ? IMAGE_ADDRESS : odd();
    return area();
}

/* Never where our own program, stack or start page begin. */
static u64 address_to_unmap(void)
{
    static const u64 nowhere[] = {1, PAGE_SIZE * 5, USER_END, 1ul << 47, 1ul << 63, AREA_FIRST + 8};
    return one_in(ODD) ? nowhere[below(array_count(nowhere))] : area();
}

static u64 first_page(void)
{
    if (one_in(ODD))
        return odd();
    return one_in(2) ? 0 : one_in(4) ? LARGE_PAGES * below(3) : below(16);
}

static u64 pages(void)
{
    if (one_in(ODD))
        return odd();
    return one_in(2) ? 1 : one_in(4) ? LARGE_PAGES * (1 + below(4)) : 1 + below(16);
}

static u64 memory_size(void)
{
    static const u64 sizes[] = {
        1, 16, 600, LARGE_PAGES, 2 * LARGE_PAGES, 4 * LARGE_PAGES, MEMORY_PAGES_LIMIT};
    return one_in(ODD) ? odd() : one_in(2) ? 1 + below(16) : sizes[below(array_count(sizes))];
}

static u64 pool_size(void)
{
    static const u64 sizes[] = {1, 2, 8, 64, 256};
    return one_in(ODD) ? odd() : one_in(8) ? 1ul << 20 : sizes[below(array_count(sizes))];
}

static u64 buffer_address(void)
{
    switch (below(24)) {
    case 0:
        return (u64)buffer + 4;
    case 1:
        return (u64)constant; /* read-only */
    case 2:
        return odd();
    case 3:
        return area();
    default:
        return (u64)buffer;
    }
}

/* ---- the machine ---- */

static u64 width(void)
{
    static const u8 wrong[] = {0, 3, 5, 8, 255};
    return one_in(ODD) ? wrong[below(array_count(wrong))] : 1ul << below(3);
}

/* Of the machine: the DMA controller that nobody uses, and a port for what BIOSes say at boot.
 * The same offsets do for the devices that device_values makes. */
static u64 port_offset(void)
{
    if (one_in(ODD))
        return 0x10000 + (random_next(&random) << 16);
    return one_in(4) ? 0x80 + below(8) : below(8);
}

/* A PCI function or ports that may be written to at any offset. `kind` was chosen before. */
static void device_values(u64 kind, u64 *first, u64 *count)
{
    static const struct {
        u32 first, count;
    } ports[] = {{0x80, 12}, {0xfff0, 16}, {0xffff, 1}, {0xffff, 2}, {0x80, 0}, {0x10000, 1}};
    if (kind == DEVICE_PORTS) {
        u64 which = one_in(4) ? below(array_count(ports)) : below(3);
        *first = ports[which].first;
        *count = ports[which].count;
    } else {
        *first = one_in(ODD) ? 0x10000 : one_in(2) ? SPARE_PCI : 0xff00 + below(256);
        *count = one_in(ODD) ? 1 : 0;
    }
}

static u64 config_offset(void)
{
    return one_in(ODD) ? 256 + below(8192) : below(256);
}

/* To be written: interrupt line, cache line size; these do nothing by themselves. */
static u64 config_offset_written(void)
{
    return one_in(ODD) ? 256 + below(8192) : one_in(2) ? 0x3c : 0x0c;
}

static u64 physical_address(void)
{
    switch (below(8)) {
    case 0:
        return odd();
    case 1:
        return 16 * LARGE_SIZE; /* memory */
    case 2:
        return VGA;
    case 3:
        return 1ul << (40 + below(16)); /* beyond what the processor has */
    default:
        return HOLE + below(1ul << 20) * PAGE_SIZE;
    }
}

static u64 line(void)
{
    if (one_in(ODD))
        return one_in(2) ? odd() : 24 + below(1024);
    if (one_in(2))
        return IRQ_MESSAGE;
    return below(24) | (one_in(2) ? IRQ_LEVEL : 0) | (one_in(2) ? IRQ_ACTIVE_LOW : 0);
}

static u64 ioapic_address(void)
{
    return one_in(ODD) ? 1 + below(PAGE_SIZE - 1)
           : one_in(2) ? IOAPIC
                       : HOLE + below(4) * PAGE_SIZE;
}

/* ---- running ---- */

/* A thread of the world begins: with one of the helpers, or in the middle of nowhere. */
static void prepare_registers(struct thread_registers *r)
{
    u64 *words = (u64 *)r;
    for (u64 i = 0; i < sizeof(*r) / 8; i++)
        words[i] = random_next(&random);
    r->rip = one_in(32) ? odd() : one_in(16) ? (u64)buffer : helper_entries[below(HELPERS)];
    r->rsp = one_in(32) ? odd() : below(USER_END);
    r->r12 = world_slot(OBJECT_ENDPOINT);
    r->r15 = below(128);
    r->fs_base = one_in(32) ? odd() : below(USER_END);
    r->gs_base = one_in(32) ? odd() : (u64)((i64)(random_next(&random) << 16) >> 16);
}

static u64 registers_address(void)
{
    static struct thread_registers registers;
    if (one_in(ODD))
        return one_in(2) ? odd() : area();
    prepare_registers(&registers);
    return (u64)&registers;
}

static u64 cap_ns(void)
{
    return one_in(ODD) ? odd() : one_in(2) ? 0 : below(SHARE_PERIOD_NS + 1);
}

static u64 choose(char letter, const struct attempt *attempt)
{
    switch (letter) {
    case 'p':
        return choose_pool(attempt);
    case 'm':
        return slot_of(OBJECT_MEMORY, SLOT_NONE, 1);
    case 's':
        return slot_of(OBJECT_SPACE, SLOT_SPACE, 2);
    case 'S':
        return slot_of(OBJECT_SHARE, SLOT_SHARE, 3);
    case 't':
        return slot_of(OBJECT_THREAD, SLOT_THREAD, 16);
    case 'e':
        return slot_of(OBJECT_ENDPOINT, SLOT_SERVICE, 16);
    case 'l':
    case 'E':
        return one_in(4) ? SLOT_NONE : slot_of(OBJECT_ENDPOINT, SLOT_SERVICE, 16);
    case 'v':
        return slot_of(OBJECT_EVENT, SLOT_EVENT, 4);
    case 'd':
        return slot_of(OBJECT_DEVICE, machine, 4);
    case 'j':
        return slot_of(OBJECT_IRQ, SLOT_NONE, 1);
    case 'M':
        return one_in(ODD) ? other_slot() : machine;
    case 'n':
        return empty_slot();
    case 'o':
        return any_slot();
    case 'q':
        return slot_to_empty();
    case 'D':
        return doomed_slot();
    case 'z':
        return one_in(2) ? FAULT_RESUME : odd();
    case 'b':
        return one_in(ODD) ? 0 : random_next(&random);
    case 'g':
        return one_in(4) ? random_next(&random) : 0;
    case 'r':
        return one_in(ODD) ? odd() : one_in(4) ? below(RIGHT_ALL + 1) : RIGHT_ALL & ~below(8);
    case 'R':
        return one_in(ODD) ? odd() : RIGHT_READ | (u64[]){0, RIGHT_WRITE, RIGHT_EXECUTE}[below(3)];
    case 'c':
        return ipc_capabilities();
    case 'a':
        return address_to_map();
    case 'u':
        return address_to_unmap();
    case 'i':
        return first_page();
    case 'I':
        return pages();
    case 'K':
        return memory_size();
    case 'k':
        return pool_size();
    case 'x':
        return buffer_address();
    case 'X':
        return registers_address();
    case 'f':
        return one_in(ODD) ? odd() : one_in(6) ? MEMORY_CONTIGUOUS : 0;
    case 'P':
        return one_in(ODD) ? odd() : below(highest + 1);
    case 'W':
        return one_in(ODD) ? odd() : 1 + below(WEIGHT_LIMIT);
    case 'C':
        return cap_ns();
    case 'T':
        return one_in(ODD) ? odd() : below(2);
    case 'F':
        return one_in(ODD) ? odd() : one_in(4) ? 0 : WAIT_POLL;
    case 'w':
        return one_in(ODD) ? odd() : one_in(2) ? 0 : below(NS_PER_MS);
    case 'J':
        return one_in(4) ? odd() : tsc() + below(1ul << 21);
    case 'y':
        return physical_address();
    case 'h':
        return one_in(ODD) ? odd() : below(3);
    case 'O':
        return port_offset();
    case 'B':
        return width();
    case 'A':
        return config_offset();
    case 'Z':
        return config_offset_written();
    case 'L':
        return line();
    case 'N':
        return one_in(ODD) ? odd() : below(64);
    case 'G':
        return ioapic_address();
    case 'H':
        return one_in(ODD) ? odd() : below(256);
    case 'Q':
        return one_in(ODD) ? 0 : 1 + below(20);
    case '1':
        return one_in(ODD) ? odd() & ~3ul : 1 + below(2);
    default:
        return odd();
    }
}

/* A panic may not succeed: one of its arguments is always wrong. */
static void spoil_panic(u64 *argument)
{
    argument[1] = (u64)buffer;
    argument[2] = 257 + below(1ul << 40);
    if (one_in(2)) {
        argument[1] = one_in(2) ? USER_END : 0xffff800000000000ul;
        argument[2] = 1 + below(256);
    } else if (one_in(2)) {
        argument[0] = SLOT_EVENT;
        argument[2] = 1;
    }
}

/* Calls that go with what another has done lately. */
static void follow_up(struct attempt *attempt)
{
    bool dma = attempt->number == SYS_DMA_ADDRESS || attempt->number == SYS_DMA_UNMAP;
    bool map = attempt->number == SYS_SPACE_POPULATE || attempt->number == SYS_SPACE_UNMAP;
    if (!(dma || map) || one_in(4))
        return;
    const u64 *before = recent_pick(dma ? &recent_dma : &recent_maps);
    if (!before)
        return;
    attempt->argument[0] = before[0];
    attempt->argument[1] = before[dma ? 1 : 2];
    if (dma)
        attempt->argument[2] = before[2];
}

void choose_arguments(struct attempt *attempt)
{
    if (attempt->number >= SYSCALLS) {
        for (u64 i = 0; i < 6; i++)
            attempt->argument[i] = odd();
        return;
    }
    const char *letters = calls[attempt->number].arguments;
    for (u64 i = 0; i < 6; i++)
        attempt->argument[i] = *letters ? choose(*letters++, attempt) : odd();
    follow_up(attempt);
    if (attempt->number == SYS_DEVICE_CREATE)
        device_values(attempt->argument[3], &attempt->argument[4], &attempt->argument[5]);
    if (attempt->number == SYS_MACHINE_PANIC)
        spoil_panic(attempt->argument);
}
