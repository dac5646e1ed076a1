/*
 * I/O APICs (Intel 82093AA): an index register, a data register, and behind them two words for each
 * line. The high word of a line says which processor, the low word all else.
 */
#include "cpu/ioapic.h"
#include "cpu/apic.h"
#include "memory/kernel_map.h"

#define IOAPIC_LIMIT      8u
#define IOAPIC_LINES      240u /* the most that one can have */
#define IOAPIC_WINDOW     0x20ul
#define MESSAGES          0xfee00000ul /* where a write would be an interrupt: to MESSAGES_END */
#define MESSAGES_END      0xfef00000ul
#define IOREGSEL          0 /* as indices of 32-bit words */
#define IOWIN             4
#define IOAPICVER         0x01u
#define IOREDTBL          0x10u
#define REDIRECTION_LOW   (1u << 13)
#define REDIRECTION_LEVEL (1u << 15)
#define REDIRECTION_MASK  (1u << 16)

struct ioapic {
    u64 phys;
    volatile u32 *registers;
    u32 first, count;
};

static struct ioapic ioapics[IOAPIC_LIMIT];
static u32 ioapic_count;

static u32 ioapic_read(const struct ioapic *ioapic, u32 index)
{
    ioapic->registers[IOREGSEL] = index;
    return ioapic->registers[IOWIN];
}

static void ioapic_write(const struct ioapic *ioapic, u32 index, u32 value)
{
    ioapic->registers[IOREGSEL] = index;
    ioapic->registers[IOWIN] = value;
}

/* The I/O APIC that has a line; NULL if none has. */
static const struct ioapic *find(u32 line)
{
    for (u32 i = 0; i < ioapic_count; i++) {
        if (line >= ioapics[i].first && line - ioapics[i].first < ioapics[i].count) {
            return &ioapics[i];
        }
    }
    return NULL;
}

static u32 index_low(const struct ioapic *ioapic, u32 line)
{
    return IOREDTBL + 2 * (line - ioapic->first);
}

static bool overlaps(const struct ioapic *new)
{
    for (u32 i = 0; i < ioapic_count; i++) {
        if (ranges_overlap(new->first, new->count, ioapics[i].first, ioapics[i].count)) {
            return true;
        }
    }
    return false;
}

static bool is_known(u64 phys)
{
    for (u32 i = 0; i < ioapic_count; i++) {
        if (ioapics[i].phys == phys) {
            return true;
        }
    }
    return false;
}

bool ioapic_add(u64 phys, u32 first_line)
{
    struct ioapic new = {.phys = phys, .first = first_line};
    if (ioapic_count == IOAPIC_LIMIT || is_known(phys) || !is_aligned(phys, IOAPIC_WINDOW) ||
        (phys >= MESSAGES && phys < MESSAGES_END)) {
        return false;
    }
    new.registers = kernel_map_registers(phys, IOAPIC_WINDOW);
    if (!new.registers) {
        return false;
    }
    u32 version = ioapic_read(&new, IOAPICVER);
    new.count = (version >> 16 & 0xff) + 1;
    if ((version & 0xff) == 0 || (version & 0xff) == 0xff || new.count > IOAPIC_LINES ||
        first_line > ~0u - IOAPIC_LINES || overlaps(&new)) {
        return false;
    }
    for (u32 line = first_line; line < first_line + new.count; line++) {
        ioapic_write(&new, index_low(&new, line), REDIRECTION_MASK);
    }
    ioapics[ioapic_count++] = new;
    return true;
}

bool ioapic_route(u32 line, u8 vector, bool level, bool active_low)
{
    const struct ioapic *ioapic = find(line);
    if (!ioapic) {
        return false;
    }
    u32 index = index_low(ioapic, line);
    ioapic_write(ioapic, index, REDIRECTION_MASK);
    ioapic_write(ioapic, index + 1, apic_id() << 24);
    ioapic_write(ioapic, index,
                 REDIRECTION_MASK | vector | (level ? REDIRECTION_LEVEL : 0) |
                     (active_low ? REDIRECTION_LOW : 0));
    return true;
}

void ioapic_mask(u32 line, bool masked)
{
    const struct ioapic *ioapic = find(line);
    if (!ioapic) {
        return;
    }
    u32 index = index_low(ioapic, line);
    u32 low = ioapic_read(ioapic, index);
    ioapic_write(ioapic, index, masked ? low | REDIRECTION_MASK : low & ~REDIRECTION_MASK);
}
