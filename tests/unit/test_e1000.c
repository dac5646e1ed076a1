/* Unit tests of servers/drivers/e1000.c and e1000_rings.c on a device made of memory. */
// with: servers/drivers/e1000.c servers/drivers/e1000_rings.c libpv/base/checksum.c
#include "e1000_model.h"

#include <base/random.h>

static struct e1000 nic;
static struct random random_state;

/* For each chip: its number, and how its interrupts come. */
static const struct {
    u32 device;
    enum e1000_interrupts interrupts;
} chips[] = {{E1000_82540EM, E1000_LINE}, {E1000_82574L, E1000_MSIX}};

static void open_chip(u32 chip)
{
    assert_int_equal(
        e1000_open(&nic, registers, &model_dma, chips[chip].device, chips[chip].interrupts),
        E1000_OK);
}

static int setup(void **state)
{
    (void)state;
    model_init(true);
    random_init(&random_state, 1);
    open_chip(1);
    return 0;
}

/* A piece of the home's memory; `offset` is counted from there. */
static struct dma_piece piece(u32 offset, u32 length)
{
    assert_true(offset / 4096 == (offset + length - 1) / 4096);
    return (struct dma_piece){model_bus(MODEL_HOME + offset), length};
}

static u8 *home(u32 offset)
{
    return model_memory + MODEL_HOME + offset;
}

/* Queues a frame of `length` bytes, all of them `value`. */
static enum e1000_sent send(u8 value, u32 length, u64 cookie)
{
    u32 offset = value % 32u * 2048;
    memset(home(offset), value, length);
    struct dma_piece one = piece(offset, length);
    return e1000_send(&nic, &one, 1, 0, 0, cookie);
}

static void expect_cookies(u64 first, u32 count)
{
    u64 cookies[E1000_RING];
    assert_int_equal(e1000_reap_sent(&nic, cookies, E1000_RING), count);
    for (u32 i = 0; i < count; i++)
        assert_int_equal(cookies[i], first + i);
}

/* --- opening --------------------------------------------------------------------------------- */

static void test_open(void **state)
{
    (void)state;
    for (u32 used = 0; used < 2; used++)
        for (u32 chip = 0; chip < 2; chip++) {
            model_init(used);
            open_chip(chip);
            assert_int_equal(model.resets, 1);
            assert_true(nic.working && nic.link_up);
            assert_memory_equal(nic.mac, model.mac, 6);
            assert_int_equal(*model_register(CTRL) & ~CTRL_SLU & 0xffffff, 0);
            assert_int_equal(*model_register(TDH), 0);
            assert_int_equal(*model_register(TDT), 0);
            assert_int_equal(*model_register(TDLEN), 4096);
            assert_int_equal(*model_register(RDH), 0);
            assert_int_equal(*model_register(RDT), E1000_RING - 1);
            assert_int_equal(*model_register(RDLEN), 4096);
            assert_int_equal(*model_register(RCTL),
                             RCTL_EN | RCTL_UPE | RCTL_MPE | RCTL_BAM | RCTL_SECRC);
            assert_int_equal(*model_register(ITR), 0);
            assert_int_equal(*model_register(IMS), chip ? CAUSE_RXQ0 : CAUSE_RXT0 | CAUSE_LSC);
            for (u32 i = 0; i < E1000_RING; i++) {
                struct e1000_descriptor *d = model_descriptor(RDBAL, i);
                assert_true(d->fields == 0);
                model_at(d->address, E1000_BUFFER);
            }
            assert_false(e1000_has_received(&nic));
            expect_cookies(0, 0);
            assert_true(e1000_may_sleep(&nic));
        }
}

static enum e1000_error try_open(u64 registers_size, u64 dma_size, u64 dma_skip, u32 device)
{
    static struct dma dma;
    struct registers some = {model_registers, registers_size};
    dma = (struct dma){.base = model_memory + dma_skip, .size = dma_size};
    return e1000_open(&nic, some, &dma, device, E1000_LINE);
}

