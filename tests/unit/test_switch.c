/* Unit tests of the switch: where frames go, whose address is whose, what is learnt and forgotten,
 * and how many broadcasts pass. */
// with: servers/net/switch.c servers/net/mac.c libpv/base/parse.c
#include "unit.h"

#include <net/switch.h>

#define WINDOW       1000u
#define BROADCAST    MAC_MASK
#define STRANGER     0x665544332212ul
#define NEIGHBOUR    0x665544332210ul
#define STP          0x0000c28001ul /* the first of sixteen */
#define WIRES_BIT(n) SWITCH_BIT(SWITCH_WIRE(n))

static struct net_switch sw;

/* The address 02:00:00:00:00:NN. */
static u64 mac(u32 n)
{
    return 0x02 | (u64)n << 40;
}

static u8 *frame(u64 to, u64 from)
{
    static u8 bytes[NET_FRAME_LEAST];
    mac_write(bytes, to);
    mac_write(bytes + NET_MAC, from);
    return bytes;
}

static u32 add(u64 address, u32 broadcasts)
{
    const struct net_argument argument = {.mac = address, .broadcasts = broadcasts};
    return switch_add(&sw, &argument);
}

static int setup(void **state)
{
    (void)state;
    switch_init(&sw, WINDOW);
    switch_set_wire(&sw, 0, true);
    assert_int_equal(add(mac(1), 3), 0);
    assert_int_equal(add(mac(2), 3), 1);
    assert_int_equal(add(mac(3), 0), 2);
    return 0;
}

/* What a session sends. */
static struct switch_way out(u32 port, u64 to, u64 from)
{
    return switch_from_session(&sw, port, frame(to, from), 0);
}

/* What comes from a wire. */
static struct switch_way in(u32 wire, u64 to, u64 from)
{
    return switch_from_wire(&sw, wire, frame(to, from));
}

static void assert_way(struct switch_way way, u64 ports, enum switch_drop drop)
{
    assert_int_equal(way.drop, drop);
    assert_int_equal(way.ports, ports);
}

static void test_addresses(void **state)
{
    (void)state;
    u8 bytes[NET_FRAME_LEAST] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0};
    u8 *exact = exact_copy(bytes, sizeof(bytes));
    assert_int_equal(mac_destination(exact), 0x060504030201);
    assert_int_equal(mac_source(exact), 0x0c0b0a090807);
    free(exact);
}

static void test_between_sessions(void **state)
{
    (void)state;
    assert_way(out(0, mac(2), mac(1)), 2, SWITCH_PASSES);
    assert_way(out(1, mac(1), mac(2)), 1, SWITCH_PASSES);
    /* to itself; with the other's address; with nobody's, with a group's */
    assert_way(out(0, mac(1), mac(1)), 0, SWITCH_NOWHERE);
    assert_way(out(0, mac(2), mac(2)), 0, SWITCH_FILTERED);
    assert_way(out(0, mac(2), STRANGER), 0, SWITCH_FILTERED);
    assert_way(out(0, mac(2), 0), 0, SWITCH_FILTERED);
    assert_way(out(0, mac(2), mac(1) | 1), 0, SWITCH_FILTERED);
}

static void test_wire(void **state)
{
    (void)state;
    assert_way(out(0, STRANGER, mac(1)), WIRES_BIT(0), SWITCH_PASSES);
    assert_way(in(0, mac(2), STRANGER), 2, SWITCH_PASSES);
    assert_way(in(0, NEIGHBOUR, STRANGER), 0, SWITCH_NOWHERE);
    assert_way(in(0, BROADCAST, STRANGER), 7, SWITCH_PASSES);
    /* with the address of a session, of nobody, of a group */
    assert_way(in(0, mac(2), mac(1)), 0, SWITCH_FILTERED);
    assert_way(in(0, mac(2), 0), 0, SWITCH_FILTERED);
    assert_way(in(0, mac(2), BROADCAST), 0, SWITCH_FILTERED);
    switch_set_wire(&sw, 0, false);
    assert_way(out(0, STRANGER, mac(1)), 0, SWITCH_NOWHERE);
}

