/*
 * Every system call with every argument wrong in every way that has nothing to do with the state of
 * objects (that is in the files named after them): the named error, blamed on the right argument,
 * and nothing changed.
 */
#include "arguments.h"
#include "check.h"
#include "tests.h"
#include "world.h"

static u64 words[64];
#define CALL(number, ...) ((struct call_words){number, {__VA_ARGS__}})
#define DATA              ((u64)words)

void refusals_unknown(void)
{
    static const u64 numbers[] = {SYSCALL_COUNT, 63,         64,        255,
                                  256,           0xffffffff, 1ul << 32, 1ul << 32 | SYS_NULL,
                                  1ul << 63,     ~0ul};
    for (usize i = 0; i < array_count(numbers); i++)
        refused(raw(numbers[i], 0, 0, 0, 0, 0, 0), ERR_SYSCALL, 0);
    same(null_call(), 0);
    same(raw(SYS_NULL, ~0ul, ~0ul, ~0ul, ~0ul, ~0ul, ~0ul), 0);
}

/* Calls whose arguments are a pool and a new slot, and some more. */
void refusals_create(void)
{
    struct gallery g;
    gallery_make(&g);
    u64 pool = SLOT_TEST_POOL, slot = new_slot();
    struct call_words calls[] = {
        CALL(SYS_ENDPOINT_CREATE, pool, slot),
        CALL(SYS_EVENT_CREATE, pool, slot),
        CALL(SYS_POOL_CREATE, pool, slot, 10, 0),
        CALL(SYS_MEMORY_CREATE, pool, slot, 10, 0),
        CALL(SYS_SPACE_CREATE, pool, slot),
        CALL(SYS_SHARE_CREATE, pool, slot, 1, 1, 0),
        CALL(SYS_THREAD_CREATE, pool, slot, g.slot[OBJECT_SPACE], g.slot[OBJECT_SHARE], 0, 0),
    };
    for (usize i = 0; i < array_count(calls); i++) {
        arguments_cap(&g, calls[i], 1, OBJECT_POOL, RIGHT_WRITE);
        arguments_new_slot(&g, calls[i], 2);
    }
}

void refusals_values(void)
{
    struct gallery g;
    gallery_make(&g);
    u64 pool = SLOT_TEST_POOL, slot = new_slot();
    struct call_words call = CALL(SYS_POOL_CREATE, pool, slot, 10, 0);
    arguments_values(call, 3, ERR_ARGUMENT, 0);
    arguments_values(call, 4, ERR_ARGUMENT, TEST_PRIORITY + 1, 15, 16, 1ul << 32, ~0ul);
    call = CALL(SYS_MEMORY_CREATE, pool, slot, 10, 0);
    arguments_values(call, 3, ERR_ARGUMENT, 0, MEMORY_PAGES_LIMIT + 1, 1ul << 52, ~0ul);
    arguments_values(call, 4, ERR_ARGUMENT, 2, 3, 1ul << 32, ~0ul);
    call = CALL(SYS_SHARE_CREATE, pool, slot, 1, 1, 0);
    arguments_values(call, 3, ERR_ARGUMENT, TEST_PRIORITY + 1, 16, 1ul << 32, ~0ul);
    arguments_values(call, 4, ERR_ARGUMENT, 0, WEIGHT_LIMIT + 1, 1ul << 32, ~0ul);
    arguments_values(call, 5, ERR_ARGUMENT, SHARE_PERIOD_NS + 1, 1ul << 32, ~0ul);
    call = CALL(SYS_THREAD_CREATE, pool, slot, g.slot[OBJECT_SPACE], g.slot[OBJECT_SHARE], 0, 0);
    arguments_cap(&g, call, 3, OBJECT_SPACE, RIGHT_WRITE);
    arguments_cap(&g, call, 4, OBJECT_SHARE, RIGHT_EXECUTE);
    arguments_values(call, 5, ERR_TYPE, g.slot[OBJECT_EVENT], g.slot[OBJECT_POOL]);
    arguments_values(call, 5, ERR_SLOT, SLOT_LAST - 1, SLOT_LIMIT, 1ul << 32, ~0ul);
    arguments_values(call, 5, ERR_RIGHTS, copy_of(g.slot[OBJECT_ENDPOINT], RIGHT_RECEIVE, 0));
    arguments_values(call, 6, ERR_ARGUMENT, 2, 3, 1ul << 32, ~0ul);
}

