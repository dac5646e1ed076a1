/*
 * From the grants of a configuration to capabilities: what a server may touch is made from its own
 * pool or copied from root's, always with the least rights that do, and named in its start page.
 */
#include <base/string.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#include "grants.h"
#include "hardware.h"
#include "hpet_route.h"
#include "status.h"

struct grant *give_begin(struct giving *giving, enum grant_kind kind)
{
    u32 index = giving->info->grant_count;
    struct grant *grant = &giving->info->grants[index];
    *grant = (struct grant){.kind = kind, .slot = SLOT_GRANTS + index};
    memcpy(grant->name, giving->what->name, sizeof(grant->name));
    return grant;
}

u32 give_slot(const struct giving *giving)
{
    return server_slot(giving->server, SERVER_SLOT_GRANTS + giving->info->grant_count);
}

u32 give_pool(const struct giving *giving)
{
    return server_slot(giving->server, SERVER_SLOT_POOL);
}

bool give(struct giving *giving, status made, u32 slot, u64 rights, u64 badge)
{
    const struct grant *grant = &giving->info->grants[giving->info->grant_count];
    if (made >= 0)
        made = cap_copy(server_slot(giving->server, SERVER_SLOT_SPACE), grant->slot, slot, rights,
                        badge);
    giving->info->grant_count++;
    return server_step(giving->server, made, giving->what->name);
}

static bool give_ports(struct giving *giving)
{
    const struct config_grant *what = giving->what;
    struct grant *grant = give_begin(giving, GRANT_PORTS);
    grant->value[0] = what->a;
    grant->value[1] = what->b;
    u32 slot = give_slot(giving);
    status made =
        device_create(BOOT_SLOT_MACHINE, give_pool(giving), slot, DEVICE_PORTS, what->a, what->b);
    return give(giving, made, slot, RIGHT_READ | RIGHT_WRITE, 0);
}

static bool give_irq(struct giving *giving)
{
    struct grant *grant = give_begin(giving, GRANT_IRQ);
    u64 line = giving->what->b;
    grant->value[0] = giving->next_bit;
    grant->value[1] = line & IRQ_LINE_MASK;
    grant->value[2] = line & IRQ_LEVEL ? 1 : 0;
    grant->value[3] = giving->what->kind == CONFIG_HPET ? giving->what->a : 0;
    u32 slot = give_slot(giving);
    status made = irq_create(BOOT_SLOT_MACHINE, give_pool(giving), slot, line,
                             server_slot(giving->server, SERVER_SLOT_EVENT), giving->next_bit);
    giving->next_bit++;
    return give(giving, made, slot, RIGHT_READ | RIGHT_WRITE, 0);
}

/* Memory of a device; the entry has been begun. `offset` gets where in the first page it begins. */
static bool give_physical(struct giving *giving, u64 address, u64 bytes, enum memory_cache cache,
                          u64 *offset)
{
    u32 slot = give_slot(giving);
    *offset = address % PAGE_SIZE;
    status made = memory_physical(BOOT_SLOT_MACHINE, give_pool(giving), slot, address - *offset,
                                  align_up(*offset + bytes, PAGE_SIZE) / PAGE_SIZE, cache);
    return give(giving, made, slot, RIGHT_READ | RIGHT_WRITE, 0);
}

bool give_registers(struct giving *giving, u64 address, u64 bytes, u64 number)
{
    struct grant *grant = give_begin(giving, GRANT_REGISTERS);
    grant->value[0] = bytes;
    grant->value[2] = number;
    return give_physical(giving, address, bytes, CACHE_UNCACHED, &grant->value[1]);
}

