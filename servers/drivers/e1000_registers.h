/*
 * Registers and descriptors of the 82540EM and the 82574L, and what the files of their driver share
 * (e1000.h). Names are the manuals'; what only the 82574L has is marked so.
 */
#pragma once
#include <drivers/e1000.h>

#define REGISTERS_SIZE 0x20000ul /* of BAR 0 */

#define CTRL     0x0000ul
#define STATUS   0x0008ul
#define EECD     0x0010ul
#define EERD     0x0014ul
#define CTRL_EXT 0x0018ul
#define FCAL     0x0028ul /* flow control: address low... */
#define FCAH     0x002cul
#define FCT      0x0030ul
#define ICR      0x00c0ul
#define ITR      0x00c4ul
#define IMS      0x00d0ul
#define IMC      0x00d8ul
#define EIAC     0x00dcul /* 82574L */
#define IAM      0x00e0ul /* 82574L */
#define IVAR     0x00e4ul /* 82574L */
#define EITR0    0x00e8ul /* 82574L */
#define RCTL     0x0100ul
#define FCTTV    0x0170ul
#define TCTL     0x0400ul
#define TIPG     0x0410ul
#define RDBAL    0x2800ul
#define RDBAH    0x2804ul
#define RDLEN    0x2808ul
#define RDH      0x2810ul
#define RDT      0x2818ul
#define RDTR     0x2820ul
#define RADV     0x282cul
#define TDBAL    0x3800ul
#define TDBAH    0x3804ul
#define TDLEN    0x3808ul
#define TDH      0x3810ul
#define TDT      0x3818ul
#define TIDV     0x3820ul
#define TXDCTL   0x3828ul
#define TADV     0x382cul
#define TARC0    0x3840ul /* 82574L */
#define RXCSUM   0x5000ul
#define RFCTL    0x5008ul /* 82574L */
#define RAL0     0x5400ul
#define RAH0     0x5404ul

#define CTRL_GIO_MASTER_DISABLE (1u << 2) /* 82574L */
#define CTRL_LRST               (1u << 3)
#define CTRL_SLU                (1u << 6)
#define CTRL_ILOS               (1u << 7)
#define CTRL_FRCSPD             (1u << 11)
#define CTRL_FRCDPX             (1u << 12)
#define CTRL_RST                (1u << 26)
#define CTRL_RFCE               (1u << 27)
#define CTRL_TFCE               (1u << 28)
#define CTRL_VME                (1u << 30)
#define CTRL_PHY_RST            (1u << 31)

#define STATUS_LU                (1u << 1)
#define STATUS_GIO_MASTER_ENABLE (1u << 19) /* 82574L */

#define EECD_AUTO_RD (1u << 9) /* 82574L: the NVM has been read */

#define EERD_START      1u
#define EERD_DONE_540   (1u << 4)
#define EERD_DONE_574   (1u << 1)
#define EERD_ADDR_540   8u /* where the address begins */
#define EERD_ADDR_574   2u
#define EERD_DATA(eerd) ((eerd) >> 16)

/* 82574L */
#define CTRL_EXT_EIAME    (1u << 24)
#define CTRL_EXT_IAME     (1u << 27)
#define CTRL_EXT_DRV_LOAD (1u << 28)
#define CTRL_EXT_PBA      (1u << 31)

/* Causes of interrupts: ICR, IMS, IMC, EIAC, IAM. */
#define CAUSE_TXDW  1u
#define CAUSE_LSC   (1u << 2)
#define CAUSE_RXT0  (1u << 7)
#define CAUSE_RXQ0  (1u << 20) /* 82574L with MSI-X, like the next */
#define CAUSE_TXQ0  (1u << 22)
#define CAUSES_MSIX (CAUSE_RXQ0 | CAUSE_TXQ0)

/* IVAR: valid, vector 0. */
#define IVAR_RXQ0  0x8u
#define IVAR_TXQ0  0x800u
#define IVAR_OTHER 0x80000u