void refusals_infos(void)
{
    static const struct {
        u64 number;
        enum object_type type;
        u64 size;
    } infos[] = {
        {SYS_POOL_INFO, OBJECT_POOL, sizeof(struct pool_info)},
        {SYS_MEMORY_INFO, OBJECT_MEMORY, sizeof(struct memory_info)},
        {SYS_SHARE_INFO, OBJECT_SHARE, sizeof(struct share_info)},
        {SYS_THREAD_INFO, OBJECT_THREAD, sizeof(struct thread_info)},
        {SYS_THREAD_READ, OBJECT_THREAD, sizeof(struct thread_registers)},
    };
    struct gallery g;
    gallery_make(&g);
    for (usize i = 0; i < array_count(infos); i++) {
        struct call_words call = CALL(infos[i].number, g.slot[infos[i].type], DATA);
        same(raw(call.number, call.word[0], DATA, 0, 0, 0, 0), 0);
        arguments_cap(&g, call, 1, infos[i].type, RIGHT_READ);
        arguments_pointer(call, 2, infos[i].size, true);
    }
    struct call_words call = CALL(SYS_CAP_INFO, g.slot[OBJECT_POOL], DATA);
    arguments_pointer(call, 2, sizeof(struct cap_info), true);
    arguments_values(call, 1, ERR_SLOT, 0, SLOT_LAST - 1, SLOT_LIMIT, 1ul << 32, ~0ul);
    call = CALL(SYS_MACHINE_INFO, SLOT_MACHINE, DATA);
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_CONTROL);
    arguments_values(call, 1, ERR_TYPE, g.slot[OBJECT_DEVICE], g.pci); /* devices, but not all */
    arguments_pointer(call, 2, sizeof(struct machine_info), true);
    call = CALL(SYS_MACHINE_TRACE, SLOT_MACHINE, DATA, 1, 0);
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_CONTROL);
    arguments_values(call, 3, ERR_ARGUMENT, 0);
    call = CALL(SYS_MACHINE_TRACE, SLOT_MACHINE, DATA, 2, machine_facts().trace_next - 20);
    refused(raw(call.number, SLOT_MACHINE, 0, 2, call.word[3], 0, 0), ERR_ADDRESS, 2);
}