/* Without a screen there is no grant: a server can live without one. */
static bool give_screen(struct giving *giving)
{
    const struct boot_info *boot = boot_info;
    if (boot->framebuffer_type == 0)
        return true;
    struct grant *grant = give_begin(giving, GRANT_SCREEN);
    grant->value[0] = boot->framebuffer_width | (u64)boot->framebuffer_height << 32;
    grant->value[1] = boot->framebuffer_pitch | (u64)boot->framebuffer_bits << 32;
    grant->value[3] = boot->framebuffer_type;
    grant->value[4] = boot->red_position | boot->red_size << 8 | boot->green_position << 16 |
                      (u64)boot->green_size << 24 | (u64)boot->blue_position << 32 |
                      (u64)boot->blue_size << 40;
    u64 bytes = (u64)boot->framebuffer_pitch * boot->framebuffer_height;
    return give_physical(giving, boot->framebuffer, bytes, CACHE_WRITE_COMBINING, &grant->value[2]);
}

/* Of a server that will never run there is no grant: a call to it would wait for ever. The badge
 * tells the called server which of its clients, and which of that client's grants, is used. */
static bool give_service(struct giving *giving)
{
    const struct server *called = &servers[giving->what->a];
    if (server_is_gone(called))
        return true;
    give_begin(giving, GRANT_SERVICE);
    u64 badge = (u64)(server_index(giving->server) + 1) << 8 | (giving->info->grant_count + 1);
    return give(giving, 0, server_slot(called, SERVER_SLOT_ENDPOINT), RIGHT_CALL, badge);
}

static bool give_share(struct giving *giving)
{
    give_begin(giving, GRANT_SHARE);
    return give(giving, 0, server_slot(&servers[giving->what->a], SERVER_SLOT_SHARE),
                RIGHT_READ | RIGHT_WRITE, 0);
}

static bool give_image(struct giving *giving)
{
    const struct program *program = &giving->server->program;
    struct grant *grant = give_begin(giving, GRANT_MEMORY);
    grant->value[0] = program->end - program->first;
    grant->value[1] = program->first;
    return give(giving, 0, server_slot(giving->server, SERVER_SLOT_IMAGE),
                RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE, 0);
}

static bool give_machine(struct giving *giving)
{
    give_begin(giving, GRANT_DEVICE);
    return give(giving, 0, BOOT_SLOT_MACHINE, RIGHT_READ | RIGHT_WRITE | RIGHT_CONTROL, 0);
}

static bool give_syslog(struct giving *giving)
{
    say_listen(server_slot(giving->server, SERVER_SLOT_EVENT));
    return give_memory(giving, GRANT_MEMORY, ROOT_SLOT_LOG, start->log_size, RIGHT_READ);
}

/* Two entries: its registers, and the interrupt of one of its timers. */
static bool give_hpet(struct giving *giving)
{
    return give_registers(giving, hardware.acpi.hpet, HPET_REGISTERS, 0) && give_irq(giving);
}

static bool give_one(struct giving *giving)
{
    switch (giving->what->kind) {
    case CONFIG_PORTS:
        return give_ports(giving);
    case CONFIG_IRQ_ISA:
    case CONFIG_IRQ_GSI:
        return give_irq(giving);
    case CONFIG_REGISTERS:
        return give_registers(giving, giving->what->a, giving->what->b, 0);
    case CONFIG_SCREEN:
        return give_screen(giving);
    case CONFIG_HPET:
        return give_hpet(giving);
    case CONFIG_PCI_DEVICE:
    case CONFIG_PCI_CLASS:
        return give_function(giving);
    case CONFIG_DMA:
    case CONFIG_RAM:
    case CONFIG_CLOCK:
        return give_root_memory(giving);
    case CONFIG_CALL:
        return give_service(giving);
    case CONFIG_SHARE:
        return give_share(giving);
    case CONFIG_SYSLOG:
        return give_syslog(giving);
    case CONFIG_STATUS:
        return give_memory(giving, GRANT_MEMORY, ROOT_SLOT_STATUS, STATUS_BYTES, RIGHT_READ);
    case CONFIG_IMAGE_MEMORY:
        return give_image(giving);
    case CONFIG_MACHINE:
        return give_machine(giving);
    }
    return true;
}

bool grants_make(const struct server *server, struct start_info *info)
{
    struct giving giving = {.server = server, .info = info};
    for (u32 i = 0; i < server->config->grant_count; i++) {
        giving.what = &config.grants[server->config->first_grant + i];
        if (!give_one(&giving))
            return false;
    }
    return true;
}
