/*
 * The network cards as the server's loop sees them; wire.h is what the forwarding of frames sees.
 * Which there are says the configuration: `pci nicN VENDOR:DEVICE` and `dma nicN SIZE`, N below
 * SWITCH_WIRES. One that is not there, or does not work, is done without.
 */
#pragma once
#include <drivers/e1000.h>
#include <net/port.h>

/* Takes over the cards that there are. To be called once, before there are sessions. */
void wires_open(struct net *net);

/* What the event bits of a wait mean for the cards; and, now and then, whether they are well. */
void wires_events(struct net *net, u64 events);

/* The end of a turn: gives received frames back, and lets the cards send what was queued. */
void wires_flush(void);

/* True: nothing to receive or to reap, and interrupts come when there is. */
must_check bool wires_may_sleep(void);

/*
 * Shows a session's data area, of `size` bytes in the memory of that slot, to all cards, and fills
 * in port->pages. False: there is no memory for that. wires_hide takes it back; no card may be
 * reading there any more.
 */
must_check bool wires_show(struct port *port, u32 data_slot, u64 size);
void wires_hide(struct port *port, u32 data_slot);

/* The card of this number; NULL: it is not there. */
const struct e1000 *wire_card(u32 wire);
