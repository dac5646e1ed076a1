/*
 * A network card driven by servers/drivers/e1000.c in ring 3, for tests/system/test_nic.py, which
 * is at the other end of the wire.
 *
 * It asks for the address of the other end (ARP), and when it has heard it does what it is told by
 * control frames: a letter at byte 14 and a number at byte 16.
 *
 *     S number    sends numbered frames, from 0 on
 *     V           verifies numbered frames, from 0 on
 *     Q           answers with what it has counted: struct answer at byte 16
 *     R number    queues so many frames, resets the card, which loses them, and answers
 *     L           watches the link until it was down and is up again, and answers
 *
 * Echo frames come back always.
 */
#include "frames.h"

#include <base/string.h>
#include <drivers/e1000.h>
#include <runtime/dma.h>
#include <runtime/ipc.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define SLOT_SIZE 2048u
#define SLOTS     240u
#define BATCH     32u

struct answer {
    u32 sent, received, wrong, out_of_order;
    u32 good[8]; /* of frames with these last three bits: how many had a checksum found good */
    u32 bad_length, bad_frame, lost, resets;
    u32 accesses, interrupts, rounds; /* since the last answer */
};

static struct e1000 nic;
static struct dma dma;
static const struct grant *irq;

/* Places for frames to send, in the part of the DMA memory that is not the driver's. */
static u8 free_slots[SLOTS];
static u32 free_count;
static u64 slot_bus[SLOTS];

static u8 other[6]; /* the Ethernet address of the other end... */
static bool known;  /* ...if it has said it */
static u32 to_send, sent_next;
static u32 expected;
static struct answer counted;

static u8 *slot_bytes(u32 slot)
{
    return dma.base + E1000_DMA_SIZE + (u64)slot * SLOT_SIZE;
}

static void reap(void)
{
    u64 cookies[BATCH];
    u32 count;
    while ((count = e1000_reap_sent(&nic, cookies, BATCH)) > 0)
        while (count > 0)
            free_slots[free_count++] = (u8)cookies[--count];
}

/*
 * Sends what is in the slot, which has to be the last free one: in as many pieces as the length
 * says by its last two bits, cut after the header.
 */
static bool send(u32 slot, struct test_frame frame)
{
    struct dma_piece pieces[E1000_PIECES];
    u32 wanted = 1 + (frame.length & 3), count = 0, done = 0;
    while (done < frame.length) {
        u32 length = count == 0 ? frame.header : 1 + (frame.length - done) / 3;
        if (count + 1 == wanted)
            length = frame.length - done;
        length = (u32)min(length, frame.length - done);
        pieces[count++] = (struct dma_piece){slot_bus[slot] + done, length};
        done += length;
    }
    if (frame.start &&
        !e1000_can_checksum(slot_bytes(slot), frame.header, frame.length, frame.start, frame.at))
        print("frame of %u bytes: the driver will not have its checksum\n", frame.length);
    if (e1000_send(&nic, pieces, count, frame.start, frame.at, slot) != E1000_QUEUED)
        return false;
    free_count--;
    counted.sent++;
    return true;
}

/* The slot for the next frame; the caller has seen that there is one. */
static u32 next_slot(void)
{
    return free_slots[free_count - 1];
}

static void send_plain(u32 slot, u32 length)
{
    if (!send(slot, (struct test_frame){.length = length, .header = 14}))
        print("a frame of %u bytes could not be sent\n", length);
}

static void answer(void)
{
    u32 slot = next_slot();
    u8 *bytes = slot_bytes(slot);
    counted.bad_length = (u32)nic.counters.bad_length;
    counted.bad_frame = (u32)nic.counters.bad_frame;
    counted.lost = (u32)nic.counters.lost;
    counted.resets = (u32)nic.counters.resets;
    static u64 accesses;
    counted.accesses = (u32)(nic.counters.register_accesses - accesses);
    accesses = nic.counters.register_accesses;
    memcpy(bytes, other, 6);
    memcpy(bytes + 6, nic.mac, 6);
    put16(bytes + 12, TYPE_CONTROL);
    put16(bytes + 14, 'A');
    memcpy(bytes + 16, &counted, sizeof(counted));
    static_assert(16 + sizeof(counted) >= 60, "long enough for a frame");
    send_plain(slot, 16 + sizeof(counted));
    counted.interrupts = counted.rounds = 0;
}

static void watch_link(void)
{
    for (u32 seen = 0; seen < 2; seen += nic.link_up == (seen == 1))
        e1000_poll(&nic, home_time_ns());
}

static void reset(u32 number)
{
    for (u32 i = 0; i < number; i++)
        send_plain(next_slot(), 60 + i);
    if (!e1000_reset(&nic))
        panic("the card does not come back after a reset");
    reap();
    answer();
}

