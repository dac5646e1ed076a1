/*
 * The two rings of an e1000: what it sends and what it receives. See e1000.h for what is promised.
 *
 * All is in memory: the device reports by the bit DD of a descriptor. To send, only the last frame
 * of a batch asks for a report (RS), as the device takes frames in their order; `marks` remembers
 * which these are. A receive buffer belongs to its descriptor for good.
 */
#include <drivers/e1000_registers.h>

#define MASK (E1000_RING - 1)

static u32 next(u32 index)
{
    return (index + 1) & MASK;
}

/* --- sending --------------------------------------------------------------------------------- */

void e1000_start_tx(struct e1000 *nic)
{
    for (u32 i = 0; i < E1000_RING; i++)
        nic->tx[i] = (struct e1000_descriptor){0};
    nic->tx_context = 0;
    nic->mark_first = nic->mark_next = 0;
    if (e1000_sends(nic)) {
        nic->tx_draining = true;
        return;
    }
    nic->tx_draining = false;
    nic->tx_next = nic->tx_flushed = nic->tx_done = nic->tx_oldest = 0;
}

/* Looks how far the device has got. */
static void look(struct e1000 *nic)
{
    while (nic->mark_first != nic->mark_next) {
        u32 index = nic->marks[nic->mark_first];
        if (!(nic->tx[index].fields & DESCRIPTOR_DD))
            return;
        nic->tx_done = next(index);
        nic->mark_first = next(nic->mark_first);
        nic->reports++;
    }
}

void e1000_give_up(struct e1000 *nic)
{
    look(nic);
    for (u32 i = nic->tx_done; i != nic->tx_next; i = next(i))
        nic->counters.lost += nic->last[i];
    nic->tx_done = nic->tx_flushed = nic->tx_next;
    nic->mark_first = nic->mark_next;
}

bool e1000_has_sent(struct e1000 *nic)
{
    look(nic);
    return nic->tx_oldest != nic->tx_done;
}

bool e1000_is_sending(struct e1000 *nic)
{
    look(nic);
    return nic->tx_done != nic->tx_flushed;
}

/* The length of a frame, or 0 if there is something wrong with its pieces. */
static u32 frame_length(const struct dma_piece *pieces, u32 count)
{
    u32 length = 0;
    if (count == 0 || count > E1000_PIECES)
        return 0;
    for (u32 i = 0; i < count; i++) {
        if (pieces[i].length == 0 || pieces[i].length > E1000_FRAME_MOST)
            return 0;
        length += pieces[i].length;
    }
    return length < E1000_FRAME_LEAST || length > E1000_FRAME_MOST ? 0 : length;
}

static u32 room(const struct e1000 *nic)
{
    return (nic->tx_oldest - nic->tx_next - 1) & MASK;
}

static void queue(struct e1000 *nic, u64 address, u64 fields, bool last)
{
    nic->last[nic->tx_next] = last;
    nic->tx[nic->tx_next].address = address;
    nic->tx[nic->tx_next].fields = fields;
    nic->tx_next = next(nic->tx_next);
}

enum e1000_sent e1000_send(struct e1000 *nic, const struct dma_piece *pieces, u32 count, u32 start,
                           u32 at, u64 cookie)
{
    u32 length = frame_length(pieces, count);
    if (length == 0)
        return E1000_REFUSED;
    /* TUCSS and TUCSO are bytes. */
    if (start && (start > 0xff || at > 0xff - start || start + at + 2 > length))
        return E1000_REFUSED;
    if (!nic->working || !nic->link_up)
        return E1000_DOWN;
    u32 context = start << 16 | at;
    bool tell = start && context != nic->tx_context;
    if (nic->tx_draining || room(nic) < count + tell)
        return E1000_FULL;

    if (tell) {
        queue(nic, TX_CONTEXT(start, at), TX_DEXT | (at == 16 ? TX_TCP : 0), false);
        nic->tx_context = context;
    }
    u64 fields = TX_DEXT | TX_DTYP_DATA | TX_IFCS | (start ? TX_POPTS_TXSM : 0);
    for (u32 i = 0; i < count; i++) {
        bool last = i + 1 == count;
        if (last)
            nic->cookies[nic->tx_next] = cookie;
        queue(nic, pieces[i].bus, fields | pieces[i].length | (last ? TX_EOP : 0), last);
    }
    nic->counters.sent++;
    nic->counters.sent_bytes += length;
    return E1000_QUEUED;
}

