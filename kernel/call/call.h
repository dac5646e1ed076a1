/*
 * System calls: decoding.
 *
 * entry.asm calls the functions of this folder through syscall_table, with the arguments of the
 * system call. Each checks them all, in their order, and may fail. What it then asks of
 * kernel/object fails only for what can be known nowhere else (no memory, a limit, an overlap), and
 * then has changed nothing. What each call means is in libpv/include/ABI.md.
 */
#pragma once
#include "cpu/cpu.h"
#include "object/object.h"
#include "object/space.h"
#include "object/thread.h"
#include <abi/error.h>
#include <abi/info.h>
#include <abi/object.h>
#include <abi/syscall.h>

/* Goes on only if `expression`, a status, is no error. */
#define try(expression)                                                                            \
    do {                                                                                           \
        status try_status = (expression);                                                          \
        if (unlikely(try_status < 0))                                                              \
            return try_status;                                                                     \
    } while (0)

/* Refuses argument number `argument` with `code` if `condition` holds. */
#define refuse_if(condition, code, argument)                                                       \
    do {                                                                                           \
        if (unlikely(condition))                                                                   \
            return status_error(code, argument);                                                   \
    } while (0)

static inline struct thread *call_thread(void)
{
    return cpu_current(cpu_this());
}

/* Why call_cap refuses `cap`. */
status call_cap_error(const struct cap *cap, enum object_type type, unsigned argument);

/* The capability in a slot of the caller, if it names an object of `type` (OBJECT_NONE: of any) and
 * has all `rights`. */
static inline must_check status call_cap(u64 slot, enum object_type type, u64 rights,
                                         unsigned argument, struct cap **cap)
{
    struct cap *found = space_slot(call_thread()->space, slot);
    *cap = found;
    if (likely(found && (type == OBJECT_NONE || found->object->type == type) &&
               (found->rights & rights) == rights)) {
        return 0;
    }
    return call_cap_error(found, type, argument);
}

/* The same, giving the structure: call_find(slot, OBJECT_POOL, RIGHT_READ, 1, pool, &pool). */
#define call_find(slot, type, rights, argument, structure, result)                                 \
    __extension__({                                                                                \
        struct cap *find_cap;                                                                      \
        status find_status = call_cap(slot, type, rights, argument, &find_cap);                    \
        if (find_status >= 0)                                                                      \
            *(result) = container_of(find_cap->object, struct structure, object);                  \
        find_status;                                                                               \
    })

/* Is this slot of the caller empty, for a new capability? */
must_check status call_new_slot(u64 slot, unsigned argument);

/* Puts a fresh object into that slot, with all rights. If the table of slots cannot grow, there is
 * no object either. */
must_check status call_created(u64 slot, unsigned argument, struct object *object);

/* The machine, to which only root has a capability. */
must_check status call_machine(u64 slot, unsigned argument);

/* A structure of the caller, filled in from `from`. */
must_check status call_write(u64 address, const void *from, u64 bytes, unsigned argument);

typedef void (*call_handler)(void); /* with up to six arguments, giving a status */
extern const call_handler syscall_table[];
extern const u64 syscall_limit;
status syscall_unknown(void);
void event_raise_fast(void);
void raise_wait_fast(void);

#define HANDLER(name, ...) status call_##name(__VA_ARGS__)

/* ipc.c */
HANDLER(call, u64 endpoint, u64 word, u64 unused, u64 word1, u64 word2, u64 word3);
HANDLER(call_caps, u64 endpoint, u64 word, u64 caps, u64 word1, u64 word2, u64 word3);
HANDLER(reply_wait, u64 endpoint, u64 word, u64 unused, u64 word1, u64 word2, u64 word3);
HANDLER(reply_wait_caps, u64 endpoint, u64 word, u64 caps, u64 word1, u64 word2, u64 word3);
HANDLER(wait, u64 endpoint, u64 flags, u64 caps);
HANDLER(reply, u64 unused, u64 word, u64 caps, u64 word1, u64 word2, u64 word3);
HANDLER(null, void);
HANDLER(endpoint_create, u64 pool, u64 slot);
HANDLER(event_create, u64 pool, u64 slot);
HANDLER(event_raise, u64 event, u64 bits, u64 window);
HANDLER(raise_wait, u64 event, u64 bits, u64 endpoint);
HANDLER(event_poll, u64 event);
HANDLER(event_bind, u64 event, u64 thread);
/* object.c */
HANDLER(cap_copy, u64 space, u64 slot, u64 own, u64 rights, u64 badge);
HANDLER(cap_drop, u64 space, u64 slot);
HANDLER(cap_info, u64 slot, u64 address);
HANDLER(object_destroy, u64 slot);
HANDLER(pool_create, u64 pool, u64 slot, u64 pages, u64 priority);
HANDLER(pool_info, u64 pool, u64 address);
/* memory.c */
HANDLER(memory_create, u64 pool, u64 slot, u64 pages, u64 flags);
HANDLER(memory_commit, u64 memory, u64 first, u64 pages);
HANDLER(memory_physical, u64 machine, u64 pool, u64 slot, u64 physical, u64 pages, u64 cache);
HANDLER(memory_info, u64 memory, u64 address);
HANDLER(space_create, u64 pool, u64 slot);
HANDLER(space_map, u64 space, u64 memory, u64 address, u64 first, u64 pages, u64 rights);
HANDLER(space_unmap, u64 space, u64 address);
HANDLER(space_populate, u64 space, u64 address, u64 pages);
/* thread.c */
HANDLER(share_create, u64 pool, u64 slot, u64 priority, u64 weight, u64 cap);
HANDLER(share_set, u64 share, u64 weight, u64 cap);
HANDLER(share_info, u64 share, u64 address);
HANDLER(thread_create, u64 pool, u64 slot, u64 space, u64 share, u64 fault, u64 flags);
HANDLER(thread_write, u64 thread, u64 address);
HANDLER(thread_read, u64 thread, u64 address);
HANDLER(thread_resume, u64 thread);
HANDLER(thread_stop, u64 thread);
HANDLER(thread_info, u64 thread, u64 address);
HANDLER(yield, void);
/* device.c */
HANDLER(device_create, u64 machine, u64 pool, u64 slot, u64 kind, u64 first, u64 count);
HANDLER(device_in, u64 device, u64 offset, u64 width);
HANDLER(device_out, u64 device, u64 offset, u64 width, u64 value);
HANDLER(device_config_read, u64 device, u64 offset, u64 width);
HANDLER(device_config_write, u64 device, u64 offset, u64 width, u64 value);
HANDLER(device_release, u64 device);
HANDLER(dma_map, u64 device, u64 memory, u64 first, u64 pages);
HANDLER(dma_address, u64 device, u64 memory, u64 page);
HANDLER(dma_unmap, u64 device, u64 memory, u64 first);
HANDLER(irq_create, u64 device, u64 pool, u64 slot, u64 line, u64 event, u64 bit);
HANDLER(irq_ack, u64 irq);
/* machine.c */
HANDLER(machine_ioapic, u64 machine, u64 physical, u64 first_line);
HANDLER(machine_alarm, u64 machine, u64 event, u64 bits, u64 deadline);
HANDLER(machine_info, u64 machine, u64 address);
HANDLER(machine_trace, u64 machine, u64 address, u64 count, u64 sequence);
HANDLER(machine_panic, u64 machine, u64 address, u64 length);