static void control(const u8 *bytes)
{
    u32 number;
    memcpy(&number, bytes + 16, 4);
    switch (bytes[14]) {
    case 'S':
        to_send = number;
        sent_next = 0;
        return;
    case 'V':
        expected = 0;
        counted = (struct answer){0};
        return;
    case 'R':
        reset(number);
        return;
    case 'L':
        watch_link();
        answer();
        return;
    case 'Q':
        answer();
        return;
    default:
        print("a control frame says '%c'\n", bytes[14]);
    }
}

static void echo(const struct e1000_frame *frame)
{
    u32 slot = next_slot();
    u8 *bytes = slot_bytes(slot);
    memcpy(bytes, frame->data + 6, 6);
    memcpy(bytes + 6, nic.mac, 6);
    memcpy(bytes + 12, frame->data + 12, frame->length - 12);
    send_plain(slot, frame->length);
}

static void verify(const struct e1000_frame *frame)
{
    u32 payload = frame_payload(frame->data, frame->length), number = 0;
    if (payload)
        memcpy(&number, frame->data + payload, 4);
    if (!payload || !frame_is_right(frame->data, frame->length, payload, number)) {
        counted.wrong++;
        return;
    }
    counted.received++;
    counted.out_of_order += number != expected;
    counted.good[number & 7] += frame->checksum_good;
    expected = number + 1;
    if ((expected & 7) == 7)
        expected++; /* those are too long, and the driver drops them */
}

static void take(const struct e1000_frame *frame)
{
    switch (get16(frame->data + 12)) {
    case TYPE_ARP:
        memcpy(other, frame->data + 6, 6);
        known = true;
        return;
    case TYPE_CONTROL:
        control(frame->data);
        return;
    case TYPE_ECHO:
        echo(frame);
        return;
    default:
        verify(frame);
    }
}

/* Everything that there is to do, in batches; false: nothing was. */
static bool work(void)
{
    bool busy = false;
    struct e1000_frame frame;
    reap();
    for (u32 i = 0; i < BATCH && free_count > BATCH && e1000_receive(&nic, &frame); i++) {
        take(&frame);
        busy = true;
    }
    e1000_give_back(&nic);
    for (u32 i = 0; i < BATCH && to_send > 0 && free_count > 0; i++) {
        u32 slot = next_slot();
        if (!send(slot, frame_make(slot_bytes(slot), other, nic.mac, sent_next)))
            break;
        busy = true;
        sent_next++;
        to_send--;
    }
    e1000_flush(&nic);
    counted.rounds += busy;
    return busy;
}

static void wait_for_interrupt(void)
{
    struct message m;
    if (ipc_wait(SLOT_NONE, 0, &m, 0) != WAIT_EVENT)
        panic("waiting for the interrupt brought something else");
    e1000_interrupt(&nic);
    counted.interrupts++;
    status acknowledged = irq_ack(irq->slot);
    if (acknowledged < 0)
        panic("irq_ack: %s", error_text(status_code(acknowledged)));
}

/* The card, by the name of its grants; false: there is none of this name. */
static bool open(const char *name)
{
    const struct grant *device = grant_find(GRANT_DEVICE, name);
    irq = grant_find(GRANT_IRQ, name);
    struct registers registers;
    if (!device || !irq)
        return false;
    if (!registers_open(&registers, name, 0) || !dma_open(&dma, "nic", name))
        panic("what was granted cannot be used");
    u32 number = (u32)(device->value[1] >> 16);
    enum e1000_error error =
        e1000_open(&nic, registers, &dma, number, irq->value[2] ? E1000_LINE : E1000_MSIX);
    if (error)
        panic("%s: %s", name, e1000_error_text(error));
    print("%x by %s, address %02x:%02x:%02x:%02x:%02x:%02x, the link is %s\n", number,
          irq->value[2] ? "line" : "message", nic.mac[0], nic.mac[1], nic.mac[2], nic.mac[3],
          nic.mac[4], nic.mac[5], nic.link_up ? "up" : "down");
    return true;
}

int main(void)
{
    if (!open("nic0") && !open("nic1"))
        panic("there is no network card");
    for (; free_count < SLOTS; free_count++) {
        free_slots[free_count] = (u8)free_count;
        slot_bus[free_count] = home_bus_address(&dma, E1000_DMA_SIZE + (u64)free_count * SLOT_SIZE);
    }
    u32 slot = next_slot();
    send_plain(slot, frame_make_arp(slot_bytes(slot), nic.mac));
    for (;;) {
        if (!work() && e1000_may_sleep(&nic))
            wait_for_interrupt();
    }
}
