/* Unit tests of how sessions become ports of the net server's switch, and end. */
// with: servers/net/sessions.c servers/net/port.c servers/net/switch.c servers/net/mac.c
// with: libpv/front_net.c libpv/front.c libpv/back.c libpv/base/parse.c
#include "unit.h"

#include "net_session.h"

#include "../../servers/net/sessions.h"
#include "../../servers/net/wires.h"

#include <runtime/heap.h>
#include <runtime/print.h>
#include <stdlib.h>

#define COUNT     5u
#define DATA_SIZE (4ul * PAGE_SIZE)

static struct net net;
static struct net_session memory[COUNT];
static struct session table[COUNT];
static u32 refused[COUNT], released[COUNT]; /* the reason; how often */
static u32 allocated, shown;                /* pieces of memory; data areas that cards can reach */
static bool no_memory, out_of_reach;

/* --- what is below --------------------------------------------------------------------------- */

void *heap_zeroed(usize size)
{
    if (no_memory)
        return NULL;
    allocated++;
    return calloc(1, size);
}

void heap_free(void *address)
{
    allocated -= address != NULL;
    free(address);
}

bool wires_show(struct port *port, u32 data_slot, u64 size)
{
    (void)port, (void)data_slot;
    assert_int_equal(size, DATA_SIZE);
    shown += !out_of_reach;
    return !out_of_reach;
}

void wires_hide(struct port *port, u32 data_slot)
{
    (void)port, (void)data_slot;
    shown--;
}

void session_refuse(struct session *session, enum session_reason reason)
{
    assert_int_equal(refused[session->number], SESSION_REASON_NONE);
    session->open = false;
    refused[session->number] = reason;
}

void session_release(struct session *session)
{
    released[session->number]++;
}

/* --- sessions -------------------------------------------------------------------------------- */

static enum session_reason come(u32 number, const char *argument)
{
    struct session_info *info = session_make(&memory[number], number, DATA_SIZE);
    strncpy(info->argument, argument, sizeof(info->argument) - 1);
    table[number] =
        (struct session){.info = info, .number = number, .open = true, .back = memory[number].back};
    refused[number] = released[number] = 0;
    return session_opened(&table[number]);
}

static struct port *port_of(u32 number)
{
    return table[number].owner;
}

static int setup(void **state)
{
    (void)state;
    char argument[] = "52:54:00:74:65:00";
    memset(&net, 0, sizeof(net));
    switch_init(&net.sw, 1000);
    sessions_for(&net);
    no_memory = out_of_reach = false;
    allocated = shown = 0;
    for (u32 i = 0; i < COUNT; i++) {
        argument[16] = (char)('0' + i);
        assert_int_equal(come(i, argument), SESSION_REASON_NONE);
    }
    assert_int_equal(allocated, COUNT);
    assert_int_equal(shown, COUNT);
    return 0;
}

/* Whatever happened before: all can end, once, and nothing is left. */
static int teardown(void **state)
{
    (void)state;
    for (u32 i = 0; i < COUNT; i++) {
        if (released[i] == 0)
            session_closing(&table[i]);
        assert_int_equal(released[i], 1);
        free(memory[i].base);
    }
    assert_int_equal(allocated, 0);
    assert_int_equal(shown, 0);
    assert_int_equal(net.sw.taken | net.sw.sessions | net.awake | net.busy | net.dirty, 0);
    return 0;
}

/* Clients that break the rules in the same turn are all refused in its end, and nobody else. */
static void test_broken_at_once(void **state)
{
    (void)state;
    for (u32 bad = 0; bad < 1u << COUNT; bad++) {
        for (u32 i = 0; i < COUNT; i++) {
            refused[i] = SESSION_REASON_NONE;
            port_of(i)->stopped = false;
            if (!(bad & 1u << i))
                continue;
            table[i].back.broken = SESSION_BAD_TAG;
            net.broken |= port_of(i)->bit;
        }
        sessions_tidy();
        for (u32 i = 0; i < COUNT; i++)
            assert_int_equal(refused[i], bad & 1u << i ? SESSION_BAD_TAG : SESSION_REASON_NONE);
        assert_int_equal(net.broken, 0);
    }
}

/* What a card still reads keeps its session, and its number, until it was read. */
static void test_at_wires(void **state)
{
    (void)state;
    for (u32 i = 1; i < COUNT; i += 2) {
        port_of(i)->readers[7] = port_of(i)->readers[9] = 1;
        port_of(i)->at_wires = 2;
    }
    for (u32 i = 0; i < COUNT; i++) {
        session_closing(&table[i]);
        assert_int_equal(released[i], i % 2 == 0);
    }
    for (u32 i = 1; i < COUNT; i += 2) {
        port_was_sent(&net, port_of(i), 9);
        sessions_tidy();
        assert_int_equal(released[i], 0);
        assert_int_equal(net.sw.taken & port_of(i)->bit, port_of(i)->bit);
        port_was_sent(&net, port_of(i), 7);
    }
    sessions_tidy();
    for (u32 i = 0; i < COUNT; i++)
        assert_int_equal(released[i], 1);
}

static void refuse_to_come(const char *argument, enum session_reason reason)
{
    u32 before = allocated, shown_before = shown;
    session_closing(&table[COUNT - 1]);
    free(memory[COUNT - 1].base);
    assert_int_equal(come(COUNT - 1, argument), reason);
    released[COUNT - 1] = 1; /* root takes it back */
    assert_int_equal(allocated, before - 1);
    assert_int_equal(shown, shown_before - 1);
}

static void test_bad_argument(void **state)
{
    (void)state;
    refuse_to_come("52:54:00:74:65", SESSION_BAD_ARGUMENT);
}

static void test_address_in_use(void **state)
{
    (void)state;
    refuse_to_come("52:54:00:74:65:00 broadcast=3", SESSION_IN_USE);
}

static void test_no_memory(void **state)
{
    (void)state;
    no_memory = true;
    refuse_to_come("52:54:00:74:65:09", SESSION_NO_MEMORY);
}

static void test_out_of_reach(void **state)
{
    (void)state;
    out_of_reach = true;
    refuse_to_come("52:54:00:74:65:09", SESSION_NO_MEMORY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_broken_at_once), TEST(test_at_wires),  TEST(test_bad_argument),
        TEST(test_address_in_use), TEST(test_no_memory), TEST(test_out_of_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
