/*
 * What the arguments of each system call mean, a letter for each, in their order:
 *
 *   p pool          m memory         s space           S share          t thread
 *   e endpoint      v event          d device          j irq            M the machine
 *   l endpoint to wait at, or none   E fault endpoint, or none
 *   n empty slot    o own slot, any  q slot to empty   D slot of what is to be destroyed
 *   z any word      b event bits     g badge           r rights         c capabilities of IPC
 *   a address to map at              u address to unmap                 R rights to map with
 *   i first page    I pages          K pages of a new memory object     k pages of a new pool
 *   x structure to be written        X registers to be read             f memory flags
 *   P priority      W weight         C cap             T thread flags   F flags of wait
 *   w window        J point in time  y physical address                 h cache
 *   O port offset   B width          A offset in configuration space    Z the same, to be written
 *   L line          N bit            G address of an I/O APIC           H its first line
 *   Q trace entries U text and its length that may not be right
 *   1 kind of a device, 2 and 3 its values
 */
#include "fuzz.h"

static_assert(SYSCALLS == SYS_RAISE_WAIT + 1, "a new system call needs a line here");

const struct call calls[SYSCALLS] = {
#define CALL(name, arguments) [name] = {#name, arguments}
    CALL(SYS_CALL, "ezczzz"),
    CALL(SYS_REPLY_WAIT, "lzczzz"),
    CALL(SYS_WAIT, "lFc"),
    CALL(SYS_REPLY, "zzczzz"),
    CALL(SYS_NULL, ""),
    CALL(SYS_ENDPOINT_CREATE, "pn"),
    CALL(SYS_EVENT_CREATE, "pn"),
    CALL(SYS_EVENT_RAISE, "vbw"),
    CALL(SYS_EVENT_POLL, "v"),
    CALL(SYS_EVENT_BIND, "vt"),
    CALL(SYS_CAP_COPY, "snorg"),
    CALL(SYS_CAP_DROP, "sq"),
    CALL(SYS_CAP_INFO, "ox"),
    CALL(SYS_OBJECT_DESTROY, "D"),
    CALL(SYS_POOL_CREATE, "pnkP"),
    CALL(SYS_POOL_INFO, "px"),
    CALL(SYS_MEMORY_CREATE, "pnKf"),
    CALL(SYS_MEMORY_COMMIT, "miI"),
    CALL(SYS_MEMORY_PHYSICAL, "MpnyIh"),
    CALL(SYS_MEMORY_INFO, "mx"),
    CALL(SYS_SPACE_CREATE, "pn"),
    CALL(SYS_SPACE_MAP, "smaiIR"),
    CALL(SYS_SPACE_UNMAP, "su"),
    CALL(SYS_SPACE_POPULATE, "saI"),
    CALL(SYS_SHARE_CREATE, "pnPWC"),
    CALL(SYS_SHARE_SET, "SWC"),
    CALL(SYS_SHARE_INFO, "Sx"),
    CALL(SYS_THREAD_CREATE, "pnsSET"),
    CALL(SYS_THREAD_WRITE, "tX"),
    CALL(SYS_THREAD_READ, "tx"),
    CALL(SYS_THREAD_RESUME, "t"),
    CALL(SYS_THREAD_STOP, "t"),
    CALL(SYS_THREAD_INFO, "tx"),
    CALL(SYS_YIELD, ""),
    CALL(SYS_DEVICE_CREATE, "Mpn123"),
    CALL(SYS_DEVICE_IN, "dOB"),
    CALL(SYS_DEVICE_OUT, "dOBz"),
    CALL(SYS_DEVICE_CONFIG_READ, "dAB"),
    CALL(SYS_DEVICE_CONFIG_WRITE, "dZBz"),
    CALL(SYS_DEVICE_RELEASE, "d"),
    CALL(SYS_DMA_MAP, "dmiI"),
    CALL(SYS_DMA_ADDRESS, "dmi"),
    CALL(SYS_DMA_UNMAP, "dmi"),
    CALL(SYS_IRQ_CREATE, "dpnLvN"),
    CALL(SYS_IRQ_ACK, "j"),
    CALL(SYS_MACHINE_IOAPIC, "MGH"),
    CALL(SYS_MACHINE_ALARM, "MvbJ"),
    CALL(SYS_MACHINE_INFO, "Mx"),
    CALL(SYS_MACHINE_TRACE, "MxQz"),
    CALL(SYS_MACHINE_PANIC, "MUU"),
    CALL(SYS_CALL_CAPS, "ezczzz"),
    CALL(SYS_REPLY_WAIT_CAPS, "lzczzz"),
    CALL(SYS_RAISE_WAIT, "vbl"),
#undef CALL
};