void refusals_memory(void)
{
    struct gallery g;
    gallery_make(&g);
    u64 memory = g.slot[OBJECT_MEMORY], space = g.slot[OBJECT_SPACE];
    struct call_words call = CALL(SYS_MEMORY_COMMIT, memory, 0, 4);
    arguments_cap(&g, call, 1, OBJECT_MEMORY, RIGHT_WRITE);
    arguments_values(call, 2, ERR_ARGUMENT, 4, 5, 1ul << 32, 1ul << 52, ~0ul);
    arguments_values(call, 3, ERR_ARGUMENT, 0, 5, 1ul << 32, 1ul << 52, ~0ul);
    call = CALL(SYS_MEMORY_COMMIT, memory, 3, 1);
    arguments_values(call, 3, ERR_ARGUMENT, 0, 2, ~0ul, ~0ul - 2);
    call = CALL(SYS_SPACE_MAP, space, memory, WINDOW, 0, 4, RIGHT_READ);
    arguments_cap(&g, call, 1, OBJECT_SPACE, RIGHT_WRITE);
    arguments_cap(&g, call, 2, OBJECT_MEMORY, RIGHT_READ);
    arguments_values(call, 3, ERR_ARGUMENT, 1, WINDOW + 8, USER_END, 1ul << 47, 0xffff800000000000,
                     0xfffffffffffff000, ~0ul, 1ul << 63);
    arguments_values(call, 4, ERR_ARGUMENT, 4, 5, 1ul << 32, 1ul << 52, ~0ul);
    arguments_values(call, 5, ERR_ARGUMENT, 0, 5, 1ul << 32, 1ul << 52, 1ul << 36, ~0ul);
    arguments_values(call, 6, ERR_ARGUMENT, 0, RIGHT_WRITE, RIGHT_EXECUTE,
                     RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE, RIGHT_WRITE | RIGHT_EXECUTE,
                     RIGHT_READ | RIGHT_CALL, RIGHT_ALL, 1ul << 32 | RIGHT_READ, ~0ul);
    u32 reading = copy_of((u32)memory, RIGHT_READ | RIGHT_DESTROY, 0);
    call = CALL(SYS_SPACE_MAP, space, reading, WINDOW, 0, 4, RIGHT_READ);
    arguments_values(call, 6, ERR_RIGHTS, RIGHT_READ | RIGHT_WRITE, RIGHT_READ | RIGHT_EXECUTE);
    call = CALL(SYS_SPACE_UNMAP, space, WINDOW);
    arguments_cap(&g, call, 1, OBJECT_SPACE, RIGHT_WRITE);
    arguments_values(call, 2, ERR_ABSENT, WINDOW, 0, USER_END, ~0ul, 1ul << 63);
    must(space_map((u32)space, (u32)memory, WINDOW, 0, 4, RIGHT_READ));
    arguments_values(call, 2, ERR_ABSENT, WINDOW + 1, WINDOW + PAGE_SIZE, WINDOW - PAGE_SIZE,
                     WINDOW + 4 * PAGE_SIZE);
    call = CALL(SYS_SPACE_POPULATE, space, WINDOW, 4);
    arguments_cap(&g, call, 1, OBJECT_SPACE, RIGHT_WRITE);
    arguments_values(call, 2, ERR_ARGUMENT, 1, WINDOW + 8, USER_END, 1ul << 47, ~0ul);
    arguments_values(call, 3, ERR_ARGUMENT, 0);
    refused(space_populate((u32)space, WINDOW + 4 * PAGE_SIZE, 1), ERR_ABSENT, 2);
    refused(space_populate((u32)space, 0, 1), ERR_ABSENT, 2);
}

void refusals_running(void)
{
    struct gallery g;
    gallery_make(&g);
    struct call_words call = CALL(SYS_SHARE_SET, g.slot[OBJECT_SHARE], 1, 0);
    arguments_cap(&g, call, 1, OBJECT_SHARE, RIGHT_WRITE);
    arguments_values(call, 2, ERR_ARGUMENT, 0, WEIGHT_LIMIT + 1, 1ul << 32, ~0ul);
    arguments_values(call, 3, ERR_ARGUMENT, SHARE_PERIOD_NS + 1, 1ul << 32, ~0ul);
    call = CALL(SYS_THREAD_WRITE, g.slot[OBJECT_THREAD], DATA);
    arguments_cap(&g, call, 1, OBJECT_THREAD, RIGHT_CONTROL);
    arguments_pointer(call, 2, sizeof(struct thread_registers), false);
    call = CALL(SYS_THREAD_RESUME, g.slot[OBJECT_THREAD]);
    arguments_cap(&g, call, 1, OBJECT_THREAD, RIGHT_CONTROL);
    call = CALL(SYS_THREAD_STOP, g.slot[OBJECT_THREAD]);
    arguments_cap(&g, call, 1, OBJECT_THREAD, RIGHT_CONTROL);
    call = CALL(SYS_EVENT_BIND, g.slot[OBJECT_EVENT], g.slot[OBJECT_THREAD]);
    arguments_cap(&g, call, 1, OBJECT_EVENT, RIGHT_RECEIVE);
    arguments_cap(&g, call, 2, OBJECT_THREAD, RIGHT_RECEIVE);
    call = CALL(SYS_EVENT_RAISE, g.slot[OBJECT_EVENT], 1, 0);
    arguments_cap(&g, call, 1, OBJECT_EVENT, RIGHT_RAISE);
    arguments_values(call, 2, ERR_ARGUMENT, 0);
    call = CALL(SYS_EVENT_POLL, g.slot[OBJECT_EVENT]);
    arguments_cap(&g, call, 1, OBJECT_EVENT, RIGHT_RECEIVE);
}

