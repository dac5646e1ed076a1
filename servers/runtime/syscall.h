/*
 * The system calls as C functions: one thin stub for each, with the name, the arguments and the
 * result that libpv/include/abi/syscall.h and ABI.md give it. Slots are indices into the caller's
 * own table of capabilities. ipc.h, included here, has those for messages and events.
 *
 * At the end are four that call again until all is done, for calls that do a bounded bite of work.
 */
#pragma once
#include <abi/info.h>
#include <runtime/ipc.h>

/* For results that change nothing of what the caller does next; say why where you use it. */
static inline void ignore_status(status result)
{
    (void)result;
}

/* The instruction itself, by number of arguments. Argument registers are destroyed. */
static inline status syscall_0(u64 number)
{
    status result = (status)number;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     :
                     : "rdi", "rsi", "rdx", "r8", "r9", "r10", "rcx", "r11", "memory");
    return result;
}

static inline status syscall_1(u64 number, u64 a)
{
    status result = (status)number;
    __asm__ volatile("syscall"
                     : "+a"(result), "+D"(a)
                     :
                     : "rsi", "rdx", "r8", "r9", "r10", "rcx", "r11", "memory");
    return result;
}

static inline status syscall_2(u64 number, u64 a, u64 b)
{
    status result = (status)number;
    __asm__ volatile("syscall"
                     : "+a"(result), "+D"(a), "+S"(b)
                     :
                     : "rdx", "r8", "r9", "r10", "rcx", "r11", "memory");
    return result;
}

static inline status syscall_3(u64 number, u64 a, u64 b, u64 c)
{
    status result = (status)number;
    __asm__ volatile("syscall"
                     : "+a"(result), "+D"(a), "+S"(b), "+d"(c)
                     :
                     : "r8", "r9", "r10", "rcx", "r11", "memory");
    return result;
}

static inline status syscall_4(u64 number, u64 a, u64 b, u64 c, u64 d)
{
    status result = (status)number;
    register u64 r8 __asm__("r8") = d;
    __asm__ volatile("syscall"
                     : "+a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r8)
                     :
                     : "r9", "r10", "rcx", "r11", "memory");
    return result;
}

static inline status syscall_5(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e)
{
    status result = (status)number;
    register u64 r8 __asm__("r8") = d;
    register u64 r9 __asm__("r9") = e;
    __asm__ volatile("syscall"
                     : "+a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r8), "+r"(r9)
                     :
                     : "r10", "rcx", "r11", "memory");
    return result;
}

static inline status syscall_6(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
    status result = (status)number;
    register u64 r8 __asm__("r8") = d;
    register u64 r9 __asm__("r9") = e;
    register u64 r10 __asm__("r10") = f;
    __asm__ volatile("syscall"
                     : "+a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r8), "+r"(r9), "+r"(r10)
                     :
                     : "rcx", "r11", "memory");
    return result;
}

/* Does nothing: what it costs to enter the kernel. */
static inline must_check status null_call(void)
{
    return syscall_0(SYS_NULL);
}

/* Endpoints and events. */

static inline must_check status endpoint_create(u32 pool, u32 slot)
{
    return syscall_2(SYS_ENDPOINT_CREATE, pool, slot);
}

static inline must_check status event_create(u32 pool, u32 slot)
{
    return syscall_2(SYS_EVENT_CREATE, pool, slot);
}

static inline must_check status event_bind(u32 event, u32 thread)
{
    return syscall_2(SYS_EVENT_BIND, event, thread);
}

/* Capabilities. */

static inline must_check status cap_copy(u32 space, u32 new_slot, u32 own_slot, u64 rights,
                                         u64 badge)
{
    return syscall_5(SYS_CAP_COPY, space, new_slot, own_slot, rights, badge);
}

static inline must_check status cap_drop(u32 space, u32 slot)
{
    return syscall_2(SYS_CAP_DROP, space, slot);
}

static inline must_check status cap_info(u32 slot, struct cap_info *info)
{
    return syscall_2(SYS_CAP_INFO, slot, (u64)info);
}

