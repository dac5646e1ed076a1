/*
 * The controller as a whole: taken over, reset, its interrupts and its time. AHCI 1.3.1, sections
 * 10.1, 10.6 and 10.7. See ahci.h for what is promised, ahci_parts.h for the other files.
 *
 * On most interrupts the only disk, or one of several, has finished NCQ commands and nothing is
 * wrong: then PxIS is cleared of that without being read, and PxSACT says what is done. An error
 * stays in PxIS, and interrupts again; only when nothing was done is everything looked at.
 */
#include "ahci_parts.h"
#include <base/string.h>

#define POLL_NS         (500 * MS)
#define WAIT_NS         (1 * MS)
#define HANDOFF_NS      (25 * MS) /* section 10.6.3: for the firmware to say that it needs longer */
#define HANDOFF_BUSY_NS (2000 * MS)
#define HBA_RESET_NS    (1000 * MS) /* section 10.4.3 */
#define LIMIT_NS        (30000 * MS)

void ahci_wake(struct ahci *ahci, u64 time)
{
    ahci->poll_at = min(ahci->poll_at, time);
}

/* --- taking over and resetting --------------------------------------------------------------- */

static enum ahci_error check(struct ahci *ahci)
{
    if (ahci->registers.size < PORTS_OFFSET)
        return AHCI_TOO_SMALL;
    ahci->capabilities = ahci_read(ahci, CAP);
    ahci->implemented = ahci_read(ahci, PI);
    if (ahci->capabilities == NOBODY_THERE && ahci->implemented == NOBODY_THERE)
        return AHCI_NO_ANSWER;
    if (ahci->implemented == 0)
        return AHCI_NO_PORTS;
    u32 last = bit_highest(ahci->implemented);
    if (ahci->registers.size < PORTS_OFFSET + PORT_SPAN * (last + 1))
        return AHCI_TOO_SMALL;
    ahci->slots = CAP_NCS(ahci->capabilities) + 1;
    if (ahci->dma.size < AHCI_PORT_BYTES)
        return AHCI_SMALL_DMA;
    for (u64 offset = 0; offset < ahci->dma.size; offset += 4096)
        if (!(ahci->capabilities & CAP_S64A) && home_bus_address(&ahci->dma, offset) >> 32)
            return AHCI_DMA_ABOVE_4G;
    return AHCI_OK;
}

static void start_reset(struct ahci *ahci, u64 now)
{
    ahci->phase = AHCI_HBA_RESET;
    ahci->limit = now + HBA_RESET_NS;
    ahci->ready = 0;
    ahci_write(ahci, GHC, GHC_AE);
    ahci_write(ahci, GHC, GHC_AE | GHC_HR);
}

/* Tells the firmware that the controller has a new owner (section 10.6). */
static void start_handoff(struct ahci *ahci, u64 now)
{
    bool owned = ahci_read(ahci, VS) >= VS_1_2 && ahci_read(ahci, CAP2) & CAP2_BOH;
    if (!owned) {
        start_reset(ahci, now);
        return;
    }
    ahci->phase = AHCI_HANDOFF;
    ahci->limit = now + HANDOFF_NS;
    ahci_write(ahci, BOHC, ahci_read(ahci, BOHC) | BOHC_OOS);
}

static void step_handoff(struct ahci *ahci, u64 now)
{
    u32 bohc = ahci_read(ahci, BOHC);
    u64 limit = ahci->limit + (bohc & BOHC_BB ? HANDOFF_BUSY_NS : 0);
    if (bohc & BOHC_BOS && now < limit)
        ahci_wake(ahci, now + WAIT_NS);
    else
        start_reset(ahci, now);
}

static void stuck(struct ahci *ahci)
{
    home_log("ahci: the controller does not get out of its reset\n");
    ahci->phase = AHCI_DEAD;
    for (u32 i = 0; i < AHCI_PORTS; i++)
        ahci->ports[i].present = false;
    if (ahci->home.stuck)
        ahci->home.stuck(ahci);
}

/* After the reset, which may have cost registers that the firmware had written, PI among them. */
static void begin_ports(struct ahci *ahci, u64 now)
{
    ahci->phase = AHCI_RUNNING;
    home_device_was_reset(&ahci->dma);
    ahci_write(ahci, GHC, GHC_AE);
    if (ahci_read(ahci, PI) != ahci->implemented)
        ahci_write(ahci, PI, ahci->implemented);
    for (u32 left = ahci->implemented; left; left &= left - 1) {
        struct ahci_port *port = &ahci->ports[bit_lowest(left)];
        queue_take_back(port);
        trouble_bury(port);
        port_begin(port, now);
    }
    ahci_write(ahci, IS, UINT32_MAX);
    ahci_write(ahci, GHC, GHC_AE | GHC_IE);
    for (u32 left = ahci->implemented; left; left &= left - 1)
        port_step(&ahci->ports[bit_lowest(left)], now);
}