void e1000_flush(struct e1000 *nic)
{
    if (nic->tx_flushed == nic->tx_next || !nic->working)
        return;
    u32 end = (nic->tx_next - 1) & MASK;
    nic->tx[end].fields |= TX_RS;
    nic->marks[nic->mark_next] = (u16)end;
    nic->mark_next = next(nic->mark_next);
    nic->tx_flushed = nic->tx_next;
    e1000_write(nic, TDT, nic->tx_next);
}

u32 e1000_reap_sent(struct e1000 *nic, u64 *cookies, u32 limit)
{
    u32 count = 0;
    look(nic);
    while (count < limit && nic->tx_oldest != nic->tx_done) {
        if (nic->last[nic->tx_oldest])
            cookies[count++] = nic->cookies[nic->tx_oldest];
        nic->tx_oldest = next(nic->tx_oldest);
    }
    if (nic->tx_draining && !e1000_sends(nic))
        e1000_start_tx(nic);
    return count;
}

static u32 read16(const u8 *bytes)
{
    return (u32)bytes[0] << 8 | bytes[1];
}

/*
 * The 82574L would do others too; QEMU's looks for the TCP or UDP header itself, instead of at what
 * it is told, and takes all that follows for the segment.
 */
bool e1000_can_checksum(const u8 *head, u32 head_length, u32 length, u32 start, u32 at)
{
    const u8 *ip = head + 14;
    if (head_length < 14 + 20 || read16(head + 12) != 0x0800 || ip[0] >> 4 != 4)
        return false;
    u32 ip_header = (ip[0] & 0xfu) * 4;
    bool whole = (read16(ip + 6) & 0x3fff) == 0; /* no fragment: offset 0, none to follow */
    if (ip_header < 20 || !whole || start != 14 + ip_header || read16(ip + 2) != length - 14)
        return false;
    if (ip[9] == 6)
        return at == 16 && start + 20 <= length;
    return ip[9] == 17 && at == 6 && start + 8 <= length;
}

/* --- receiving ------------------------------------------------------------------------------- */

void e1000_start_rx(struct e1000 *nic)
{
    for (u32 i = 0; i < E1000_RING; i++) {
        nic->rx[i].fields = 0;
        nic->rx[i].address = home_bus_address(nic->dma, DMA_BUFFERS + (u64)i * E1000_BUFFER);
    }
    nic->rx_next = nic->rx_given = nic->rx_held = 0;
    nic->rx_tail = false;
}

bool e1000_has_received(const struct e1000 *nic)
{
    return nic->working && (nic->rx[nic->rx_next].fields & DESCRIPTOR_DD);
}

/* Judges what a descriptor says; true: it is a frame for the home. */
static bool accept(struct e1000 *nic, u64 fields)
{
    bool tail = nic->rx_tail;
    nic->rx_tail = !(fields & RX_EOP);
    if (tail || nic->rx_tail) {
        nic->counters.bad_length += !tail; /* a frame is counted once, at its beginning */
        return false;
    }
    if (fields & RX_FRAME_ERROR) {
        nic->counters.bad_frame++;
        return false;
    }
    if (RX_LENGTH(fields) < E1000_FRAME_LEAST || RX_LENGTH(fields) > E1000_FRAME_MOST) {
        nic->counters.bad_length++;
        return false;
    }
    return true;
}

bool e1000_receive(struct e1000 *nic, struct e1000_frame *frame)
{
    while (nic->working) {
        u32 index = nic->rx_next;
        u64 fields = nic->rx[index].fields;
        if (!(fields & DESCRIPTOR_DD) || next(index) == nic->rx_given)
            return false;
        __asm__ volatile(
            "" ::
                : "memory"); /* the frame is read after the bit that says it is there */
        nic->rx_next = next(index);
        if (!accept(nic, fields))
            continue;
        bool good = (fields & RX_TCPCS) && !(fields & (RX_IXSM | RX_TCPE | RX_IPE));
        *frame = (struct e1000_frame){
            .data = nic->dma->base + DMA_BUFFERS + (u64)index * E1000_BUFFER,
            .length = RX_LENGTH(fields),
            .checksum_good = good,
        };
        nic->rx_held++;
        nic->counters.received++;
        nic->counters.received_bytes += frame->length;
        return true;
    }
    return false;
}

void e1000_give_back(struct e1000 *nic)
{
    if (nic->rx_given == nic->rx_next || !nic->working)
        return;
    for (u32 i = nic->rx_given; i != nic->rx_next; i = next(i))
        nic->rx[i].fields = 0;
    nic->rx_given = nic->rx_next;
    nic->rx_held = 0;
    e1000_write(nic, RDT, (nic->rx_next - 1) & MASK);
}