/* One step of it: see object_destroy_all. */
static inline must_check status object_destroy(u32 slot)
{
    return syscall_1(SYS_OBJECT_DESTROY, slot);
}

/* Memory. */

static inline must_check status pool_create(u32 pool, u32 slot, u64 pages, u64 highest_priority)
{
    return syscall_4(SYS_POOL_CREATE, pool, slot, pages, highest_priority);
}

static inline must_check status pool_info(u32 pool, struct pool_info *info)
{
    return syscall_2(SYS_POOL_INFO, pool, (u64)info);
}

static inline must_check status memory_create(u32 pool, u32 slot, u64 pages, u64 flags)
{
    return syscall_4(SYS_MEMORY_CREATE, pool, slot, pages, flags);
}

/* One step of it: see memory_commit_all. */
static inline must_check status memory_commit(u32 memory, u64 first_page, u64 pages)
{
    return syscall_3(SYS_MEMORY_COMMIT, memory, first_page, pages);
}

static inline must_check status memory_physical(u32 machine, u32 pool, u32 slot, u64 address,
                                                u64 pages, enum memory_cache cache)
{
    return syscall_6(SYS_MEMORY_PHYSICAL, machine, pool, slot, address, pages, cache);
}

static inline must_check status memory_info(u32 memory, struct memory_info *info)
{
    return syscall_2(SYS_MEMORY_INFO, memory, (u64)info);
}

static inline must_check status space_create(u32 pool, u32 slot)
{
    return syscall_2(SYS_SPACE_CREATE, pool, slot);
}

static inline must_check status space_map(u32 space, u32 memory, u64 address, u64 first_page,
                                          u64 pages, u64 rights)
{
    return syscall_6(SYS_SPACE_MAP, space, memory, address, first_page, pages, rights);
}

/* One step of it: see space_unmap_all. */
static inline must_check status space_unmap(u32 space, u64 address)
{
    return syscall_2(SYS_SPACE_UNMAP, space, address);
}

/* One step of it: see space_populate_all. */
static inline must_check status space_populate(u32 space, u64 address, u64 pages)
{
    return syscall_3(SYS_SPACE_POPULATE, space, address, pages);
}

/* Running. */

static inline must_check status share_create(u32 pool, u32 slot, u64 priority, u64 weight,
                                             u64 cap_ns)
{
    return syscall_5(SYS_SHARE_CREATE, pool, slot, priority, weight, cap_ns);
}

static inline must_check status share_set(u32 share, u64 weight, u64 cap_ns)
{
    return syscall_3(SYS_SHARE_SET, share, weight, cap_ns);
}

static inline must_check status share_info(u32 share, struct share_info *info)
{
    return syscall_2(SYS_SHARE_INFO, share, (u64)info);
}

static inline must_check status thread_create(u32 pool, u32 slot, u32 space, u32 share,
                                              u32 fault_endpoint, u64 flags)
{
    return syscall_6(SYS_THREAD_CREATE, pool, slot, space, share, fault_endpoint, flags);
}

static inline must_check status thread_write(u32 thread, const struct thread_registers *registers)
{
    return syscall_2(SYS_THREAD_WRITE, thread, (u64)registers);
}

static inline must_check status thread_read(u32 thread, struct thread_registers *registers)
{
    return syscall_2(SYS_THREAD_READ, thread, (u64)registers);
}

static inline must_check status thread_resume(u32 thread)
{
    return syscall_1(SYS_THREAD_RESUME, thread);
}

static inline must_check status thread_stop(u32 thread)
{
    return syscall_1(SYS_THREAD_STOP, thread);
}

static inline must_check status thread_info(u32 thread, struct thread_info *info)
{
    return syscall_2(SYS_THREAD_INFO, thread, (u64)info);
}

static inline void yield(void)
{
    ignore_status(syscall_0(SYS_YIELD)); /* it has nothing that could be wrong */
}

/* Devices. */

