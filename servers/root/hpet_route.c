/*
 * Asking the HPET which lines a timer can use. See hpet_route.h.
 */
#include <runtime/map.h>
#include <runtime/syscall.h>

#include "hpet_route.h"
#include "root.h"

/* Registers, 2.3.4 and 2.3.8. */
#define GCAP_ID             0x00
#define GCAP_NUM_TIM_CAP(r) ((u32)((r) >> 8) & 31)
#define TN_CONF_CAP(n)      (0x100 + 0x20 * (u64)(n))
#define TN_INT_ROUTE_CAP(r) ((u32)((r) >> 32))

/* The lines that the timer can use; 0: there is no such timer. */
static u32 routes_read(const volatile u8 *registers, u32 timer)
{
    u64 capabilities = *(const volatile u64 *)(registers + GCAP_ID);
    if (capabilities == ~0ul || capabilities == 0 || timer > GCAP_NUM_TIM_CAP(capabilities))
        return 0;
    return TN_INT_ROUTE_CAP(*(const volatile u64 *)(registers + TN_CONF_CAP(timer)));
}

const char *hpet_route(u64 address, u32 timer, struct hpet_lines *lines, u32 *line)
{
    u64 offset = address % PAGE_SIZE;
    if (offset > PAGE_SIZE - HPET_REGISTERS || offset % 8 != 0 ||
        memory_physical(BOOT_SLOT_MACHINE, BOOT_SLOT_POOL, ROOT_SLOT_REGISTERS, address - offset, 1,
                        CACHE_UNCACHED) < 0)
        return "HPET at an address that can be used";
    u32 routes = 0;
    const u8 *registers = map_memory(ROOT_SLOT_REGISTERS, 0, 1, RIGHT_READ);
    if (registers)
        routes = routes_read(registers + offset, timer);
    unmap((void *)registers);
    must(object_destroy_all(ROOT_SLOT_REGISTERS), "giving the HPET's registers back");
    if (routes == 0)
        return timer == 0 ? "HPET that can interrupt" : "HPET with so many timers";
    *line = hpet_line_choose(routes, lines);
    hpet_line_taken(lines, *line);
    return NULL;
}