static void test_refuses_to_open(void **state)
{
    (void)state;
    model_init(false);
    u64 size = REGISTERS_SIZE;
    assert_int_equal(try_open(size, E1000_DMA_SIZE, 0, 0x100f), E1000_UNKNOWN);
    assert_int_equal(try_open(size - 1, E1000_DMA_SIZE, 0, E1000_82540EM), E1000_TOO_SMALL);
    assert_int_equal(try_open(size, E1000_DMA_SIZE - 1, 0, E1000_82540EM), E1000_NO_MEMORY);
    assert_int_equal(try_open(size, E1000_DMA_SIZE, 64, E1000_82540EM), E1000_NO_MEMORY);
    assert_int_equal(model.resets, 0); /* nothing was touched */

    for (u32 device = 0; device < 2; device++) {
        model_init(true);
        model.resets_never = true;
        assert_int_equal(e1000_open(&nic, registers, &model_dma, chips[device].device, E1000_LINE),
                         E1000_NO_RESET);
        model_init(true);
        memset(model.mac, 0, 6);
        assert_int_equal(e1000_open(&nic, registers, &model_dma, chips[device].device, E1000_LINE),
                         E1000_NO_ADDRESS);
        assert_int_equal(send(1, 60, 1), E1000_DOWN);
        assert_string_equal(e1000_error_text(E1000_NO_ADDRESS), "it has no Ethernet address");
        model_init(true);
        memset(model_registers, 0xff, sizeof(model_registers));
        model.gone = true;
        assert_int_equal(e1000_open(&nic, registers, &model_dma, chips[device].device, E1000_LINE),
                         E1000_GONE);
    }
}

static void test_address_of_eeprom(void **state)
{
    (void)state;
    for (u32 chip = 0; chip < 2; chip++) {
        model_init(true);
        model.no_receive_address = true;
        open_chip(chip);
        assert_memory_equal(nic.mac, model.mac, 6);
    }
}

/* --- sending --------------------------------------------------------------------------------- */

static void test_batch(void **state)
{
    (void)state;
    u64 accesses = nic.counters.register_accesses;
    for (u32 i = 0; i < 10; i++)
        assert_int_equal(send((u8)i, 60 + i, 100 + i), E1000_QUEUED);
    assert_int_equal(nic.counters.register_accesses, accesses);
    e1000_flush(&nic);
    e1000_flush(&nic);
    assert_int_equal(nic.counters.register_accesses, accesses + 1);
    expect_cookies(0, 0);
    assert_true(e1000_sends(&nic));

    model.limit = 9; /* nothing is known before the last one is done */
    assert_true(model_transmit());
    expect_cookies(0, 0);
    assert_true(model_transmit());
    assert_int_equal(model.reports, 1);
    u64 cookies[E1000_RING];
    assert_int_equal(e1000_reap_sent(&nic, cookies, 3), 3);
    assert_int_equal(cookies[2], 102);
    expect_cookies(103, 7);
    assert_false(e1000_sends(&nic));
    assert_int_equal(nic.counters.register_accesses, accesses + 1);
    assert_int_equal(model.sent_count, 10);
    assert_int_equal(nic.counters.sent_bytes, 10 * 60 + 45);
    for (u32 i = 0; i < 10; i++) {
        assert_int_equal(model.sent[i].length, 60 + i);
        assert_int_equal(model.sent[i].bytes[59 + i], i);
    }
}

static void test_pieces(void **state)
{
    (void)state;
    for (u32 i = 0; i < 8192; i++)
        *home(i) = (u8)random_next(&random_state);
    struct dma_piece pieces[] = {piece(7, 54), piece(4095, 1), piece(4096, 1000), piece(60, 4)};
    assert_int_equal(e1000_send(&nic, pieces, 4, 0, 0, 1), E1000_QUEUED);
    e1000_flush(&nic);
    model_transmit();
    expect_cookies(1, 1);
    assert_int_equal(model.sent[0].length, 1059);
    assert_memory_equal(model.sent[0].bytes, home(7), 54);
    assert_memory_equal(model.sent[0].bytes + 54, home(4095), 1001);
    assert_memory_equal(model.sent[0].bytes + 1055, home(60), 4);
}