static void step_reset(struct ahci *ahci, u64 now)
{
    u32 ghc = ahci_read(ahci, GHC);
    if (ghc == NOBODY_THERE)
        ahci_vanished(ahci);
    else if (!(ghc & GHC_HR))
        begin_ports(ahci, now);
    else if (now < ahci->limit)
        ahci_wake(ahci, now + WAIT_NS);
    else
        stuck(ahci);
}

void ahci_reset_all(struct ahci *ahci, u64 now)
{
    for (u32 i = 0; i < AHCI_PORTS; i++)
        if (ahci->ports[i].state != AHCI_NO_PORT)
            ahci->ports[i].state = AHCI_LINKING;
    start_reset(ahci, now);
    ahci_wake(ahci, now);
}

void ahci_vanished(struct ahci *ahci)
{
    home_log("ahci: the controller is not there any more\n");
    ahci->phase = AHCI_DEAD;
    for (u32 i = 0; i < AHCI_PORTS; i++)
        if (ahci->ports[i].state != AHCI_NO_PORT)
            port_settle(&ahci->ports[i], AHCI_EMPTY);
}

enum ahci_error ahci_open(struct ahci *ahci, struct registers registers, struct dma dma,
                          struct ahci_home home)
{
    memset(ahci, 0, sizeof(*ahci));
    ahci->home = home;
    ahci->registers = registers;
    ahci->dma = dma;
    ahci->limit_ns = LIMIT_NS;
    enum ahci_error error = check(ahci);
    if (error != AHCI_OK)
        return error;
    for (u32 i = 0; i < AHCI_PORTS; i++) {
        ahci->ports[i].ahci = ahci;
        ahci->ports[i].number = i;
        ahci->ports[i].state = ahci->implemented & 1u << i ? AHCI_LINKING : AHCI_NO_PORT;
        ahci->ports[i].settled = ahci->ports[i].state == AHCI_NO_PORT;
    }
    start_handoff(ahci, home_time_ns());
    ahci_poll(ahci);
    return AHCI_OK;
}

bool ahci_probing(const struct ahci *ahci)
{
    if (ahci->phase != AHCI_RUNNING)
        return ahci->phase != AHCI_DEAD;
    for (u32 i = 0; i < AHCI_PORTS; i++)
        if (!ahci->ports[i].settled)
            return true;
    return false;
}

bool ahci_close(struct ahci *ahci)
{
    u64 limit = home_time_ns() + HBA_RESET_NS;
    if (ahci->phase == AHCI_DEAD)
        return true;
    start_reset(ahci, 0);
    while (ahci_read(ahci, GHC) & GHC_HR) {
        if (home_time_ns() >= limit) {
            stuck(ahci);
            return false;
        }
        __builtin_ia32_pause();
    }
    ahci->phase = AHCI_DEAD;
    for (u32 i = 0; i < AHCI_PORTS; i++)
        if (ahci->ports[i].state != AHCI_NO_PORT)
            port_settle(&ahci->ports[i], AHCI_EMPTY);
    return true;
}

/* --- interrupts and time --------------------------------------------------------------------- */

/* The usual interrupt of a port; false if it is not that. */
static bool look_quickly(struct ahci_port *port)
{
    if (port->state != AHCI_READY || port->issued == 0 || port->issued_alone)
        return false;
    port_write(port, PxIS, IS_DONE);
    port_write_is(port);
    u8 told = *(volatile u8 *)(port->memory + FIS_SDB + 2);
    return queue_collect(port) && !(told & TFD_ERR);
}

/* True: one of the ports had something to say. */
static bool look(struct ahci *ahci, u32 ports)
{
    bool found = false;
    for (u32 left = ports; left && ahci->phase == AHCI_RUNNING; left &= left - 1) {
        struct ahci_port *port = &ahci->ports[bit_lowest(left)];
        found |= look_quickly(port) || trouble_look(port, home_time_ns());
    }
    return found;
}

void ahci_interrupt(struct ahci *ahci)
{
    ahci->interrupts++;
    if (ahci->phase != AHCI_RUNNING)
        return;
    u32 ready = ahci->ready;
    if (is_power_of_two(ready) && look(ahci, ready))
        return;
    if (!look(ahci, ahci_read(ahci, IS) & ahci->implemented))
        ahci->spurious++;
}

static void poll_ports(struct ahci *ahci, u64 now)
{
    u32 pending = ahci_read(ahci, IS);
    for (u32 left = ahci->implemented; left && ahci->phase == AHCI_RUNNING; left &= left - 1) {
        struct ahci_port *port = &ahci->ports[bit_lowest(left)];
        if (pending & 1u << port->number || port->issued)
            (void)trouble_look(port, now);
        else
            port_step(port, now);
        trouble_poll(port, now);
    }
}

void ahci_poll(struct ahci *ahci)
{
    u64 now = home_time_ns();
    ahci->poll_at = now + POLL_NS;
    if (ahci->phase == AHCI_HANDOFF)
        step_handoff(ahci, now);
    if (ahci->phase == AHCI_HBA_RESET)
        step_reset(ahci, now);
    else if (ahci->phase == AHCI_RUNNING)
        poll_ports(ahci, now);
}
