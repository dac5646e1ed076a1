/* The table of system calls, and what all of them use to find their arguments; see call.h. */
#include "call/call.h"
#include "cpu/user.h"
#include "object/device.h"
#include "object/space.h"

#define ENTRY(number, name) [number] = (call_handler)call_##name

const call_handler syscall_table[SYSCALL_COUNT] = {
    ENTRY(SYS_CALL, call),
    ENTRY(SYS_REPLY_WAIT, reply_wait),
    ENTRY(SYS_CALL_CAPS, call_caps),
    ENTRY(SYS_REPLY_WAIT_CAPS, reply_wait_caps),
    [SYS_RAISE_WAIT] = raise_wait_fast, /* the same; else call_raise_wait */
    ENTRY(SYS_WAIT, wait),
    ENTRY(SYS_REPLY, reply),
    ENTRY(SYS_NULL, null),
    ENTRY(SYS_ENDPOINT_CREATE, endpoint_create),
    ENTRY(SYS_EVENT_CREATE, event_create),
    [SYS_EVENT_RAISE] = event_raise_fast, /* cpu/event_fast.asm; else call_event_raise */
    ENTRY(SYS_EVENT_POLL, event_poll),
    ENTRY(SYS_EVENT_BIND, event_bind),
    ENTRY(SYS_CAP_COPY, cap_copy),
    ENTRY(SYS_CAP_DROP, cap_drop),
    ENTRY(SYS_CAP_INFO, cap_info),
    ENTRY(SYS_OBJECT_DESTROY, object_destroy),
    ENTRY(SYS_POOL_CREATE, pool_create),
    ENTRY(SYS_POOL_INFO, pool_info),
    ENTRY(SYS_MEMORY_CREATE, memory_create),
    ENTRY(SYS_MEMORY_COMMIT, memory_commit),
    ENTRY(SYS_MEMORY_PHYSICAL, memory_physical),
    ENTRY(SYS_MEMORY_INFO, memory_info),
    ENTRY(SYS_SPACE_CREATE, space_create),
    ENTRY(SYS_SPACE_MAP, space_map),
    ENTRY(SYS_SPACE_UNMAP, space_unmap),
    ENTRY(SYS_SPACE_POPULATE, space_populate),
    ENTRY(SYS_SHARE_CREATE, share_create),
    ENTRY(SYS_SHARE_SET, share_set),
    ENTRY(SYS_SHARE_INFO, share_info),
    ENTRY(SYS_THREAD_CREATE, thread_create),
    ENTRY(SYS_THREAD_WRITE, thread_write),
    ENTRY(SYS_THREAD_READ, thread_read),
    ENTRY(SYS_THREAD_RESUME, thread_resume),
    ENTRY(SYS_THREAD_STOP, thread_stop),
    ENTRY(SYS_THREAD_INFO, thread_info),
    ENTRY(SYS_YIELD, yield),
    ENTRY(SYS_DEVICE_CREATE, device_create),
    ENTRY(SYS_DEVICE_IN, device_in),
    ENTRY(SYS_DEVICE_OUT, device_out),
    ENTRY(SYS_DEVICE_CONFIG_READ, device_config_read),
    ENTRY(SYS_DEVICE_CONFIG_WRITE, device_config_write),
    ENTRY(SYS_DEVICE_RELEASE, device_release),
    ENTRY(SYS_DMA_MAP, dma_map),
    ENTRY(SYS_DMA_ADDRESS, dma_address),
    ENTRY(SYS_DMA_UNMAP, dma_unmap),
    ENTRY(SYS_IRQ_CREATE, irq_create),
    ENTRY(SYS_IRQ_ACK, irq_ack),
    ENTRY(SYS_MACHINE_IOAPIC, machine_ioapic),
    ENTRY(SYS_MACHINE_ALARM, machine_alarm),
    ENTRY(SYS_MACHINE_INFO, machine_info),
    ENTRY(SYS_MACHINE_TRACE, machine_trace),
    ENTRY(SYS_MACHINE_PANIC, machine_panic),
};
const u64 syscall_limit = SYSCALL_COUNT;

status syscall_unknown(void)
{
    return status_error(ERR_SYSCALL, 0);
}

status call_cap_error(const struct cap *cap, enum object_type type, unsigned argument)
{
    refuse_if(!cap, ERR_SLOT, argument);
    refuse_if(type != OBJECT_NONE && cap->object->kind != type, ERR_TYPE, argument);
    refuse_if(type != OBJECT_NONE && cap->object->type != type, ERR_DEAD, argument);
    return status_error(ERR_RIGHTS, argument);
}

status call_new_slot(u64 slot, unsigned argument)
{
    enum error error = space_check_slot(call_thread()->space, slot);
    return error ? status_error(error, argument) : 0;
}

status call_created(u64 slot, unsigned argument, struct object *object)
{
    enum error error = space_fill_slot(call_thread()->space, slot, object, RIGHT_ALL, 0);
    if (!error) {
        return 0;
    }
    while (object_destroy_step(object)) {
        /* a fresh object takes a few steps */
    }
    return status_error(error, argument);
}

status call_machine(u64 slot, unsigned argument)
{
    struct device *device;
    try(call_find(slot, OBJECT_DEVICE, RIGHT_CONTROL, argument, device, &device));
    refuse_if(device->kind != DEVICE_MACHINE, ERR_TYPE, argument);
    return 0;
}

status call_write(u64 address, const void *from, u64 bytes, unsigned argument)
{
    struct space *space = call_thread()->space;
    bool writable = space_writable(space, address) && space_writable(space, address + bytes - 1);
    refuse_if(!writable || !user_write(address, from, bytes), ERR_ADDRESS, argument);
    return 0;
}