static void test_refuses_to_send(void **state)
{
    (void)state;
    struct dma_piece pieces[5] = {piece(0, 20), piece(0, 20), piece(0, 20), piece(0, 20)};
    pieces[4] = pieces[0];
    assert_int_equal(e1000_send(&nic, pieces, 0, 0, 0, 1), E1000_REFUSED);
    assert_int_equal(e1000_send(&nic, pieces, 5, 0, 0, 1), E1000_REFUSED);
    assert_int_equal(send(1, 13, 1), E1000_REFUSED);
    assert_int_equal(send(1, 1515, 1), E1000_REFUSED);
    pieces[1].length = 0;
    assert_int_equal(e1000_send(&nic, pieces, 2, 0, 0, 1), E1000_REFUSED);
    pieces[1].length = UINT32_MAX - 5; /* the sum is 14 */
    assert_int_equal(e1000_send(&nic, pieces, 2, 0, 0, 1), E1000_REFUSED);
    pieces[1].length = 1494 + 1;
    assert_int_equal(e1000_send(&nic, pieces, 2, 0, 0, 1), E1000_REFUSED);
    /* 20 bytes: the checksum is at 18 at the furthest */
    assert_int_equal(e1000_send(&nic, pieces, 1, 14, 5, 1), E1000_REFUSED);
    assert_int_equal(e1000_send(&nic, pieces, 1, 19, 0, 1), E1000_REFUSED);
    assert_int_equal(e1000_send(&nic, pieces, 1, 1, UINT32_MAX, 1), E1000_REFUSED);
    pieces[1].length = 1000;
    assert_int_equal(e1000_send(&nic, pieces, 2, 240, 16, 1), E1000_REFUSED);
    assert_int_equal(e1000_send(&nic, pieces, 2, 256, 0, 1), E1000_REFUSED);
    e1000_flush(&nic);
    assert_false(model_transmit());
    assert_int_equal(nic.counters.sent, 0);

    assert_int_equal(send(1, 14, 1), E1000_QUEUED);
    assert_int_equal(send(2, 1514, 2), E1000_QUEUED);
    assert_int_equal(e1000_send(&nic, pieces, 1, 14, 4, 3), E1000_QUEUED);
    assert_int_equal(e1000_send(&nic, pieces, 2, 239, 16, 4), E1000_QUEUED);
    e1000_flush(&nic);
    assert_true(model_transmit());
    expect_cookies(1, 4);
}

/* A checksum is where it was asked for, and the device is told only when the place changes. */
static void test_checksum(void **state)
{
    (void)state;
    static const u8 places[][2] = {{34, 16}, {34, 16}, {0, 0}, {34, 16}, {34, 6}, {38, 6}};
    for (u32 i = 0; i < 200; i++)
        *home(i) = (u8)random_next(&random_state);
    struct dma_piece pieces[] = {piece(0, 54), piece(54, 101)};
    for (u32 i = 0; i < array_count(places); i++)
        assert_int_equal(e1000_send(&nic, pieces, 2, places[i][0], places[i][1], i), E1000_QUEUED);
    e1000_flush(&nic);
    model_transmit();
    expect_cookies(0, array_count(places));
    assert_int_equal(model.contexts, 3);
    for (u32 i = 0; i < array_count(places); i++) {
        struct model_frame expected = {.length = 155};
        memcpy(expected.bytes, home(0), 155);
        model.context_start = places[i][0];
        model.context_at = places[i][1];
        if (places[i][0])
            model_checksum(&expected);
        assert_memory_equal(model.sent[i].bytes, expected.bytes, 155);
    }
    assert_true(e1000_reset(&nic)); /* the device has forgotten */
    assert_int_equal(e1000_send(&nic, pieces, 2, 38, 6, 9), E1000_QUEUED);
    e1000_flush(&nic);
    model_transmit();
    assert_int_equal(model.contexts, 4);
}