/* What is for the switch itself is not forwarded, in either direction. */
static void test_link_local(void **state)
{
    (void)state;
    for (u64 last = 0; last < 0x12; last++) {
        u64 to = STP | last << 40;
        enum switch_drop drop = last < 0x10 ? SWITCH_FILTERED : SWITCH_PASSES;
        assert_int_equal(out(0, to, mac(1)).drop, drop);
        assert_int_equal(in(0, to, STRANGER).drop, drop);
    }
}

static void test_limit(void **state)
{
    (void)state;
    u64 now = 12345;
    for (u32 window = 0; window < 3; window++, now += WINDOW) {
        for (u32 i = 0; i < 3; i++)
            assert_way(switch_from_session(&sw, 0, frame(i ? BROADCAST : 0x3301, mac(1)), now + i),
                       2 | 4 | WIRES_BIT(0), SWITCH_PASSES);
        assert_way(switch_from_session(&sw, 0, frame(BROADCAST, mac(1)), now + WINDOW - 1), 0,
                   SWITCH_LIMITED);
        /* others have their own limit, and what goes to one receiver has none */
        assert_way(switch_from_session(&sw, 0, frame(mac(2), mac(1)), now), 2, SWITCH_PASSES);
        assert_way(switch_from_session(&sw, 1, frame(BROADCAST, mac(2)), now), 1 | 4 | WIRES_BIT(0),
                   SWITCH_PASSES);
        assert_way(switch_from_session(&sw, 2, frame(BROADCAST, mac(3)), now), 0, SWITCH_LIMITED);
    }
}

static void test_learning(void **state)
{
    (void)state;
    const u64 both = WIRES_BIT(0) | WIRES_BIT(1);
    switch_set_wire(&sw, 1, true);
    assert_way(out(0, STRANGER, mac(1)), both, SWITCH_PASSES);
    assert_way(out(0, MAC_NONE, mac(1)), both, SWITCH_PASSES);
    assert_way(in(1, mac(1), STRANGER), 1, SWITCH_PASSES);
    assert_way(out(0, STRANGER, mac(1)), WIRES_BIT(1), SWITCH_PASSES);
    /* it moves; nothing goes from wire to wire */
    assert_way(in(0, NEIGHBOUR, STRANGER), 0, SWITCH_NOWHERE);
    assert_way(out(0, STRANGER, mac(1)), WIRES_BIT(0), SWITCH_PASSES);
    assert_way(in(1, BROADCAST, NEIGHBOUR), 7, SWITCH_PASSES);
    /* a wire that goes takes what was learnt with it */
    switch_set_wire(&sw, 1, false);
    switch_set_wire(&sw, 1, true);
    assert_way(out(0, NEIGHBOUR, mac(1)), both, SWITCH_PASSES);
    assert_way(out(0, STRANGER, mac(1)), WIRES_BIT(0), SWITCH_PASSES);
}

static void test_ageing(void **state)
{
    (void)state;
    switch_set_wire(&sw, 1, true);
    (void)!in(1, mac(1), STRANGER).ports;
    for (u32 i = 0; i + 1 < SWITCH_AGE; i++)
        (void)!in(0, mac(1), NEIGHBOUR).ports;
    assert_int_equal(out(0, STRANGER, mac(1)).ports, WIRES_BIT(1));
    (void)!in(0, mac(1), NEIGHBOUR).ports;
    assert_int_equal(out(0, STRANGER, mac(1)).ports, WIRES_BIT(0) | WIRES_BIT(1));
}

/* A wire that invents addresses pushes others out of the table, and nothing else happens; who
 * speaks all the time stays. */