void refusals_ipc(void)
{
    struct gallery g;
    gallery_make(&g);
    u64 endpoint = g.slot[OBJECT_ENDPOINT];
    u32 calling = copy_of((u32)endpoint, RIGHT_CALL, 0);
    static const u64 no_receive = IPC_CAPABILITIES(0, SLOT_LIMIT), far = 0xffffffff00000000;
    static const u64 calls[] = {SYS_CALL, SYS_CALL_CAPS};
    for (unsigned i = 0; i < 2; i++)
        arguments_cap(&g, CALL(calls[i], endpoint, 1, 0, 2, 3, 4), 1, OBJECT_ENDPOINT, RIGHT_CALL);
    struct call_words call = CALL(SYS_CALL_CAPS, endpoint, 1, 0, 2, 3, 4);
    arguments_values(call, 3, ERR_SLOT, SLOT_LAST - 1, SLOT_LIMIT, 0xffffffff);
    arguments_values(call, 3, ERR_ARGUMENT, no_receive, far);
    /* SLOT_NONE is no error here, but means nobody. */
    static const u64 waits[] = {SYS_WAIT, SYS_REPLY_WAIT, SYS_REPLY_WAIT_CAPS};
    for (unsigned i = 0; i < 3; i++) {
        call = CALL(waits[i], endpoint, i == 0 ? WAIT_POLL : 1, 0, 2, 3, 4);
        arguments_values(call, 1, ERR_TYPE, g.slot[OBJECT_EVENT], g.slot[OBJECT_POOL]);
        arguments_values(call, 1, ERR_SLOT, SLOT_LAST - 1, SLOT_LIMIT, ~0ul, 1ul << 32 | endpoint);
        arguments_values(call, 1, ERR_RIGHTS, calling);
        if (waits[i] == SYS_REPLY_WAIT)
            continue;
        arguments_values(call, 3, ERR_SLOT, SLOT_LAST - 1, SLOT_LIMIT, 0xffffffff);
        arguments_values(call, 3, ERR_ARGUMENT, no_receive, far);
    }
    call = CALL(SYS_WAIT, endpoint, 2, 0);
    arguments_values(call, 2, ERR_ARGUMENT, 2, 3, 1ul << 32, ~0ul);
    call = CALL(SYS_RAISE_WAIT, g.slot[OBJECT_EVENT], 1, endpoint);
    arguments_cap(&g, call, 1, OBJECT_EVENT, RIGHT_RAISE);
    arguments_values(call, 2, ERR_ARGUMENT, 0);
    arguments_values(call, 3, ERR_TYPE, g.slot[OBJECT_EVENT], g.slot[OBJECT_POOL]);
    arguments_values(call, 3, ERR_SLOT, SLOT_LAST - 1, SLOT_LIMIT, ~0ul, 1ul << 32 | endpoint);
    arguments_values(call, 3, ERR_RIGHTS, calling);
    call = CALL(SYS_REPLY, 0, 1, 0, 2, 3, 4);
    arguments_values(call, 3, ERR_SLOT, SLOT_LAST - 1, SLOT_LIMIT, 0xffffffff);
    arguments_values(call, 3, ERR_ARGUMENT, no_receive, far);
    struct message m = {0};
    refused(ipc_reply(&m, 0), ERR_ABSENT, 0); /* to nobody */
    refused(ipc_wait((u32)endpoint, WAIT_POLL, &m, 0), ERR_EMPTY, 0);
}

