/*
 * A device that really interrupts by messages and really does DMA: QEMU's `edu` (-device edu). On
 * machines without it these tests say so, and pass.
 *
 * Its DMA comes 100 ms after it was commanded, which leaves time to do things to the memory.
 */
#include "check.h"
#include "doomed.h"
#include "edu_device.h"
#include "tests.h"
#include "world.h"

#define FILLED  2500u /* pages that others fill */
#define HELD    40u   /* pages of the memory that is destroyed */
#define OURS    0x5aa50ff0c33c9669ul
#define NOTHING 0x1122334455667788ul
#define NOWHERE (~0ul) /* a bus address that no page has */

/* --- memory --- */

static void fill(u64 *words, u64 pages, u64 pattern)
{
    for (u64 i = 0; i < pages * PAGE_SIZE / sizeof(*words); i++)
        words[i] = pattern + i;
}

/* How many words from `first` on are as fill() has left them. */
static u64 kept(const volatile u64 *words, u64 first, u64 last, u64 pattern)
{
    u64 count = 0;
    for (u64 i = first; i < last; i++)
        count += words[i] == pattern + i;
    return count;
}

#define WORDS_OF_DMA  (DMA_BYTES / sizeof(u64))
#define WORDS_OF_PAGE (PAGE_SIZE / sizeof(u64))

/* A page for the device, filled. */
struct page {
    u64 *words, bus;
};

static struct page new_page(u64 pattern)
{
    u32 memory = new_committed(1);
    struct page page = {.words = show(memory, 1, RIGHT_READ | RIGHT_WRITE)};
    must(dma_map(edu_holder, memory, 0, 1));
    page.bus = (u64)must(dma_address(edu_holder, memory, 0));
    fill(page.words, 1, pattern);
    return page;
}

/* Memory that somebody else takes and fills, and none of it is at this bus address. */
struct others {
    u32 memory;
    u64 *words;
};

static struct others others_take(u64 forbidden)
{
    struct others others = {.memory = new_committed(FILLED)};
    must(dma_map(edu_holder, others.memory, 0, FILLED));
    u64 wrong = 0;
    for (u64 page = 0; page < FILLED; page++)
        wrong += (u64)must(dma_address(edu_holder, others.memory, page)) == forbidden;
    same(wrong, 0);
    must(dma_unmap(edu_holder, others.memory, 0));
    others.words = show(others.memory, FILLED, RIGHT_READ | RIGHT_WRITE);
    fill(others.words, FILLED, NOTHING);
    return others;
}

static void others_kept(struct others others)
{
    same(kept(others.words, 0, FILLED * WORDS_OF_PAGE, NOTHING), FILLED * WORDS_OF_PAGE);
    hide(others.words);
    must(object_destroy_all(others.memory));
}

/* --- the tests --- */

/* What has been raised since, if anything. */
static u64 bits_of(u32 event)
{
    u64 bits = 0;
    pause_us(1000);
    status got = event_poll(event, &bits);
    failed_with(got, got < 0 ? ERR_EMPTY : ERR_NONE);
    return got < 0 ? 0 : bits;
}

static void raise_and_see(u32 event, u32 cause, u64 bits)
{
    edu_write(EDU_RAISE, cause);
    same(bits_of(event), bits);
    same(edu_read(EDU_STATUS), cause);
    same(bits_of(event), 0);
    edu_write(EDU_ACKNOWLEDGE, cause);
    same(edu_read(EDU_STATUS), 0);
    same(bits_of(event), 0);
}

/* A message raises its bit, each time; and none when its irq is gone or the device is released. */
void edu_message(void)
{
    if (!edu_open())
        return;
    u32 event = new_event(), irq = new_slot(), second = new_slot();
    u64 message = (u64)must(irq_create(edu, SLOT_TEST_POOL, irq, IRQ_MESSAGE, event, 9));
    u64 another = (u64)must(irq_create(edu, SLOT_TEST_POOL, second, IRQ_MESSAGE, event, 63));
    edu_set_message(message);
    for (u32 times = 0; times < 5; times++)
        raise_and_see(event, 1u << times, 1ul << 9);
    edu_set_message(another);
    raise_and_see(event, 4, 1ul << 63);
    must(object_destroy_all(second));
    raise_and_see(event, 4, 0);
    u64 later = (u64)must(irq_create(edu, SLOT_TEST_POOL, second, IRQ_MESSAGE, event, 11));
    same(bits_of(event), 0); /* it does not see what came for the one before */
    edu_set_message(later);
    raise_and_see(event, 8, 1ul << 11);
    edu_set_message(message); /* the first has been there all the time */
    raise_and_see(event, 16, 1ul << 9);
    must(device_release(edu));
    raise_and_see(event, 32, 0);
    edu_command(PCI_COMMAND_BUS_MASTER);
    raise_and_see(event, 64, 1ul << 9);
    must(object_destroy_all(irq));
    raise_and_see(event, 128, 0);
    edu_set_msi(false);
}