#define RCTL_EN    (1u << 1)
#define RCTL_UPE   (1u << 3) /* all unicast */
#define RCTL_MPE   (1u << 4) /* all multicast */
#define RCTL_BAM   (1u << 15)
#define RCTL_SECRC (1u << 26)

#define TCTL_EN   (1u << 1)
#define TCTL_PSP  (1u << 3)
#define TCTL_CT   (0x0fu << 4)
#define TCTL_COLD (0x40u << 12)

#define TIPG_COPPER 0x00602008u /* IPGT 8, IPGR1 8, IPGR2 6 */

#define TXDCTL_COUNT_DESC (1u << 22) /* 82574L: has to be 1 */
#define TXDCTL_GRAN       (1u << 24) /* thresholds count descriptors; all of them are 0 */

#define TARC0_ENABLE (1u << 10)

#define RXCSUM_IPOFLD (1u << 8)
#define RXCSUM_TUOFLD (1u << 9)

#define RFCTL_NFSW_DIS (1u << 6)
#define RFCTL_NFSR_DIS (1u << 7)
#define RFCTL_ACK_DIS  (1u << 12)

#define RAH_AV (1u << 31)

/*
 * A descriptor of either ring: legacy ones to receive, extended ones to send. In a context
 * descriptor the address is something else.
 */
struct e1000_descriptor {
    u64 address;
    u64 fields;
};
static_assert(sizeof(struct e1000_descriptor) == 16, "format");

#define DESCRIPTOR_DD  (1ul << 32) /* the device is done with it */
#define RX_LENGTH(f)   ((u32)((f)&0xffff))
#define RX_EOP         (1ul << 33)
#define RX_IXSM        (1ul << 34) /* ignore what is said of checksums */
#define RX_TCPCS       (1ul << 37)
#define RX_FRAME_ERROR (0x97ul << 40) /* CE, SE, SEQ, CXE, RXE */
#define RX_TCPE        (1ul << 45)
#define RX_IPE         (1ul << 46)

#define TX_DTYP_DATA  (1ul << 20)
#define TX_EOP        (1ul << 24)
#define TX_IFCS       (1ul << 25)
#define TX_RS         (1ul << 27)
#define TX_DEXT       (1ul << 29)
#define TX_POPTS_TXSM (1ul << 41)
#define TX_TCP        (1ul << 24) /* of a context descriptor, like the next */
#define TX_CONTEXT(start, at)                                                                      \
    ((u64)(start) << 32 | (u64)((start) + (at)) << 40) /* TUCSS, TUCSO; TUCSE 0: to the end */

/* Where in the DMA memory things are. */
#define DMA_TX      0ul
#define DMA_RX      4096ul
#define DMA_BUFFERS 8192ul
static_assert(E1000_RING * sizeof(struct e1000_descriptor) == 4096, "a ring is a page");

static inline u32 e1000_read(struct e1000 *nic, u64 offset)
{
    nic->counters.register_accesses++;
    return register_read32(&nic->registers, offset);
}

/* What was written to memory before is there when the device hears of this. */
static inline void e1000_write(struct e1000 *nic, u64 offset, u32 value)
{
    __asm__ volatile("" ::: "memory");
    nic->counters.register_accesses++;
    register_write32(&nic->registers, offset, value);
}

/* Both rings as at the beginning: all buffers with the device, nothing to send. */
void e1000_start_rx(struct e1000 *nic);
void e1000_start_tx(struct e1000 *nic);

/* Everything that is queued counts as done: the device does not use it any more. */
void e1000_give_up(struct e1000 *nic);

/* Is there something to receive, or to reap? */
bool e1000_has_received(const struct e1000 *nic);
bool e1000_has_sent(struct e1000 *nic);

/* Does the device have frames to send that it is not done with? */
bool e1000_is_sending(struct e1000 *nic);
