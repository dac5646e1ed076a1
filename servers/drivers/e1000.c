/*
 * An e1000 itself: taking it over, resetting it, its interrupts, its link. See e1000.h for what is
 * promised, e1000_rings.c for what it sends and receives.
 *
 * Interrupts. On a line, or with MSI, the causes are in ICR, and reading it clears them: one access
 * for each interrupt. With MSI-X a message clears its own cause (EIAC) and masks it (IAM), and
 * nothing is read; before the home waits again, the cause is unmasked. That something was sent is
 * interesting only to a home that is about to wait, so that cause is masked until then.
 */
#include <drivers/e1000_registers.h>

#define NS_PER_MS 1000000ul

/* How long is waited for what. The manual has 5 ms for the EEPROM; the others are generous. */
#define MASTER_NS (20 * NS_PER_MS)
#define QUIET_NS  (1 * NS_PER_MS)
#define RESET_NS  (50 * NS_PER_MS)
#define EEPROM_NS (5 * NS_PER_MS)

/* A device that has frames to send and does not move for so long is stuck. */
#define STUCK_NS (1000 * NS_PER_MS)

const char *e1000_error_text(enum e1000_error error)
{
    switch (error) {
#define X(name, text)                                                                              \
    case name:                                                                                     \
        return text;
        E1000_ERROR_LIST(X)
#undef X
    default:
        return "no error";
    }
}

/* Waits until these bits of a register are as in `value`; false: they are not in time. */
static bool wait_for(struct e1000 *nic, u64 offset, u32 bits, u32 value, u64 limit_ns)
{
    u64 begin = home_time_ns();
    for (;;) {
        bool late = home_time_ns() - begin > limit_ns;
        if ((e1000_read(nic, offset) & bits) == value)
            return true;
        if (late)
            return false;
        __builtin_ia32_pause();
    }
}

static void wait_ns(u64 ns)
{
    u64 begin = home_time_ns();
    while (home_time_ns() - begin < ns)
        __builtin_ia32_pause();
}

/* --- reset ----------------------------------------------------------------------------------- */

/*
 * Stops the device, whatever it is doing, and puts it into the state after power-on as far as it
 * does that by itself: QEMU's 82540EM and, up to version 7.2, 82574L keep most registers. So all
 * that is relied on is written afterwards.
 */
static enum e1000_error reset_device(struct e1000 *nic)
{
    e1000_write(nic, IMC, UINT32_MAX);
    e1000_write(nic, RCTL, 0);
    e1000_write(nic, TCTL, TCTL_PSP);
    if (e1000_read(nic, STATUS) == UINT32_MAX)
        return E1000_GONE;
    u32 ctrl = e1000_read(nic, CTRL);
    if (nic->device == E1000_82574L) {
        e1000_write(nic, CTRL, ctrl | CTRL_GIO_MASTER_DISABLE);
        if (!wait_for(nic, STATUS, STATUS_GIO_MASTER_ENABLE, 0, MASTER_NS))
            home_log("e1000: it goes on using the bus; it is reset nevertheless\n");
    }
    wait_ns(QUIET_NS); /* what it had begun on the bus */
    e1000_write(nic, CTRL, ctrl | CTRL_RST);
    wait_ns(EEPROM_NS); /* it must not be touched at first, and then reads its EEPROM */
    if (!wait_for(nic, CTRL, CTRL_RST, 0, RESET_NS))
        return E1000_NO_RESET;
    if (nic->device == E1000_82574L && !wait_for(nic, EECD, EECD_AUTO_RD, EECD_AUTO_RD, RESET_NS))
        return E1000_NO_RESET;
    e1000_write(nic, IMC, UINT32_MAX);
    (void)e1000_read(nic, ICR); /* cleared */
    return E1000_OK;
}

static void set_up_link(struct e1000 *nic)
{
    u32 ctrl = e1000_read(nic, CTRL);
    ctrl &= ~(CTRL_GIO_MASTER_DISABLE | CTRL_LRST | CTRL_ILOS | CTRL_FRCSPD | CTRL_FRCDPX |
              CTRL_RST | CTRL_RFCE | CTRL_TFCE | CTRL_VME | CTRL_PHY_RST);
    e1000_write(nic, CTRL, ctrl | CTRL_SLU);
    /* No flow control: nobody on the wire stops us by PAUSE frames. */
    e1000_write(nic, FCAL, 0);
    e1000_write(nic, FCAH, 0);
    e1000_write(nic, FCT, 0);
    e1000_write(nic, FCTTV, 0);
}