void refusals_devices(void)
{
    struct gallery g;
    gallery_make(&g);
    u64 ports = g.slot[OBJECT_DEVICE], slot = new_slot(), pool = SLOT_TEST_POOL;
    struct call_words call = CALL(SYS_DEVICE_CREATE, SLOT_MACHINE, pool, slot, DEVICE_PORTS, 80, 1);
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_CONTROL);
    arguments_values(call, 1, ERR_TYPE, ports, g.pci);
    arguments_cap(&g, call, 2, OBJECT_POOL, RIGHT_WRITE);
    arguments_new_slot(&g, call, 3);
    arguments_values(call, 4, ERR_ARGUMENT, DEVICE_MACHINE, 3, 1ul << 32 | DEVICE_PORTS, ~0ul);
    arguments_values(call, 5, ERR_ARGUMENT, 0x10000, 1ul << 32, ~0ul);
    arguments_values(call, 6, ERR_ARGUMENT, 0, 0x10000, 0x10000 - 79, 1ul << 32, ~0ul);
    call = CALL(SYS_DEVICE_CREATE, SLOT_MACHINE, pool, slot, DEVICE_PCI, 0, 0);
    arguments_values(call, 5, ERR_ARGUMENT, 0x10000, 1ul << 32, ~0ul);
    call = CALL(SYS_DEVICE_IN, ports, 0, 1);
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_READ);
    arguments_values(call, 2, ERR_ARGUMENT, 1, 2, 0x10000, 1ul << 32, ~0ul);
    arguments_values(call, 3, ERR_ARGUMENT, 0, 2, 3, 4, 8, 1ul << 32 | 1, ~0ul);
    call = CALL(SYS_DEVICE_OUT, ports, 0, 1, 0);
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_WRITE);
    arguments_values(call, 2, ERR_ARGUMENT, 1, 2, 0x10000, 1ul << 32, ~0ul);
    arguments_values(call, 3, ERR_ARGUMENT, 0, 2, 3, 4, 8, 1ul << 32 | 1, ~0ul);
    call = CALL(SYS_DEVICE_CONFIG_READ, g.pci, 0, 4);
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_READ);
    arguments_values(call, 1, ERR_TYPE, ports, SLOT_MACHINE); /* devices, without such registers */
    arguments_values(call, 2, ERR_ARGUMENT, 256, 4096, 1ul << 32, ~0ul);
    arguments_values(call, 3, ERR_ARGUMENT, 0, 3, 5, 8, 1ul << 32 | 4, ~0ul);
    call = CALL(SYS_DEVICE_CONFIG_READ, g.pci, 254, 2);
    arguments_values(call, 3, ERR_ARGUMENT, 4);
    call = CALL(SYS_DEVICE_CONFIG_WRITE, g.pci, 0, 4, 0);
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_CONTROL);
    arguments_values(call, 1, ERR_TYPE, ports, SLOT_MACHINE);
    arguments_values(call, 2, ERR_ARGUMENT, 256, 4096, 1ul << 32, ~0ul);
    arguments_values(call, 3, ERR_ARGUMENT, 0, 3, 5, 8, 1ul << 32 | 4, ~0ul);
    call = CALL(SYS_DEVICE_RELEASE, ports);
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_CONTROL);
}