static void test_full(void **state)
{
    (void)state;
    u64 first = 0, next = 0;
    for (u32 round = 0; round < 5; round++) {
        while (send((u8)next, 100, next) == E1000_QUEUED)
            next++;
        assert_int_equal(next - first, E1000_RING - 1);
        struct dma_piece pieces[] = {piece(0, 50), piece(0, 50)};
        assert_int_equal(e1000_send(&nic, pieces, 2, 0, 0, 0), E1000_FULL);
        e1000_flush(&nic);
        assert_int_equal(send(0, 100, 0), E1000_FULL);
        model_transmit();
        u64 cookie;
        assert_int_equal(e1000_reap_sent(&nic, &cookie, 1), 1);
        assert_int_equal(e1000_send(&nic, pieces, 2, 0, 0, 0), E1000_FULL);
        expect_cookies(first + 1, E1000_RING - 2);
        first = next;
    }
}

/* Many frames in batches of any size, round and round, with a device that takes its time. */
static void test_many_sent(void **state)
{
    (void)state;
    u64 queued = 0, reaped = 0;
    u32 checked = 0;
    while (reaped < 20000) {
        for (u64 left = random_below(&random_state, 40); left > 0; left--) {
            u32 count = 1 + (u32)random_below(&random_state, 4);
            u32 start = random_below(&random_state, 2) ? 34 : 0;
            struct dma_piece pieces[4];
            u32 place = (u32)(queued % E1000_RING * 256);
            memcpy(home(place), &queued, 8);
            for (u32 i = 0; i < count; i++)
                pieces[i] = piece(place + i * 64, 64);
            enum e1000_sent sent =
                e1000_send(&nic, pieces, count, start, 6 + (u32)(queued & 1) * 10, queued);
            if (sent == E1000_FULL)
                break;
            assert_int_equal(sent, E1000_QUEUED);
            queued++;
        }
        if (random_below(&random_state, 2))
            e1000_flush(&nic);
        model.limit = (u32)random_below(&random_state, 60);
        model_transmit();
        u64 cookies[16];
        u32 count = e1000_reap_sent(&nic, cookies, (u32)random_below(&random_state, 17));
        for (u32 i = 0; i < count; i++)
            assert_int_equal(cookies[i], reaped + i);
        reaped += count;
        assert_true(reaped <= model.sent_count);
        if (random_below(&random_state, 8) == 0 && !e1000_may_sleep(&nic))
            assert_true(e1000_has_sent(&nic));
        for (; checked < model.sent_count; checked++)
            assert_memory_equal(model.sent[checked % MODEL_FRAMES].bytes, &(u64){checked}, 8);
    }
    assert_int_equal(nic.counters.sent, queued);
}

