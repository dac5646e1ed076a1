/*
 * Wrong capabilities, slots and pointers for any system call; see arguments.h.
 */
#include "arguments.h"
#include "check.h"
#include "world.h"

#include <base/format.h>
#include <base/string.h>

#define NONSENSE 0x5a5a5a5a5a5a5a5aul

void gallery_make(struct gallery *gallery)
{
    u32 *slot = gallery->slot;
    *gallery = (struct gallery){0};
    slot[OBJECT_POOL] = new_pool(64);
    slot[OBJECT_MEMORY] = new_committed(4);
    slot[OBJECT_SPACE] = new_space();
    slot[OBJECT_SHARE] = new_share(3);
    slot[OBJECT_ENDPOINT] = new_endpoint();
    slot[OBJECT_EVENT] = new_event();
    slot[OBJECT_DEVICE] = new_slot();
    must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, slot[OBJECT_DEVICE], DEVICE_PORTS, 0x80, 1));
    gallery->pci = new_slot();
    must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, gallery->pci, DEVICE_PCI, 0, 0));
    slot[OBJECT_IRQ] = new_slot();
    must(irq_create(gallery->pci, SLOT_TEST_POOL, slot[OBJECT_IRQ], IRQ_MESSAGE, slot[OBJECT_EVENT],
                    3));
    slot[OBJECT_THREAD] = new_slot();
    must(thread_create(SLOT_TEST_POOL, slot[OBJECT_THREAD], slot[OBJECT_SPACE], slot[OBJECT_SHARE],
                       SLOT_NONE, 0));
}

static status make(const struct call_words *call)
{
    const u64 *w = call->word;
    return raw(call->number, w[0], w[1], w[2], w[3], w[4], w[5]);
}

/* The call with one argument replaced has to be refused: as it is, and with nonsense behind that
 * argument. */
static bool wrong_at(int line, struct call_words call, unsigned argument, u64 value,
                     enum error code)
{
    char what[64];
    format_buffer(what, sizeof(what), "call %lu, argument %u = 0x%lx", call.number, argument,
                  value);
    call.word[argument - 1] = value;
    check_before();
    if (!check_refused("arguments.c", line, what, make(&call), code, argument))
        return false;
    for (unsigned i = argument; i < 6; i++)
        call.word[i] = NONSENSE;
    check_before();
    return check_refused("arguments.c, with nonsense", line, what, make(&call), code, argument);
}

#define wrong(call, argument, value, code) wrong_at(__LINE__, call, argument, value, code)

static void wrong_slots(struct call_words call, unsigned argument)
{
    u64 good = call.word[argument - 1];
    wrong(call, argument, SLOT_NONE, ERR_SLOT);
    wrong(call, argument, SLOT_LAST - 1, ERR_SLOT); /* nothing is in it */
    wrong(call, argument, SLOT_LIMIT - 1, ERR_SLOT);
    wrong(call, argument, SLOT_LIMIT, ERR_SLOT);
    wrong(call, argument, ~0ul, ERR_SLOT);
    wrong(call, argument, good | 1ul << 32, ERR_SLOT);
    wrong(call, argument, good | 1ul << 63, ERR_SLOT);
}

void arguments_cap(const struct gallery *gallery, struct call_words call, unsigned argument,
                   enum object_type type, u64 rights)
{
    u64 good = call.word[argument - 1];
    wrong_slots(call, argument);
    for (unsigned other = OBJECT_POOL; other < OBJECT_TYPES; other++)
        if (other != type)
            wrong(call, argument, gallery->slot[other], ERR_TYPE);
    for (u64 right = 1; right <= RIGHT_ALL; right <<= 1) {
        if (!(rights & right))
            continue;
        u32 poor = new_slot();
        struct cap_info info;
        must(cap_info((u32)good, &info));
        must(cap_copy(SLOT_SPACE, poor, (u32)good, info.rights & ~right, 0));
        wrong(call, argument, poor, ERR_RIGHTS);
        must(cap_drop(SLOT_SPACE, poor));
    }
}

void arguments_new_slot(const struct gallery *gallery, struct call_words call, unsigned argument)
{
    wrong(call, argument, SLOT_NONE, ERR_ARGUMENT);
    wrong(call, argument, SLOT_LIMIT, ERR_ARGUMENT);
    wrong(call, argument, ~0ul, ERR_ARGUMENT);
    wrong(call, argument, 1ul << 32 | new_slot(), ERR_ARGUMENT);
    wrong(call, argument, SLOT_EVENT, ERR_OCCUPIED);
    wrong(call, argument, gallery->slot[OBJECT_EVENT], ERR_OCCUPIED);
}

/* A page with nothing mapped behind it. */
static u8 *lonely_page(u64 rights)
{
    u32 memory = new_committed(1);
    return show(memory, 1, rights);
}

void arguments_pointer(struct call_words call, unsigned argument, u64 size, bool written)
{
    static const u64 nowhere[] = {
        0,
        0x10,
        PAGE_SIZE,
        0xfff8,
        USER_END,
        USER_END - 8,
        1ul << 47,
        0xffff800000000000ul,
        0xffffffff80000000ul,
        ~0ul,
        ~0ul - 7,
        0xffff7ffffffffff8ul,
    };
    for (usize i = 0; i < array_count(nowhere); i++)
        wrong(call, argument, nowhere[i], ERR_ADDRESS);
    u8 *page = lonely_page(RIGHT_READ | RIGHT_WRITE);
    u8 *end = page + PAGE_SIZE;
    memset(page, 0x77, PAGE_SIZE);
    for (u64 inside = 8; inside < size; inside += 8) {
        wrong(call, argument, (u64)(end - inside), ERR_ADDRESS);
        for (u64 i = 0; i < inside; i++)
            if (!same(end[i - inside], 0x77))
                return; /* once is enough */
    }
    if (written)
        wrong(call, argument, (u64)lonely_page(RIGHT_READ), ERR_ADDRESS);
    hide(page);
}

void arguments_values_at(int line, struct call_words call, unsigned argument, unsigned code,
                         const u64 *values, usize count)
{
    for (usize i = 0; i < count; i++)
        wrong_at(line, call, argument, values[i], (enum error)code);
}