/* No delays anywhere; the home decides how much it takes at once. */
static void set_up_interrupts(struct e1000 *nic)
{
    e1000_write(nic, ITR, 0);
    e1000_write(nic, RDTR, 0);
    e1000_write(nic, RADV, 0);
    e1000_write(nic, TIDV, 0);
    e1000_write(nic, TADV, 0);
    if (nic->device != E1000_82574L)
        return;
    u32 extended = e1000_read(nic, CTRL_EXT);
    extended &= ~(CTRL_EXT_EIAME | CTRL_EXT_IAME | CTRL_EXT_PBA);
    extended |= CTRL_EXT_DRV_LOAD;
    bool msix = nic->interrupts == E1000_MSIX;
    e1000_write(nic, CTRL_EXT, extended | (msix ? CTRL_EXT_EIAME | CTRL_EXT_PBA : 0));
    e1000_write(nic, EITR0, 0);
    e1000_write(nic, IVAR, msix ? IVAR_RXQ0 | IVAR_TXQ0 | IVAR_OTHER : 0);
    e1000_write(nic, EIAC, msix ? CAUSES_MSIX : 0);
    e1000_write(nic, IAM, msix ? CAUSES_MSIX : 0);
}

/* The descriptor ring at `offset` of the memory. The registers of both rings lie alike: `rx` is 0,
 * or the distance from those for transmission to those for reception. */
static void set_up_ring(struct e1000 *nic, u64 offset, u64 rx)
{
    u64 bus = home_bus_address(nic->dma, offset);
    e1000_write(nic, TDBAL + rx, (u32)bus);
    e1000_write(nic, TDBAH + rx, (u32)(bus >> 32));
    e1000_write(nic, TDLEN + rx, E1000_RING * sizeof(struct e1000_descriptor));
    e1000_write(nic, TDH + rx, 0);
    e1000_write(nic, TDT + rx, 0);
}

static void set_up_tx(struct e1000 *nic)
{
    set_up_ring(nic, DMA_TX, 0);
    bool pcie = nic->device == E1000_82574L;
    e1000_write(nic, TXDCTL, TXDCTL_GRAN | (pcie ? TXDCTL_COUNT_DESC : 0));
    if (pcie)
        e1000_write(nic, TARC0, e1000_read(nic, TARC0) | TARC0_ENABLE);
    e1000_write(nic, TIPG, TIPG_COPPER);
    e1000_write(nic, TCTL, TCTL_EN | TCTL_PSP | TCTL_CT | TCTL_COLD);
}

/* RCTL is written once: QEMU's 82540EM receives nothing in the second after that. */
static void set_up_rx(struct e1000 *nic)
{
    set_up_ring(nic, DMA_RX, RDBAL - TDBAL);
    e1000_write(nic, RXCSUM, RXCSUM_IPOFLD | RXCSUM_TUOFLD);
    if (nic->device == E1000_82574L)
        e1000_write(nic, RFCTL, RFCTL_NFSW_DIS | RFCTL_NFSR_DIS | RFCTL_ACK_DIS);
    e1000_write(nic, RCTL, RCTL_EN | RCTL_UPE | RCTL_MPE | RCTL_BAM | RCTL_SECRC);
    e1000_write(nic, RDT, E1000_RING - 1);
}

/* --- the address ------------------------------------------------------------------------------ */

static bool is_address(const u8 *mac)
{
    u32 any = 0;
    for (u32 i = 0; i < 6; i++)
        any |= mac[i];
    return any && !(mac[0] & 1);
}

/* A word of the EEPROM, or NVM; 0 if it does not answer. */
static u32 eeprom_read(struct e1000 *nic, u32 index)
{
    bool pcie = nic->device == E1000_82574L;
    u32 done = pcie ? EERD_DONE_574 : EERD_DONE_540;
    e1000_write(nic, EERD, index << (pcie ? EERD_ADDR_574 : EERD_ADDR_540) | EERD_START);
    return wait_for(nic, EERD, done, done, EEPROM_NS) ? EERD_DATA(e1000_read(nic, EERD)) : 0;
}

/* The first receive address, which the device has loaded after the reset, or else the EEPROM's. */
static bool read_address(struct e1000 *nic)
{
    u32 low = e1000_read(nic, RAL0);
    u32 high = e1000_read(nic, RAH0);
    for (u32 i = 0; i < 6; i++)
        nic->mac[i] = (u8)(i < 4 ? low >> 8 * i : high >> 8 * (i - 4));
    if ((high & RAH_AV) && is_address(nic->mac))
        return true;
    for (u32 i = 0; i < 3; i++) {
        u32 word = eeprom_read(nic, i);
        nic->mac[2 * i] = (u8)word;
        nic->mac[2 * i + 1] = (u8)(word >> 8);
    }
    return is_address(nic->mac);
}

/* --- from outside ----------------------------------------------------------------------------- */

