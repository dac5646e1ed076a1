/*
 * A server that has been granted devices of QEMU and memory of root's, and tries that all of it
 * works: registers, interrupts by MSI-X, by MSI and by a line, DMA; and that what it was not
 * granted stays out of reach. Killed and restarted it does the same again, and finds what it left
 * in the memory that outlives it.
 *
 * Devices that were not granted are passed over; each that was is a line in the log, and at the end
 * of each life comes `life K: N checks, 0 failed`.
 */
#include "../check.h"
#include "devices.h"

#include <base/string.h>
#include <runtime/clock.h>
#include <runtime/map.h>
#include <runtime/slots.h>
#include <service/clock.h>
#include <service/root.h>

#define PATIENCE (20 * NS_PER_SECOND) /* no device needs so long, however busy the host is */
#define SETTLED  NS_PER_MS

static u64 seen; /* event bits that came and nobody has waited for */

unsigned failures_of(void (*test)(void))
{
    unsigned before = failures;
    test();
    return failures - before;
}

void device_check_at(bool holds, const char *what, int line)
{
    check_at(holds, what, line);
}

bool device_interrupt(const struct grant *irq)
{
    u64 bit = 1ul << irq->value[0], bits, start_tsc = tsc();
    while (!(seen & bit)) {
        if (event_poll(SLOT_EVENT, &bits) >= 0)
            seen |= bits;
        if (clock_to_ns(tsc() - start_tsc, start->tsc_hz) > PATIENCE)
            return false;
    }
    seen &= ~bit;
    return true;
}

void device_settle(const struct grant *irq)
{
    u64 begin = tsc();
    while (clock_to_ns(tsc() - begin, start->tsc_hz) < SETTLED)
        (void)device_is_quiet(irq);
    seen &= ~(1ul << irq->value[0]);
}

bool device_is_quiet(const struct grant *irq)
{
    u64 bits;
    if (event_poll(SLOT_EVENT, &bits) >= 0)
        seen |= bits;
    return !(seen & 1ul << irq->value[0]);
}

/* What no device may allow: it is root that writes configuration space and binds interrupts. */
void device_test_rights(const char *name)
{
    const struct grant *device = grant_find(GRANT_DEVICE, name);
    u32 slot = slot_allocate();
    check(device_config_read(device->slot, 0, 4) == (status)device->value[1]);
    check(status_code(device_config_write(device->slot, 4, 2, 7)) == ERR_RIGHTS);
    check(status_code(device_release(device->slot)) == ERR_RIGHTS);
    check(status_code(irq_create(device->slot, SLOT_POOL, slot, IRQ_MESSAGE, SLOT_EVENT, 5)) ==
          ERR_RIGHTS);
    check(status_code(object_destroy(device->slot)) == ERR_RIGHTS);
    slot_free(slot);
}

/* --- memory ---------------------------------------------------------------------------------- */

/* Whether the last word of this memory says how many lives there were; then counts this one. */
static bool count_life(u8 *base, u64 size)
{
    u64 *count = (u64 *)(base + size - sizeof(*count));
    bool right = *count == start->restarts;
    *count = start->restarts + 1;
    return right;
}

static void test_dma_memory(void)
{
    const struct grant *grant = grant_find(GRANT_DMA, "edu");
    check(grant != NULL);
    if (!grant)
        return;
    check(grant->value[0] == 16 << 10);
    u8 *base = map_memory(grant->slot, 0, grant->value[0] / PAGE_SIZE, RIGHT_READ | RIGHT_WRITE);
    check(base && count_life(base, grant->value[0]));
    check(status_code(object_destroy(grant->slot)) == ERR_RIGHTS);
    unmap(base);
}

/* A file of the archive lies at its beginning, and zeroes behind it. */
static void test_ram(void)
{
    static const char text[] = "Once upon a time";
    const struct grant *grant = grant_find(GRANT_RAM, "disk");
    const struct grant *empty = grant_find(GRANT_RAM, "empty");
    check(grant && empty);
    if (!grant || !empty)
        return;
    u64 size = grant->value[0], length = 0;
    check(size == 3 << 20 && empty->value[0] == PAGE_SIZE);
    u8 *base = map_memory(grant->slot, 0, size / PAGE_SIZE, RIGHT_READ | RIGHT_WRITE);
    check(base && memcmp(base, text, sizeof(text) - 1) == 0);
    for (u64 i = 0; base && i < size - 8; i++)
        length = base[i] ? i + 1 : length;
    /* As the test made it: larger than what root copies at a time. */
    check(length == (2ul << 20) + 5);
    check(base && memcmp(base + length - 5, "after", 5) == 0);
    check(base && count_life(base, size));
    unmap(base);
}

static void test_clock_page(void)
{
    const struct grant *grant = grant_find(GRANT_MEMORY, "clock");
    check(grant && grant->value[0] == PAGE_SIZE);
    if (!grant)
        return;
    struct clock_page *page = map_memory(grant->slot, 0, 1, RIGHT_READ);
    check(page && page->magic == 0); /* nobody writes it here */
    unmap(page);
    check(status_code(space_map(SLOT_SPACE, grant->slot, DEVICE_ADDRESS, 0, 1,
                                RIGHT_READ | RIGHT_WRITE)) == ERR_RIGHTS);
}

static void test_share(void)
{
    const struct grant *grant = grant_find(GRANT_SHARE, "keeper");
    struct share_info info = {0};
    check(grant && share_info(grant->slot, &info) == 0);
    check(info.priority == 9 && info.weight == 100 && info.cap_ns == 0);
    check(grant && share_set(grant->slot, 100, 0) == 0);
}

/* --- all of it ------------------------------------------------------------------------------- */

static void test_device(const char *name, void (*test)(void))
{
    if (!grant_find(GRANT_DEVICE, name)) {
        check(!grant_find(GRANT_IRQ, name) && !grant_find(GRANT_REGISTERS, name));
        return;
    }
    device_test_rights(name);
    print("%s: %u failed\n", name, failures_of(test));
}

static void tell_root(void)
{
    struct message m = {.word = {ROOT_READY}};
    check(ipc_call(SLOT_ROOT, &m, 0) == 0);
}

int main(void)
{
    tell_root();
    test_dma_memory();
    test_ram();
    test_clock_page();
    test_share();
    test_device("edu", edu_test);
    test_device("e1000", e1000_test);
    test_device("e1000e", e1000e_test);
    test_device("ahci", ahci_test);
    print("life %lu", start->restarts);
    check_report();
    for (;;) {
        struct message m;
        ignore_status(ipc_wait(SLOT_NONE, 0, &m, 0)); /* there is nothing more to do */
    }
}