void refusals_dma_irq(void)
{
    struct gallery g;
    gallery_make(&g);
    u64 memory = g.slot[OBJECT_MEMORY], slot = new_slot(), pool = SLOT_TEST_POOL;
    static const u64 calls[] = {SYS_DMA_MAP, SYS_DMA_ADDRESS, SYS_DMA_UNMAP};
    for (usize i = 0; i < array_count(calls); i++) {
        struct call_words call = CALL(calls[i], g.pci, memory, 0, 1);
        arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_WRITE);
        arguments_cap(&g, call, 2, OBJECT_MEMORY, RIGHT_READ | RIGHT_WRITE);
    }
    struct call_words call = CALL(SYS_DMA_MAP, g.pci, memory, 0, 1);
    arguments_values(call, 3, ERR_ARGUMENT, 4, 5, 1ul << 32, 1ul << 52, ~0ul);
    arguments_values(call, 4, ERR_ARGUMENT, 0, 5, 1ul << 32, 1ul << 52, ~0ul);
    refused(dma_address(g.pci, (u32)memory, 0), ERR_ABSENT, 3);
    refused(dma_unmap(g.pci, (u32)memory, 0), ERR_ABSENT, 3);
    call = CALL(SYS_IRQ_CREATE, g.pci, pool, slot, IRQ_MESSAGE, g.slot[OBJECT_EVENT], 0);
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_CONTROL);
    arguments_cap(&g, call, 2, OBJECT_POOL, RIGHT_WRITE);
    arguments_new_slot(&g, call, 3);
    arguments_values(call, 4, ERR_ARGUMENT, 1ul << 19, 1ul << 32, ~0ul);
    arguments_cap(&g, call, 5, OBJECT_EVENT, RIGHT_CONTROL);
    arguments_values(call, 6, ERR_ARGUMENT, 64, 65, 1ul << 32, ~0ul);
    refused(raw(SYS_IRQ_CREATE, g.pci, pool, slot, 0xffff, g.slot[OBJECT_EVENT], 0), ERR_ABSENT, 4);
    call = CALL(SYS_IRQ_ACK, g.slot[OBJECT_IRQ]);
    arguments_cap(&g, call, 1, OBJECT_IRQ, RIGHT_WRITE);
}

void refusals_machine(void)
{
    struct gallery g;
    gallery_make(&g);
    u64 slot = new_slot(), pool = SLOT_TEST_POOL;
    struct call_words call =
        CALL(SYS_MEMORY_PHYSICAL, SLOT_MACHINE, pool, slot, 0xfee00000, 1, CACHE_UNCACHED);
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_CONTROL);
    arguments_values(call, 1, ERR_TYPE, g.slot[OBJECT_DEVICE], g.pci);
    arguments_cap(&g, call, 2, OBJECT_POOL, RIGHT_WRITE);
    arguments_new_slot(&g, call, 3);
    arguments_values(call, 4, ERR_ARGUMENT, 1, 0xfee00800, 1ul << 52, 1ul << 63, ~0ul);
    static const u64 ram[] = {0x100000, 0x200000, 0x1000000}; /* of the kernel's, or anybody's */
    for (usize i = 0; i < array_count(ram); i++)
        refused(raw(SYS_MEMORY_PHYSICAL, SLOT_MACHINE, pool, slot, ram[i], 1, 0), ERR_BUSY, 4);
    refused(raw(SYS_MEMORY_PHYSICAL, SLOT_MACHINE, pool, slot, 0, 1ul << 27, 0), ERR_BUSY, 4);
    arguments_values(call, 5, ERR_ARGUMENT, 0, MEMORY_PAGES_LIMIT + 1, 1ul << 52, ~0ul);
    arguments_values(call, 6, ERR_ARGUMENT, 3, 4, 1ul << 32, ~0ul);
    call = CALL(SYS_MACHINE_IOAPIC, SLOT_MACHINE, 0xfec00000, 0);
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_CONTROL);
    arguments_values(call, 2, ERR_ARGUMENT, 1, 0xfec00010, 1ul << 52, ~0ul);
    arguments_values(call, 3, ERR_ARGUMENT, 1ul << 16, 1ul << 32, ~0ul);
    call = CALL(SYS_MACHINE_ALARM, SLOT_MACHINE, g.slot[OBJECT_EVENT], 1, ~0ul);
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_CONTROL);
    arguments_cap(&g, call, 2, OBJECT_EVENT, RIGHT_CONTROL);
    arguments_values(call, 3, ERR_ARGUMENT, 0);
    call = CALL(SYS_MACHINE_PANIC, SLOT_MACHINE, DATA, 1ul << 20); /* too long */
    arguments_cap(&g, call, 1, OBJECT_DEVICE, RIGHT_CONTROL);
    arguments_values(call, 3, ERR_ARGUMENT, 1ul << 20, 1ul << 32, ~0ul);
    call = CALL(SYS_MACHINE_PANIC, SLOT_MACHINE, 0, 8);
    refused(raw(SYS_MACHINE_PANIC, SLOT_MACHINE, 0, 8, 0, 0, 0), ERR_ADDRESS, 2);
    refused(raw(SYS_MACHINE_PANIC, SLOT_MACHINE, USER_END - 4, 8, 0, 0, 0), ERR_ADDRESS, 2);
    refused(raw(SYS_MACHINE_PANIC, SLOT_MACHINE, ~0ul, 8, 0, 0, 0), ERR_ADDRESS, 2);
    refused(raw(SYS_MACHINE_PANIC, SLOT_MACHINE, 0xffffffff80100000, 8, 0, 0, 0), ERR_ADDRESS, 2);
}