static inline must_check status device_create(u32 machine, u32 pool, u32 slot,
                                              enum device_kind kind, u64 a, u64 b)
{
    return syscall_6(SYS_DEVICE_CREATE, machine, pool, slot, kind, a, b);
}

static inline must_check status device_in(u32 device, u64 offset, u64 width)
{
    return syscall_3(SYS_DEVICE_IN, device, offset, width);
}

static inline must_check status device_out(u32 device, u64 offset, u64 width, u64 value)
{
    return syscall_4(SYS_DEVICE_OUT, device, offset, width, value);
}

static inline must_check status device_config_read(u32 device, u64 offset, u64 width)
{
    return syscall_3(SYS_DEVICE_CONFIG_READ, device, offset, width);
}

static inline must_check status device_config_write(u32 device, u64 offset, u64 width, u64 value)
{
    return syscall_4(SYS_DEVICE_CONFIG_WRITE, device, offset, width, value);
}

static inline must_check status device_release(u32 device)
{
    return syscall_1(SYS_DEVICE_RELEASE, device);
}

static inline must_check status dma_map(u32 device, u32 memory, u64 first_page, u64 pages)
{
    return syscall_4(SYS_DMA_MAP, device, memory, first_page, pages);
}

static inline must_check status dma_address(u32 device, u32 memory, u64 page)
{
    return syscall_3(SYS_DMA_ADDRESS, device, memory, page);
}

static inline must_check status dma_unmap(u32 device, u32 memory, u64 first_page)
{
    return syscall_3(SYS_DMA_UNMAP, device, memory, first_page);
}

static inline must_check status irq_create(u32 device, u32 pool, u32 slot, u64 line, u32 event,
                                           u64 bit)
{
    return syscall_6(SYS_IRQ_CREATE, device, pool, slot, line, event, bit);
}

static inline must_check status irq_ack(u32 irq)
{
    return syscall_1(SYS_IRQ_ACK, irq);
}

/* The machine. */

static inline must_check status machine_ioapic(u32 machine, u64 address, u64 first_line)
{
    return syscall_3(SYS_MACHINE_IOAPIC, machine, address, first_line);
}

static inline must_check status machine_alarm(u32 machine, u32 event, u64 bits, u64 tsc)
{
    return syscall_4(SYS_MACHINE_ALARM, machine, event, bits, tsc);
}

static inline must_check status machine_info(u32 machine, struct machine_info *info)
{
    return syscall_2(SYS_MACHINE_INFO, machine, (u64)info);
}

static inline must_check status machine_trace(u32 machine, struct trace_entry *entries, u64 count,
                                              u64 sequence)
{
    return syscall_4(SYS_MACHINE_TRACE, machine, (u64)entries, count, sequence);
}

static inline must_check status machine_panic(u32 machine, const char *text, u64 length)
{
    return syscall_3(SYS_MACHINE_PANIC, machine, (u64)text, length);
}

/* Those that take several steps. Each returns 0 when all is done, or the error that stopped it. */

static inline must_check status memory_commit_all(u32 memory, u64 first_page, u64 pages)
{
    while (pages != 0) {
        status done = memory_commit(memory, first_page, pages);
        if (done < 0)
            return done;
        first_page += (u64)done;
        pages -= (u64)done;
    }
    return 0;
}

static inline must_check status space_populate_all(u32 space, u64 address, u64 pages)
{
    while (pages != 0) {
        status done = space_populate(space, address, pages);
        if (done < 0)
            return done;
        address += (u64)done * PAGE_SIZE;
        pages -= (u64)done;
    }
    return 0;
}

static inline must_check status space_unmap_all(u32 space, u64 address)
{
    status result;
    do {
        result = space_unmap(space, address);
    } while (status_code(result) == ERR_AGAIN);
    return result;
}

/* ERR_BUSY: stopped for good, but memory is still held by others; call again when they let go. */
static inline must_check status object_destroy_all(u32 slot)
{
    status result;
    do {
        result = object_destroy(slot);
    } while (status_code(result) == ERR_AGAIN);
    return result;
}