static void test_table_full(void **state)
{
    (void)state;
    switch_set_wire(&sw, 1, true);
    for (u64 i = 0; i < 100000; i++) {
        (void)!in(0, mac(1), 0x10000 + (i << 18)).ports;
        if (i % 4 == 0)
            (void)!in(1, mac(1), NEIGHBOUR).ports;
    }
    assert_int_equal(out(0, NEIGHBOUR, mac(1)).ports, WIRES_BIT(1));
    assert_int_equal(out(0, mac(2), mac(1)).ports, 2);
    assert_int_equal(in(0, mac(1), mac(2)).drop, SWITCH_FILTERED);
}

static void test_sessions_come_and_go(void **state)
{
    (void)state;
    assert_int_equal(add(mac(2), 1), SWITCH_PORTS); /* in use */
    for (u32 i = 3; i < SWITCH_SESSIONS; i++)
        assert_int_equal(add(mac(1 + i), 1), i);
    assert_int_equal(add(mac(100), 1), SWITCH_PORTS); /* none left */
    for (u32 i = 0; i < SWITCH_SESSIONS; i++)
        assert_true(switch_has(&sw, mac(1 + i)));
    switch_remove(&sw, 0);
    assert_false(switch_has(&sw, mac(1)));
    assert_int_equal(add(mac(1), 1), SWITCH_PORTS); /* the number is not free yet */
    switch_free(&sw, 0);
    for (u32 i = 2; i < SWITCH_SESSIONS; i += 2) {
        switch_remove(&sw, i);
        switch_free(&sw, i);
    }
    for (u32 i = 0; i < SWITCH_SESSIONS; i++)
        assert_int_equal(switch_has(&sw, mac(1 + i)), i % 2);
    assert_way(out(1, mac(1), mac(2)), WIRES_BIT(0), SWITCH_PASSES);
    /* who was on the wire meanwhile is now a session */
    (void)!in(0, BROADCAST, mac(1)).ports;
    assert_int_equal(add(mac(1), 1), 0);
    assert_way(out(1, mac(1), mac(2)), 1, SWITCH_PASSES);
    assert_int_equal(in(0, BROADCAST, mac(1)).drop, SWITCH_FILTERED);
}

static bool read_argument(const char *text, struct net_argument *argument)
{
    char *exact = exact_copy(text, strlen(text));
    bool result = net_argument_read((struct slice){exact, strlen(text)}, argument);
    free(exact);
    return result;
}

static void test_argument(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "52:54:00:74:65",
        "52:54:00:74:65:0",
        "52:54:00:74:65:011",
        "52-54-00-74-65-01",
        "52:54:00:74:65:0g",
        "00:00:00:00:00:00",
        "01:00:00:00:00:00",
        "ff:ff:ff:ff:ff:ff",
        "52:54:00:74:65:01 5",
        "52:54:00:74:65:01 broadcast",
        "52:54:00:74:65:01 broadcast=",
        "52:54:00:74:65:01 broadcast=many",
        "52:54:00:74:65:01 broadcast=1000001",
        "52:54:00:74:65:01 multicast=1",
        "52:54:00:74:65:01 broadcast=1 2",
    };
    struct net_argument argument;
    for (u32 i = 0; i < array_count(wrong); i++)
        assert_false(read_argument(wrong[i], &argument));
    assert_true(read_argument("52:54:00:74:65:01", &argument));
    assert_int_equal(argument.mac, 0x016574005452);
    assert_int_equal(argument.broadcasts, NET_BROADCASTS);
    assert_true(read_argument("  fE:Dc:Ba:98:76:54  broadcast=0 ", &argument));
    assert_int_equal(argument.mac, 0x547698badcfe);
    assert_int_equal(argument.broadcasts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test_setup(test_between_sessions, setup),
        cmocka_unit_test_setup(test_wire, setup),
        cmocka_unit_test_setup(test_link_local, setup),
        cmocka_unit_test_setup(test_limit, setup),
        cmocka_unit_test_setup(test_learning, setup),
        cmocka_unit_test_setup(test_ageing, setup),
        cmocka_unit_test_setup(test_table_full, setup),
        cmocka_unit_test_setup(test_sessions_come_and_go, setup),
        cmocka_unit_test(test_argument),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