/* From memory to the device, and back to other pages; its end is told by a message. */
void edu_dma(void)
{
    if (!edu_open())
        return;
    u32 event = new_event(), irq = new_slot(), memory = new_committed(600);
    edu_set_message((u64)must(irq_create(edu, SLOT_TEST_POOL, irq, IRQ_MESSAGE, event, 3)));
    struct page source = new_page(OURS);
    u64 *words = show(memory, 600, RIGHT_READ | RIGHT_WRITE);
    must(dma_map(edu, memory, 0, 600));
    fill(words, 600, NOTHING);
    edu_take(source.bus);
    fill(source.words, 1, NOTHING);
    static const u64 pages[] = {0, 1, 511, 512, 599};
    for (unsigned i = 0; i < array_count(pages); i++) {
        u64 first = pages[i] * WORDS_OF_PAGE;
        same(bits_of(event), 0);
        edu_dma_start(EDU_BUFFER, (u64)must(dma_address(edu, memory, pages[i])),
                      EDU_DMA_TO_MEMORY | EDU_DMA_INTERRUPT);
        same(bits_of(event), 0); /* it is not over yet */
        edu_dma_finish();
        same(bits_of(event), 1ul << 3);
        same(edu_read(EDU_STATUS), EDU_DMA_DONE);
        edu_write(EDU_ACKNOWLEDGE, EDU_DMA_DONE);
        same(kept(words + first, 0, WORDS_OF_DMA, OURS), WORDS_OF_DMA);
        fill(words, 600, NOTHING);
    }
    u64 first = (u64)must(dma_address(edu, memory, 3));
    edu_put(first + PAGE_SIZE - DMA_BYTES); /* the end of a page, and nothing else */
    u64 from = 4 * WORDS_OF_PAGE - WORDS_OF_DMA, to = 4 * WORDS_OF_PAGE;
    same(kept(words + from, 0, WORDS_OF_DMA, OURS), WORDS_OF_DMA);
    same(kept(words, 0, from, NOTHING), from);
    same(kept(words, to, 600 * WORDS_OF_PAGE, NOTHING), 600 * WORDS_OF_PAGE - to);
    edu_set_msi(false);
}

/* A DMA into memory that is destroyed, before (`running`) or after that has been begun. */
static u64 dma_into_destroyed(u32 pool, struct page back, bool running, bool alone)
{
    u32 memory = memory_in(pool, HELD);
    must(dma_map(edu, memory, 0, HELD));
    u64 bus = (u64)must(dma_address(edu, memory, HELD / 2));
    if (running)
        edu_dma_start(EDU_BUFFER, bus, EDU_DMA_TO_MEMORY);
    if (alone) {
        failed_with(object_destroy_all(memory), ERR_BUSY);
        same(pool_facts(pool).quarantined, HELD);
        same(pool_facts(pool).used >= HELD, true);
    }
    failed_with(object_destroy_all(pool), ERR_BUSY);
    same(slot_in_use(pool), true);
    same(pool_facts(SLOT_TEST_POOL).reserved, outside.reserved + POOL_PAGES);
    struct others others = others_take(bus);
    if (!running)
        edu_dma_start(EDU_BUFFER, bus, EDU_DMA_TO_MEMORY);
    edu_dma_finish();
    others_kept(others);
    edu_take(back.bus); /* it did land, where nobody is any more: the device can tell */
    edu_take(bus);
    edu_put(back.bus);
    same(kept(back.words, 0, WORDS_OF_DMA, OURS), WORDS_OF_DMA);
    failed_with(object_destroy_all(pool), ERR_BUSY);
    return bus;
}

/* The device lets go, in one of two ways; `edu` is as before, but for bus mastering. */
static void let_go(bool destroy)
{
    same(edu_is_bus_master(), true);
    if (destroy) {
        must(object_destroy_all(edu));
        edu_create();
    } else {
        must(device_release(edu));
    }
    same(edu_is_bus_master(), false);
}

/* Memory that the device uses outlives its pool, and is nobody else's until it lets go. */
void edu_quarantined(void)
{
    if (!edu_open())
        return;
    struct page source = new_page(OURS);
    for (unsigned how = 0; how < 4; how++) {
        edu_command(PCI_COMMAND_BUS_MASTER);
        edu_take(source.bus);
        struct page back = new_page(NOTHING), mark = new_page(NOTHING);
        u32 pool = doomed_pool();
        u64 bus = dma_into_destroyed(pool, back, how & 1, how & 2);
        let_go(how == 1 || how == 2);
        must(object_destroy_all(pool));
        is_gone(pool);
        struct others others = others_take(NOWHERE); /* they may have the page now */
        edu_put(bus);
        edu_put(mark.bus);
        others_kept(others);
        same(kept(mark.words, 0, WORDS_OF_PAGE, NOTHING), WORDS_OF_PAGE);
    }
}

/* Released while a DMA is running: it comes to nothing, as do all later ones. */
void edu_released(void)
{
    if (!edu_open())
        return;
    struct page source = new_page(OURS), target = new_page(NOTHING);
    edu_take(source.bus);
    for (unsigned how = 0; how < 2; how++) {
        edu_dma_start(EDU_BUFFER, target.bus, EDU_DMA_TO_MEMORY);
        let_go(how == 1);
        edu_dma_finish();
        same(kept(target.words, 0, WORDS_OF_PAGE, NOTHING), WORDS_OF_PAGE);
        edu_put(target.bus);
        same(kept(target.words, 0, WORDS_OF_PAGE, NOTHING), WORDS_OF_PAGE);
        edu_command(PCI_COMMAND_BUS_MASTER); /* and it was that: */
        edu_put(target.bus);
        same(kept(target.words, 0, WORDS_OF_DMA, OURS), WORDS_OF_DMA);
        fill(target.words, 1, NOTHING);
    }
}