static void look_at_link(struct e1000 *nic)
{
    u32 status = e1000_read(nic, STATUS);
    if (status == UINT32_MAX) {
        home_log("e1000: it does not answer any more\n");
        nic->working = nic->link_up = false;
        e1000_give_up(nic);
        return;
    }
    bool up = status & STATUS_LU;
    if (up != nic->link_up)
        home_log("e1000: the link is %s\n", up ? "up" : "down");
    nic->link_up = up;
}

/* Unmasks what is masked, and sends interrupts from now on. */
static void arm(struct e1000 *nic, bool tx)
{
    u32 causes = 0;
    if (nic->interrupts == E1000_MSIX) {
        causes |= nic->rx_armed ? 0 : CAUSE_RXQ0;
        causes |= tx && !nic->tx_armed ? CAUSE_TXQ0 : 0;
    } else {
        causes |= nic->rx_armed ? 0 : CAUSE_RXT0 | CAUSE_LSC;
        causes |= tx && !nic->tx_armed ? CAUSE_TXDW : 0;
    }
    if (causes)
        e1000_write(nic, IMS, causes);
    nic->rx_armed = true;
    nic->tx_armed |= tx;
}

static enum e1000_error start(struct e1000 *nic)
{
    nic->working = nic->link_up = nic->seen_busy = false;
    enum e1000_error error = reset_device(nic);
    e1000_give_up(nic);
    if (error)
        return error;
    home_device_was_reset(nic->dma);
    if (!read_address(nic))
        return E1000_NO_ADDRESS;
    e1000_start_tx(nic);
    e1000_start_rx(nic);
    set_up_link(nic);
    set_up_interrupts(nic);
    set_up_tx(nic);
    set_up_rx(nic);
    nic->working = true;
    nic->link_up = e1000_read(nic, STATUS) & STATUS_LU;
    nic->rx_armed = nic->tx_armed = false;
    arm(nic, false);
    return E1000_OK;
}

enum e1000_error e1000_open(struct e1000 *nic, struct registers registers, const struct dma *dma,
                            u32 device, enum e1000_interrupts interrupts)
{
    *nic = (struct e1000){
        .registers = registers,
        .dma = dma,
        .device = device,
        .interrupts = interrupts,
    };
    if (device != E1000_82540EM && device != E1000_82574L)
        return E1000_UNKNOWN;
    if (registers.size < REGISTERS_SIZE)
        return E1000_TOO_SMALL;
    if (dma->size < E1000_DMA_SIZE || !is_aligned((u64)dma->base, DMA_RX))
        return E1000_NO_MEMORY;
    nic->tx = (volatile struct e1000_descriptor *)(dma->base + DMA_TX);
    nic->rx = (volatile struct e1000_descriptor *)(dma->base + DMA_RX);
    return start(nic);
}

bool e1000_reset(struct e1000 *nic)
{
    nic->counters.resets++;
    enum e1000_error error = start(nic);
    if (error)
        home_log("e1000: after a reset it does not work: %s\n", e1000_error_text(error));
    return !error;
}

void e1000_interrupt(struct e1000 *nic)
{
    nic->counters.interrupts++;
    if (!nic->working)
        return;
    if (nic->interrupts == E1000_MSIX) {
        nic->rx_armed = nic->tx_armed = false;
        return;
    }
    u32 causes = e1000_read(nic, ICR);
    if (causes & CAUSE_LSC)
        look_at_link(nic);
    if ((causes & CAUSE_TXDW) && nic->tx_armed) {
        e1000_write(nic, IMC, CAUSE_TXDW);
        nic->tx_armed = false;
    }
}

bool e1000_may_sleep(struct e1000 *nic)
{
    if (!nic->working)
        return !e1000_has_sent(nic);
    e1000_flush(nic);
    if (nic->rx_held == 0)
        e1000_give_back(nic); /* of frames that were dropped */
    if (e1000_has_received(nic) || e1000_has_sent(nic))
        return false;
    arm(nic, e1000_is_sending(nic));
    return !e1000_has_received(nic) && !e1000_has_sent(nic);
}

void e1000_poll(struct e1000 *nic, u64 now_ns)
{
    if (!nic->working)
        return;
    look_at_link(nic);
    if (!nic->working || !e1000_is_sending(nic)) {
        nic->seen_busy = false;
        return;
    }
    u32 head = e1000_read(nic, TDH);
    if (!nic->seen_busy || nic->seen_head != head || nic->seen_reports != nic->reports) {
        nic->seen_busy = true;
        nic->seen_head = head;
        nic->seen_reports = nic->reports;
        nic->seen_ns = now_ns;
        return;
    }
    if (now_ns - nic->seen_ns < STUCK_NS)
        return;
    home_log("e1000: it does not send any more, and is reset\n");
    if (e1000_reset(nic))
        home_log("e1000: it works again\n");
}