void refusals_caps(void)
{
    struct gallery g;
    gallery_make(&g);
    u64 slot = new_slot(), event = g.slot[OBJECT_EVENT];
    struct call_words call = CALL(SYS_CAP_COPY, SLOT_SPACE, slot, event, RIGHT_RAISE, 0);
    arguments_cap(&g, call, 1, OBJECT_SPACE, RIGHT_WRITE);
    arguments_new_slot(&g, call, 2);
    arguments_values(call, 3, ERR_SLOT, 0, SLOT_LAST - 1, SLOT_LIMIT, 1ul << 32 | event, ~0ul);
    arguments_values(call, 4, ERR_ARGUMENT, RIGHT_ALL + 1, 1ul << 32, ~0ul);
    u32 poor = copy_of((u32)event, RIGHT_RAISE, 6);
    call = CALL(SYS_CAP_COPY, SLOT_SPACE, slot, poor, RIGHT_RAISE, 0);
    arguments_values(call, 4, ERR_RIGHTS, RIGHT_ALL, RIGHT_RECEIVE, RIGHT_RAISE | RIGHT_DESTROY);
    arguments_values(call, 5, ERR_RIGHTS, 1, 7, 8, ~0ul);
    /* A slot where the table has to grow, and then something later is wrong. */
    refused(cap_copy(g.slot[OBJECT_SPACE], 5000, SLOT_LAST - 1, 0, 0), ERR_SLOT, 3);
    refused(cap_copy(g.slot[OBJECT_SPACE], 5000, poor, RIGHT_ALL, 0), ERR_RIGHTS, 4);
    refused(memory_create(SLOT_TEST_POOL, SLOT_LIMIT - 1, 0, 0), ERR_ARGUMENT, 3);
    call = CALL(SYS_CAP_DROP, SLOT_SPACE, event);
    arguments_cap(&g, call, 1, OBJECT_SPACE, RIGHT_WRITE);
    arguments_values(call, 2, ERR_SLOT, 0, SLOT_LAST - 1, SLOT_LIMIT, 1ul << 32 | event, ~0ul);
    call = CALL(SYS_OBJECT_DESTROY, event);
    arguments_values(call, 1, ERR_SLOT, 0, SLOT_LAST - 1, SLOT_LIMIT, 1ul << 32 | event, ~0ul);
    arguments_values(call, 1, ERR_RIGHTS, poor, SLOT_MACHINE);
}