static void test_can_checksum(void **state)
{
    (void)state;
    u8 head[54] = {[12] = 8, [14] = 0x45, [17] = 40, [23] = 6};
    assert_true(e1000_can_checksum(head, 54, 54, 34, 16));
    assert_false(e1000_can_checksum(head, 33, 54, 34, 16)); /* no IP header to look at */
    assert_false(e1000_can_checksum(head, 54, 60, 34, 16)); /* padded */
    assert_false(e1000_can_checksum(head, 54, 54, 34, 6));  /* not where TCP has it */
    assert_false(e1000_can_checksum(head, 54, 54, 30, 16)); /* not where TCP begins */
    head[20] = 0x20;                                        /* more fragments */
    assert_false(e1000_can_checksum(head, 54, 54, 34, 16));
    head[20] = 0;
    head[21] = 1; /* a later fragment */
    assert_false(e1000_can_checksum(head, 54, 54, 34, 16));
    head[20] = 0x40; /* not to be fragmented: that is no harm */
    head[21] = 0;
    assert_true(e1000_can_checksum(head, 54, 54, 34, 16));
    head[23] = 17;
    assert_true(e1000_can_checksum(head, 54, 54, 34, 6));
    assert_false(e1000_can_checksum(head, 54, 54, 34, 16));
    head[23] = 1; /* ICMP */
    assert_false(e1000_can_checksum(head, 54, 54, 34, 2));
    head[23] = 6;
    head[14] = 0x46; /* with options, and then TCP has too little room */
    assert_false(e1000_can_checksum(head, 54, 54, 34, 16));
    assert_false(e1000_can_checksum(head, 54, 54, 38, 16));
    head[17] = 44;
    assert_true(e1000_can_checksum(head, 54, 58, 38, 16));
    head[14] = 0x44;
    assert_false(e1000_can_checksum(head, 54, 58, 30, 16));
    head[14] = 0x65;
    assert_false(e1000_can_checksum(head, 54, 58, 34, 16));
    head[14] = 0x45;
    head[12] = 0x86; /* another protocol than IPv4 */
    assert_false(e1000_can_checksum(head, 54, 58, 34, 16));
}

/* --- receiving ------------------------------------------------------------------------------- */

static const u8 some[4096] = {1, 2, 3, 4, 5, 6, 7, 8};

static void test_receive(void **state)
{
    (void)state;
    struct e1000_frame frame;
    assert_false(e1000_receive(&nic, &frame));
    assert_true(model_receive(some, 60));
    assert_true(model_write_back(some + 1, 1514, RX_EOP));
    u64 accesses = nic.counters.register_accesses;
    assert_true(e1000_receive(&nic, &frame));
    assert_int_equal(frame.length, 60);
    assert_memory_equal(frame.data, some, 60);
    assert_true(frame.checksum_good);
    assert_true(e1000_receive(&nic, &frame));
    assert_int_equal(frame.length, 1514);
    assert_memory_equal(frame.data, some + 1, 1514);
    assert_false(frame.checksum_good);
    assert_false(e1000_receive(&nic, &frame));
    assert_int_equal(*model_register(RDT), 255);
    assert_int_equal(nic.counters.register_accesses, accesses);
    e1000_give_back(&nic);
    e1000_give_back(&nic);
    assert_int_equal(nic.counters.register_accesses, accesses + 1);
    assert_int_equal(*model_register(RDT), 1);
    assert_int_equal(nic.counters.received, 2);
    assert_int_equal(nic.counters.received_bytes, 60 + 1514);
}

static void test_receive_checksums(void **state)
{
    (void)state;
    static const struct {
        u64 flags;
        bool good;
    } cases[] = {{0, false},
                 {RX_TCPCS, true},
                 {RX_TCPCS | RX_IXSM, false},
                 {RX_TCPCS | RX_TCPE, false},
                 {RX_TCPCS | RX_IPE, false},
                 {RX_IXSM, false}};
    for (u32 i = 0; i < array_count(cases); i++) {
        struct e1000_frame frame;
        assert_true(model_write_back(some, 60, RX_EOP | cases[i].flags));
        assert_true(e1000_receive(&nic, &frame));
        assert_int_equal(frame.checksum_good, cases[i].good);
    }
}

