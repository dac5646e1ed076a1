/*
 * The disk server without its main loop, on the AHCI controller made of memory (ahci_model.h), for
 * unit tests: its system calls, and what it asks of the runtime and of root, are here. Included
 * once in a test.
 */
#pragma once
#include "unit.h"

#include <sys/mman.h>

#include "ahci_model.h"
#include <base/parse.h>
#include <disk/ahci_home.h>
#include <disk/clients.h>
#include <disk/ramdisk.h>
#include <drivers/ahci_parts.h>
#include <front.h>
#include <host.h>
#include <ring/block.h>
#include <runtime/clock.h>
#include <runtime/dma.h>
#include <runtime/heap.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/step.h>
#include <runtime/syscall.h>

#define CLIENTS      6u
#define CLIENT_PAGES 8u /* of a data area */
#define IRQ          (1ul << 3)
#define SLOT_DEVICE  77u
#define SLOT_DATA    100u /* of client 0 */

/* A session, with both its ends. */
struct both {
    struct session session; /* the first member */
    struct session_info *info;
    u8 *memory;
    struct front front;
    bool there, mapped; /* root knows it; the device does */
    enum session_reason refused;
    const char *argument;
};

static struct both both[CLIENTS];
static u64 rung;        /* doorbells */
static jmp_buf *panics; /* where to go on then; NULL: that must not be */
static u32 heap_pieces; /* that were not given back */

/* --- what the server calls ------------------------------------------------------------------- */

static const struct grant grants[] = {{.kind = GRANT_DEVICE, .slot = SLOT_DEVICE},
                                      {.kind = GRANT_IRQ, .value = {3}}};
static struct start_info start_page = {.tsc_hz = NS_PER_SECOND};
const struct start_info *start = &start_page;

const struct grant *grant_find(enum grant_kind kind, const char *name)
{
    assert_string_equal(name, "ahci");
    return kind == GRANT_DEVICE ? &grants[0] : kind == GRANT_IRQ ? &grants[1] : NULL;
}

bool registers_open(struct registers *registers, const char *name, u32 bar)
{
    assert_string_equal(name, "ahci");
    assert_int_equal(bar, 5);
    *registers = model_registers();
    return true;
}

bool dma_open(struct dma *dma, const char *memory, const char *device)
{
    assert_string_equal(memory, device);
    *dma = model_dma();
    return true;
}

static struct both *of_slot(u32 slot)
{
    assert_in_range(slot, SLOT_DATA, SLOT_DATA + CLIENTS - 1);
    return &both[slot - SLOT_DATA];
}

static status world_dma_map(u32 device, u32 memory, u64 first, u64 pages)
{
    assert_int_equal(device, SLOT_DEVICE);
    assert_int_equal(first, 0);
    assert_int_equal(pages, CLIENT_PAGES);
    assert_false(of_slot(memory)->mapped);
    of_slot(memory)->mapped = true;
    return 0;
}

static status world_dma_address(u32 device, u32 memory, u64 page)
{
    assert_int_equal(device, SLOT_DEVICE);
    assert_true(of_slot(memory)->mapped && page < CLIENT_PAGES);
    return (status)model_bus(((memory - SLOT_DATA) * CLIENT_PAGES + page) * PAGE_SIZE);
}

/* No command that the disk has may name the memory any more. */
static status world_dma_unmap(u32 device, u32 memory, u64 first)
{
    assert_int_equal(device, SLOT_DEVICE);
    assert_int_equal(first, 0);
    assert_true(of_slot(memory)->mapped);
    u64 bus = model_bus((memory - SLOT_DATA) * CLIENT_PAGES * PAGE_SIZE);
    for (u32 i = 0; i < MODEL_PORTS && !panics; i++)
        assert_false(model_names(&model.ports[i], bus, CLIENT_PAGES * PAGE_SIZE));
    of_slot(memory)->mapped = false;
    return 0;
}

void *heap_allocate(usize size)
{
    heap_pieces++;
    return malloc(size);
}

void *heap_zeroed(usize size)
{
    heap_pieces++;
    return calloc(1, size);
}

void heap_free(void *address)
{
    heap_pieces -= address != NULL;
    free(address);
}

void print(const char *format, ...)
{
    (void)format;
}

void panic(const char *format, ...)
{
    (void)format;
    if (panics)
        longjmp(*panics, 1);
    fail_msg("the server panics");
    abort();
}

void step(enum step where)
{
    (void)where;
}

void ramdisk_move(u32 unit, const struct transfer *transfer, const struct back_request *request,
                  u8 *data)
{
    (void)unit, (void)transfer, (void)request, (void)data;
    fail_msg("there is no RAM disk");
}

