/*
 * What the forwarding of frames needs of the network cards: wire.c has it for those of
 * drivers/e1000.h, and a test for wires made of memory. Wires are numbered from 0, and those that
 * are not there lose what is sent and bring nothing.
 */
#pragma once
#include <drivers/e1000.h>
#include <net/switch.h>

#define WIRE_PIECES    (E1000_PIECES - 1) /* of a frame besides its head */
#define WIRE_NO_COOKIE UINT64_MAX         /* for frames nobody asks about */

/* A frame to be sent: the head is copied, the pieces are read by the device where they lie until
 * the cookie is reaped. */
struct wire_frame {
    const u8 *head;
    u32 head_length; /* at most PORT_HEAD */
    u32 length;      /* of all */
    const struct dma_piece *pieces;
    u32 count;
    u32 start, at; /* the checksum that the device is to fill in, which it can; 0: none */
    u64 cookie;
};

/* Queues a frame. E1000_FULL: when something was reaped there is room again. */
must_check enum e1000_sent wire_send(u32 wire, const struct wire_frame *frame);

/* Cookies of frames that the device is done with. */
u32 wire_reap(u32 wire, u64 *cookies, u32 limit);

/* The next frame that came. It stays where it is until the turn ends. */
must_check bool wire_receive(u32 wire, struct e1000_frame *frame);