/* What is dropped goes back to the device as well, and does not stop what comes after. */
static void test_receive_bad(void **state)
{
    (void)state;
    for (u32 round = 0; round < 100; round++) {
        assert_true(model_write_back(some, 2048, 0));
        assert_true(model_write_back(some, 2048, 0));
        assert_true(model_write_back(some, 100, RX_EOP)); /* a frame of three buffers */
        assert_true(model_write_back(some, 13, RX_EOP));
        assert_true(model_write_back(some, 1515, RX_EOP));
        assert_true(model_write_back(some, 0xffff, RX_EOP));
        for (u64 error = 40; error < 48; error++)
            if (RX_FRAME_ERROR >> error & 1)
                assert_true(model_write_back(some, 60, RX_EOP | 1ul << error));
        struct e1000_frame frame;
        assert_true(model_receive(some, 61));
        assert_true(e1000_receive(&nic, &frame));
        assert_int_equal(frame.length, 61);
        assert_true(model_write_back(some, 13, RX_EOP));
        assert_false(e1000_receive(&nic, &frame));
        e1000_give_back(&nic);
        assert_true(model_write_back(some, 13, RX_EOP));
        assert_false(e1000_receive(&nic, &frame));
        assert_true(e1000_may_sleep(&nic)); /* gives back what was dropped */
        assert_int_equal(*model_register(RDT), (model.rdh - 1) % E1000_RING);
    }
    assert_int_equal(nic.counters.bad_length, 600);
    assert_int_equal(nic.counters.bad_frame, 500);
    assert_int_equal(nic.counters.received, 100);
}

static void test_many_received(void **state)
{
    (void)state;
    u64 arrived = 0, got = 0;
    while (got < 20000) {
        for (u64 left = random_below(&random_state, 300); left > 0; left--) {
            u8 bytes[64] = {0};
            memcpy(bytes, &arrived, 8);
            if (!model_receive(bytes, 64))
                break;
            arrived++;
        }
        assert_true(arrived - got <= E1000_RING - 1);
        for (u64 left = random_below(&random_state, 300); left > 0; left--) {
            struct e1000_frame frame;
            if (!e1000_receive(&nic, &frame)) {
                assert_int_equal(got, arrived);
                break;
            }
            assert_memory_equal(frame.data, &got, 8);
            got++;
        }
        if (random_below(&random_state, 2))
            e1000_give_back(&nic);
    }
    while (model_receive(some, 64)) /* also when none are given back */
        arrived++;
    for (struct e1000_frame frame; e1000_receive(&nic, &frame);)
        got++;
    assert_int_equal(got, arrived);
}

/* Whatever a mad device writes into its rings, the driver ends, and stays inside its buffers. */
static void test_mad_device(void **state)
{
    (void)state;
    const u8 *first = model_memory + DMA_BUFFERS, *end = first + E1000_RING * E1000_BUFFER;
    for (u32 round = 0; round < 2000; round++) {
        for (u32 i = 0; i < E1000_RING; i++) {
            *model_descriptor(RDBAL, i) = (struct e1000_descriptor){
                random_next(&random_state), random_next(&random_state) | DESCRIPTOR_DD};
            if (random_below(&random_state, 4) == 0)
                model_descriptor(TDBAL, i)->fields |= DESCRIPTOR_DD;
        }
        u32 count = 0;
        for (struct e1000_frame frame; e1000_receive(&nic, &frame); count++) {
            assert_true(frame.data >= first && frame.data + frame.length <= end);
            assert_true(frame.length >= 14 && frame.length <= 1514);
        }
        assert_true(count < E1000_RING);
        e1000_give_back(&nic);
        u64 cookies[E1000_RING];
        if (send(1, 60, 1) == E1000_QUEUED)
            e1000_flush(&nic);
        assert_true(e1000_reap_sent(&nic, cookies, E1000_RING) < E1000_RING);
    }
}

/* --- interrupts, link, reset ------------------------------------------------------------------ */