void host_ring(u64 bell)
{
    if (bell < CLIENTS)
        rung |= EVENT_DOORBELL(bell);
}

void host_reconnect(u64 number)
{
    fail_msg("session %lu is lost", number);
}

struct session *session_next(struct session *after, u64 events)
{
    for (u32 i = after ? after->number + 1 : 0; i < CLIENTS; i++)
        if (both[i].there && both[i].session.open && events & EVENT_DOORBELL(i))
            return &both[i].session;
    return NULL;
}

struct slice session_argument(const struct session *session, u32 index)
{
    struct slice word = {"", 0}, rest = slice_of(both[session->number].argument);
    for (u32 i = 0; slice_next_word(&rest, &word); i++)
        if (i == index)
            return word;
    return (struct slice){"", 0};
}

void session_refuse(struct session *session, enum session_reason reason)
{
    session->open = false;
    both[session->number].refused = reason;
}

void session_release(struct session *session)
{
    struct both *b = &both[session->number];
    assert_true(b->there);
    assert_false(b->mapped);
    b->there = false;
    session->info = NULL;
    munmap(b->memory, SESSION_DATA + CLIENT_PAGES * PAGE_SIZE);
}

#define dma_map     world_dma_map
#define dma_address world_dma_address
#define dma_unmap   world_dma_unmap
#define tsc()       (model.now)

#include "../../servers/disk/clients.c"
#include "../../servers/disk/flights.c"
#define all_known home_all_known /* there is one in clients.c, too */
#include "../../servers/disk/ahci_home.c"
#undef all_known

/* --- what a test does ------------------------------------------------------------------------ */

/* One round of the server's loop, with whatever has rung. */
static void world_round(u64 events)
{
    clients_turns();
    (void)ahci_home_before_wait();
    (void)clients_settle();
    events |= rung;
    rung = 0;
    ahci_home_events(events);
    clients_ring(events);
}

/* Time goes by, and the disks do all that they were told. */
static void world_pass(u32 ms)
{
    for (u32 i = 0; i < ms; i++) {
        model.now += MS;
        for (u32 p = 0; p < MODEL_PORTS; p++)
            while (model.ports[p].flying && !model.ports[p].mute)
                model_finish(&model.ports[p], bit_lowest(model.ports[p].flying));
        ahci_home_events(IRQ);
        world_round(0);
    }
}

static void world_begin(void)
{
    memset(&volumes, 0, sizeof(volumes));
    memset(both, 0, sizeof(both));
    memset(&probe, 0, sizeof(probe));
    memset(units, 0, sizeof(units));
    memset(clients, 0, sizeof(clients));
    list_init(&ready);
    list_init(&settling);
    list_init(&waiting);
    list_init(&unpublished);
    home_all_known = all_known = false;
    to_probe = true;
    panics = NULL;
    rung = 0;
    ahci_home_open();
}

static void world_start(void)
{
    world_begin();
    world_pass(500);
    assert_true(all_known);
}

/* Root hands out session `number`. */
static void world_serve(u32 number, const char *argument)
{
    struct both *b = &both[number];
    assert_false(b->there);
    u8 *memory = mmap(NULL, SESSION_DATA + CLIENT_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    struct session_info *info = (void *)(memory + PAGE_SIZE);
    *info = (struct session_info){.magic = SESSION_MAGIC,
                                  .version = SESSION_VERSION,
                                  .size = sizeof(*info),
                                  .number = number,
                                  .log2_n = RING_LOG2,
                                  .data_size = CLIENT_PAGES * PAGE_SIZE,
                                  .state = SESSION_ATTACHED};
    *b = (struct both){
        .session = {.info = info, .number = number, .data_slot = SLOT_DATA + number, .open = true},
        .info = info,
        .memory = memory,
        .there = true,
        .argument = argument};
    assert_true(front_open(&b->front, memory, number));
    assert_int_equal(back_open(&b->session.back, memory, UINT32_MAX), SESSION_REASON_NONE);
    enum session_reason reason = session_opened(&b->session);
    b->session.accepted = reason == SESSION_REASON_NONE;
    if (!b->session.accepted)
        session_refuse(&b->session, reason);
}

/* Root closes it. */
static void world_close(u32 number)
{
    struct both *b = &both[number];
    b->info->state = SESSION_CLOSED;
    b->session.open = false;
    if (b->session.accepted)
        session_closing(&b->session);
    else
        session_release(&b->session);
}

/* No session is left; the disks go as well, and all memory has come back. */
static void world_end(void)
{
    for (u32 i = 0; i < CLIENTS; i++)
        assert_false(both[i].there);
    for (u32 i = 0; i < MODEL_PORTS; i++)
        model_unplug(i);
    world_pass(3000);
    assert_int_equal(heap_pieces, 0);
}
