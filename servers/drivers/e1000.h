/*
 * Intel's gigabit Ethernet controllers 82540EM ("e1000") and 82574L ("e1000e"): one transmit and
 * one receive ring, all frames of the wire, checksums of TCP and UDP computed by the device. Names
 * of registers and fields are those of Intel's "PCI/PCI-X Family of Gigabit Ethernet Controllers
 * Software Developer's Manual" and of the 82574's datasheet.
 *
 * The home's loop:
 *
 *     wait; on the device's interrupt: e1000_interrupt, then acknowledge it
 *     e1000_reap_sent       what has left: payloads are not in use any more
 *     e1000_receive...      each frame, copied out of the driver's buffer
 *     e1000_give_back       the buffers of all these, at once
 *     e1000_send...         frames, in the order in which they go
 *     e1000_flush           all these, at once
 *     e1000_may_sleep       false: go round again
 *     e1000_poll            about twice a second
 *
 * In it a batch costs a register access for each of e1000_give_back, e1000_flush and the interrupt;
 * all else is read from memory. Buffers belong to the driver and are in its part of the `dma`
 * memory; what is sent is read by the device where it lies.
 *
 * What the device writes is checked: no length that it tells reaches beyond a buffer.
 */
#pragma once
#include <drivers/device.h>

#define E1000_82540EM 0x100eu /* PCI device numbers; the vendor is 8086 */
#define E1000_82574L  0x10d3u

#define E1000_ERROR_LIST(X)                                                                        \
    X(E1000_UNKNOWN, "it is neither an 82540EM nor an 82574L")                                     \
    X(E1000_TOO_SMALL, "its registers are not all in what was granted")                            \
    X(E1000_NO_MEMORY, "its memory for DMA is too small, or does not begin with a page")           \
    X(E1000_GONE, "it does not answer")                                                            \
    X(E1000_NO_RESET, "its reset does not end")                                                    \
    X(E1000_NO_ADDRESS, "it has no Ethernet address")

enum e1000_error {
    E1000_OK,
#define X(name, text) name,
    E1000_ERROR_LIST(X)
#undef X
};

/* How its interrupt comes. A message from an 82574L is MSI-X: root prefers that to MSI. */
enum e1000_interrupts { E1000_LINE, E1000_MSI, E1000_MSIX };

#define E1000_RING        256u  /* descriptors of a ring, of which one is never used: one page */
#define E1000_BUFFER      2048u /* bytes for a received frame */
#define E1000_PIECES      4u    /* of a frame to send */
#define E1000_FRAME_LEAST 14u
#define E1000_FRAME_MOST  1514u /* without the checksum (FCS), which the device adds and removes */

/* The driver's part of the `dma` memory, from its beginning: two rings and the buffers. The rest is
 * the home's, for instance for the headers of what it sends. */
#define E1000_DMA_SIZE (2 * 4096ul + (u64)E1000_RING * E1000_BUFFER)

struct e1000_descriptor;

/* A received frame, in the driver's buffer until e1000_give_back. */
struct e1000_frame {
    const u8 *data;
    u32 length;         /* E1000_FRAME_LEAST to E1000_FRAME_MOST */
    bool checksum_good; /* the device computed the checksum of its TCP or UDP, and it was right */
};

struct e1000_counters {
    u64 sent; /* queued */
    u64 lost; /* of these: were not sent when the device was reset */
    u64 received;
    u64 sent_bytes, received_bytes; /* of these frames, without their checksums */
    u64 bad_length;                 /* received but dropped: longer than a buffer, or too short */
    u64 bad_frame;                  /* received but dropped: the device saw an error in it */
    u64 resets; /* because it hung, or the home asked for it; not that of e1000_open */
    u64 register_accesses;
    u64 interrupts;
};

struct e1000 {
    u8 mac[6];
    bool link_up; /* as last seen: by e1000_open, e1000_interrupt or e1000_poll */
    bool working; /* false: it did not survive a reset, and does nothing any more */
    struct e1000_counters counters;

    /* The driver's own from here on. */
    struct registers registers;
    const struct dma *dma;
    u32 device;
    enum e1000_interrupts interrupts;
    bool rx_armed, tx_armed; /* it interrupts when something is received, is sent */