static void test_line(void **state)
{
    (void)state;
    model_init(true);
    open_chip(0);
    *model_register(IMS) = *model_register(IMC) = 0;
    *model_register(ICR) = CAUSE_RXT0;
    u64 accesses = nic.counters.register_accesses;
    e1000_interrupt(&nic);
    assert_true(e1000_may_sleep(&nic));
    assert_int_equal(nic.counters.register_accesses, accesses + 1); /* that of ICR */

    assert_true(model_receive(some, 60));
    assert_false(e1000_may_sleep(&nic));
    struct e1000_frame frame;
    assert_true(e1000_receive(&nic, &frame));
    e1000_give_back(&nic);

    assert_int_equal(send(1, 60, 1), E1000_QUEUED); /* may_sleep flushes by itself */
    assert_true(e1000_may_sleep(&nic));
    assert_int_equal(*model_register(IMS), CAUSE_TXDW);
    model_transmit();
    assert_false(e1000_may_sleep(&nic));
    *model_register(ICR) = CAUSE_TXDW;
    e1000_interrupt(&nic);
    assert_int_equal(*model_register(IMC), CAUSE_TXDW);
    expect_cookies(1, 1);
    assert_true(e1000_may_sleep(&nic));

    *model_register(ICR) = CAUSE_LSC;
    *model_register(STATUS) &= ~STATUS_LU;
    e1000_interrupt(&nic);
    assert_false(nic.link_up);
    assert_int_equal(send(1, 60, 1), E1000_DOWN);
    *model_register(STATUS) |= STATUS_LU;
    e1000_interrupt(&nic);
    assert_true(nic.link_up);
    assert_int_equal(send(1, 60, 1), E1000_QUEUED);
}

static void test_messages(void **state)
{
    (void)state;
    assert_int_equal(*model_register(EIAC), CAUSES_MSIX);
    assert_int_equal(*model_register(IAM), CAUSES_MSIX);
    assert_int_equal(*model_register(IVAR), 0x80808);
    *model_register(IMS) = 0;
    u64 accesses = nic.counters.register_accesses;
    assert_true(e1000_may_sleep(&nic)); /* no message has masked anything */
    assert_int_equal(nic.counters.register_accesses, accesses);
    e1000_interrupt(&nic);
    assert_int_equal(nic.counters.register_accesses, accesses);
    assert_true(e1000_may_sleep(&nic));
    assert_int_equal(*model_register(IMS), CAUSE_RXQ0);
    assert_int_equal(nic.counters.register_accesses, accesses + 1);
    e1000_interrupt(&nic);
    assert_int_equal(send(1, 60, 1), E1000_QUEUED);
    assert_true(e1000_may_sleep(&nic));
    assert_int_equal(*model_register(IMS), CAUSE_RXQ0 | CAUSE_TXQ0);
    assert_int_equal(nic.counters.register_accesses, accesses + 3); /* TDT, too */

    *model_register(STATUS) &= ~STATUS_LU; /* is seen by looking */
    e1000_poll(&nic, 0);
    assert_false(nic.link_up);
}

static void test_stuck(void **state)
{
    (void)state;
    for (u32 i = 0; i < 5; i++)
        assert_int_equal(send((u8)i, 60, i), E1000_QUEUED);
    e1000_flush(&nic);
    model_transmit();
    for (u32 i = 5; i < 15; i++)
        assert_int_equal(send((u8)i, 60, i), E1000_QUEUED);
    e1000_flush(&nic);
    assert_int_equal(send(15, 60, 15), E1000_QUEUED); /* the device does not know of this one */
    u64 now = 100 * 1000000000ul;
    e1000_poll(&nic, now); /* however long nobody looked, one look is not enough */
    e1000_poll(&nic, now + 900000000);
    model.limit = 1;
    model_transmit(); /* slow, but it moves */
    e1000_poll(&nic, now + 1100000000);
    e1000_poll(&nic, now + 2000000000);
    assert_int_equal(nic.counters.resets, 0);
    e1000_poll(&nic, now + 2200000000);
    assert_int_equal(nic.counters.resets, 1);
    assert_int_equal(nic.counters.lost, 11);
    assert_true(nic.working);

    assert_int_equal(send(1, 60, 99), E1000_FULL); /* before all is reaped */
    u64 cookies[16];
    assert_int_equal(e1000_reap_sent(&nic, cookies, 15), 15);
    assert_int_equal(send(1, 60, 99), E1000_FULL);
    expect_cookies(15, 1);
    model.sent_count = 0;
    model.limit = E1000_RING;
    assert_int_equal(send(1, 60, 99), E1000_QUEUED);
    e1000_flush(&nic);
    assert_true(model_transmit());
    assert_int_equal(model.sent_count, 1);
    expect_cookies(99, 1);
    e1000_poll(&nic, now + 9000000000);
    e1000_poll(&nic, now + 99000000000);
    assert_int_equal(nic.counters.resets, 1);
}

/* When the ring went round exactly once between two looks, it looks as before, and is not stuck. */
static void test_round_is_not_stuck(void **state)
{
    (void)state;
    u64 now = 100 * 1000000000ul, cookies[E1000_RING];
    for (u32 i = 0; i < 16; i++) {
        assert_int_equal(send(1, 60, i), E1000_QUEUED);
        e1000_flush(&nic);
        if (i == 0)
            e1000_poll(&nic, now);
        for (u32 k = 0; k < 15; k++)
            assert_int_equal(send(1, 60, i), E1000_QUEUED);
        model_transmit();
        e1000_flush(&nic);
        model_transmit();
        assert_int_equal(e1000_reap_sent(&nic, cookies, E1000_RING), 16);
    }
    assert_int_equal(send(1, 60, 1), E1000_QUEUED);
    e1000_flush(&nic);
    e1000_poll(&nic, now + 5000000000);
    assert_int_equal(nic.counters.resets, 0);
    e1000_poll(&nic, now + 7000000000);
    assert_int_equal(nic.counters.resets, 1);
}

static void test_goes_away(void **state)
{
    (void)state;
    for (u32 i = 7; i < 9; i++) {
        assert_int_equal(send(1, 60, i), E1000_QUEUED);
        e1000_flush(&nic);
    }
    assert_true(model_receive(some, 60));
    memset(model_registers, 0xff, sizeof(model_registers));
    model.gone = true;
    e1000_poll(&nic, 0);
    assert_false(nic.working || nic.link_up);
    struct e1000_frame frame;
    assert_false(e1000_receive(&nic, &frame));
    assert_int_equal(send(1, 60, 9), E1000_DOWN);
    assert_false(e1000_may_sleep(&nic)); /* there is something to reap */
    expect_cookies(7, 2);
    assert_true(e1000_may_sleep(&nic));
    ((struct e1000_descriptor *)model_memory)->fields |= DESCRIPTOR_DD; /* a last word, too late */
    expect_cookies(0, 0);
    assert_false(e1000_sends(&nic));
    assert_int_equal(nic.counters.lost, 2);
    u64 accesses = nic.counters.register_accesses;
    e1000_poll(&nic, 1);
    e1000_interrupt(&nic);
    e1000_flush(&nic);
    e1000_give_back(&nic);
    assert_int_equal(nic.counters.register_accesses, accesses);
    assert_false(e1000_reset(&nic));
    model_init(true);
    assert_true(e1000_reset(&nic)); /* and comes back */
    assert_int_equal(send(1, 60, 9), E1000_QUEUED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_refuses_to_open),
        cmocka_unit_test(test_address_of_eeprom),
        cmocka_unit_test_setup(test_batch, setup),
        cmocka_unit_test_setup(test_pieces, setup),
        cmocka_unit_test_setup(test_refuses_to_send, setup),
        cmocka_unit_test_setup(test_checksum, setup),
        cmocka_unit_test_setup(test_full, setup),
        cmocka_unit_test_setup(test_many_sent, setup),
        cmocka_unit_test(test_can_checksum),
        cmocka_unit_test_setup(test_receive, setup),
        cmocka_unit_test_setup(test_receive_checksums, setup),
        cmocka_unit_test_setup(test_receive_bad, setup),
        cmocka_unit_test_setup(test_many_received, setup),
        cmocka_unit_test_setup(test_mad_device, setup),
        cmocka_unit_test_setup(test_line, setup),
        cmocka_unit_test_setup(test_messages, setup),
        cmocka_unit_test_setup(test_stuck, setup),
        cmocka_unit_test_setup(test_round_is_not_stuck, setup),
        cmocka_unit_test_setup(test_goes_away, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