    volatile struct e1000_descriptor *rx;
    u32 rx_next;  /* the next descriptor that the device fills */
    u32 rx_given; /* those from here to rx_next were not given back */
    u32 rx_held;  /* frames that the home has */
    bool rx_tail; /* in the middle of a frame that is longer than a buffer */

    volatile struct e1000_descriptor *tx;
    u32 tx_next;           /* the next descriptor to fill */
    u32 tx_flushed;        /* the device knows of those before this one */
    u32 tx_done;           /* it is done with those before this one */
    u32 tx_oldest;         /* the first that is not reaped */
    u32 tx_context;        /* where the device puts checksums now; 0: not told */
    bool tx_draining;      /* after a reset: until all is reaped, then the ring begins again */
    u16 marks[E1000_RING]; /* descriptors whose end the device reports, oldest first */
    u32 mark_first, mark_next;
    u64 reports;             /* so many marks were reported */
    u64 cookies[E1000_RING]; /* by last descriptor of a frame */
    bool last[E1000_RING];   /* is the last descriptor of a frame */

    bool seen_busy;   /* at the last e1000_poll frames were waiting... */
    u32 seen_head;    /* ...the device was here in the ring... */
    u64 seen_reports; /* ...reports was this... */
    u64 seen_ns;      /* ...and all this has been so since then */
};

/*
 * Takes over the device, whatever a predecessor left it in the middle of, and starts receiving.
 * `registers` is its BAR 0; `dma` has to stay where it is. Takes some milliseconds.
 */
must_check enum e1000_error e1000_open(struct e1000 *nic, struct registers registers,
                                       const struct dma *dma, u32 device,
                                       enum e1000_interrupts interrupts);

const char *e1000_error_text(enum e1000_error error);

/* To be called on the device's interrupt, before it is acknowledged. */
void e1000_interrupt(struct e1000 *nic);

/* True: there is nothing to receive and nothing to reap, and an interrupt comes when there is. */
must_check bool e1000_may_sleep(struct e1000 *nic);

/*
 * To be called about twice a second: notices that the link went or came, and resets a device that
 * is stuck. What it had still to send is lost, and reaped like what was sent.
 */
void e1000_poll(struct e1000 *nic, u64 now_ns);

/* Resets the device. After it, it uses none of the memory that it was to send from: all frames can
 * be reaped. False: it does not work any more. */
must_check bool e1000_reset(struct e1000 *nic);

/* --- sending --------------------------------------------------------------------------------- */

enum e1000_sent {
    E1000_QUEUED,
    E1000_FULL,    /* no room: flush, reap, and try again */
    E1000_REFUSED, /* its length, its pieces or the place of its checksum are not possible */
    E1000_DOWN     /* there is no link, or the device does not work */
};

/*
 * Queues a frame of 1 to E1000_PIECES pieces, E1000_FRAME_LEAST to E1000_FRAME_MOST bytes. `start`
 * and `at` ask for a checksum as NET_TX does (ring/net.h), where e1000_can_checksum allows; start =
 * 0: none. The pieces have to stay as they are until the cookie is reaped.
 */
must_check enum e1000_sent e1000_send(struct e1000 *nic, const struct dma_piece *pieces, u32 count,
                                      u32 start, u32 at, u64 cookie);

/* Lets the device go to work on what is queued. */
void e1000_flush(struct e1000 *nic);

/* Takes the cookies of up to `limit` frames that the device is done with, in their order. */
u32 e1000_reap_sent(struct e1000 *nic, u64 *cookies, u32 limit);

/* Are there frames that were queued and not reaped? If not, the device uses nobody's memory. */
static inline bool e1000_sends(const struct e1000 *nic)
{
    return nic->tx_oldest != nic->tx_next;
}

/*
 * Can the device fill in this checksum? `head` are the first bytes of a frame of `length` bytes.
 * True only for TCP and UDP over IPv4, whole and not padded; what else needs a checksum needs it
 * from the home.
 */
must_check bool e1000_can_checksum(const u8 *head, u32 head_length, u32 length, u32 start, u32 at);

/* --- receiving ------------------------------------------------------------------------------- */

/* The next frame, if there is one. */
must_check bool e1000_receive(struct e1000 *nic, struct e1000_frame *frame);

/* Gives the buffers of all frames received so far back to the device. */
void e1000_give_back(struct e1000 *nic);
