/*
 * Root: from the kernel's first jump into ring 3 to a running system, and then the loop in which it
 * serves, buries and restarts.
 *
 * Whatever is wrong with archive, configuration or memory is found before any server is started,
 * and ends with one message. After that root does not die of anything that a server does.
 */
#include <base/format.h>
#include <base/string.h>
#include <runtime/clock.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#include "archive.h"
#include "hardware.h"
#include "power.h"
#include "protocol.h"
#include "root.h"
#include "sessions.h"
#include "status.h"

#define CONFIG_DEFAULT   "default.cfg"
#define CONFIG_NAME_SIZE 64
#define ROOT_RESERVE     (128ul << 10) /* for root's own page tables and windows later on */
#define SERVER_OVERHEAD  (8ul << 10)   /* what root has of each server */

static char config_name[CONFIG_NAME_SIZE] = CONFIG_DEFAULT;

/* --- greeting -------------------------------------------------------------------------------- */

static void cpuid(u32 leaf, u32 out[4])
{
    __asm__("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(0));
}

/* The processor's name, as it says it itself: 48 characters in three leaves, padded with blanks. */
static struct slice processor_name(char name[49])
{
    u32 words[4];
    cpuid(0x80000000, words);
    if (words[0] < 0x80000004)
        return slice_of("an unnamed processor");
    for (u32 i = 0; i < 3; i++) {
        cpuid(0x80000002 + i, words);
        memcpy(name + 16 * i, words, 16);
    }
    name[48] = 0;
    return slice_trim(slice_of(name));
}

static void greet(void)
{
    char name[49];
    struct slice processor = processor_name(name);
    say("Terrarium, kernel interface version %u, on %lu MiB of memory", ABI_VERSION,
        boot_info->memory_bytes >> 20);
    say("%.*s at %lu MHz", (int)processor.length, processor.bytes, boot_info->tsc_hz / 1000000);
}

static const char *plural(u64 count)
{
    return count == 1 ? "" : "s";
}

static void say_hardware(void)
{
    const struct acpi *acpi = &hardware.acpi;
    u64 processors = max(acpi->processors, 1), ioapics = max(acpi->ioapic_count, 1);
    say("%lu processor%s, %lu I/O APIC%s, %u PCI function%s, %s HPET, %s IOMMU", processors,
        plural(processors), ioapics, plural(ioapics), hardware.pci.count,
        plural(hardware.pci.count), acpi->hpet ? "an" : "no", acpi->iommu_count ? "an" : "no");
}

/* --- configuration --------------------------------------------------------------------------- */

/* `config=NAME` on the kernel's command line. */
static void find_config_name(void)
{
    struct slice word, rest = {boot_info->command_line,
                               strnlen(boot_info->command_line, sizeof(boot_info->command_line))};
    while (slice_next_word(&rest, &word)) {
        struct slice key, value;
        if (!slice_split(word, '=', &key, &value) || !slice_equal(key, "config"))
            continue;
        if (value.length == 0 || value.length >= sizeof(config_name))
            die("command line: 'config=' needs the name of a file in config/ of the boot archive");
        memcpy(config_name, value.bytes, value.length);
        config_name[value.length] = 0;
    }
}

static void check_programs(struct config_message *message)
{
    for (u32 i = 0; i < config.server_count; i++) {
        const struct config_server *server = &config.servers[i];
        if (!program_open(&servers[i].program, server, config_name, message))
            die("%s", message->text);
        u64 needed = server_pages(server, &servers[i].program) * PAGE_SIZE;
        if (server->memory >= needed)
            continue;
        config_fail(
            message, config_name, server->memory_line,
            "server '%s' has %lu KiB of memory, but its program and stack need %lu KiB: write "
            "'memory %luK' or more",
            server->name, server->memory >> 10, needed >> 10, needed >> 10);
        die("%s", message->text);
    }
}

static void check_memory(struct config_message *message)
{
    struct pool_info pool;
    must(pool_info(BOOT_SLOT_POOL, &pool), "asking for root's memory");
    u64 available = (pool.pages - pool.used - pool.reserved) * PAGE_SIZE;
    available -= min(available, ROOT_RESERVE);
    if (!config_check_memory(&config, config_name, available, SERVER_OVERHEAD, message))
        die("%s", message->text);
}

static void load_config(void)
{
    static struct config_message message;
    char path[CONFIG_NAME_SIZE + 8];
    struct tar_file file;
    find_config_name();
    format_buffer(path, sizeof(path), "config/%s", config_name);
    if (!archive_find(path, &file))
        die("there is no '%s' in the boot archive: correct 'config=' on the command line", path);
    struct slice text = {(const char *)file.bytes, file.size};
    if (!config_parse(&config, config_name, text, &message))
        die("%s", message.text);
    check_programs(&message);
    check_memory(&message);
    if (!grants_prepare(config_name, &message))
        die("%s", message.text);
    say("configuration %s: %u server%s", config_name, config.server_count,
        plural(config.server_count));
}

/* --- the loop -------------------------------------------------------------------------------- */

static void serve(struct message *m)
{
    u32 index = (u32)m->badge;
    if (index >= config.server_count)
        die("a message with the badge 0x%lx, which nobody has", m->badge);
    if (m->badge & BADGE_FAULT) {
        if (!servers[index].dying)
            server_fault(&servers[index], m->word); /* without a reply the thread stays stopped */
        return;
    }
    u32 slot = protocol_serve(&servers[index], m);
    ignore_status(ipc_reply(m, IPC_CAPABILITIES(slot, SLOT_NONE))); /* it may have ended itself */
}

/* Waits for a message, or until something is due. */
static status wait(struct message *m)
{
    u64 due = min(min(servers_due(), sessions_due()), power_due());
    if (due <= tsc())
        return ipc_wait(ROOT_SLOT_ENDPOINT, WAIT_POLL, m, 0);
    if (due != NEVER)
        must(machine_alarm(BOOT_SLOT_MACHINE, ROOT_SLOT_EVENT, EVENT_ALARM, due),
             "setting the alarm");
    return ipc_wait(ROOT_SLOT_ENDPOINT, 0, m, 0);
}

_Noreturn static void loop(void)
{
    for (;;) {
        struct message m;
        servers_work();
        sessions_work();
        power_work();
        status received = wait(&m);
        if (received < 0 && status_code(received) != ERR_EMPTY)
            must(received, "waiting for messages");
        if (received > 0 && (received & WAIT_MESSAGE))
            serve(&m);
    }
}

int main(void)
{
    const char *missing[CONFIG_SERVERS];
    say_start();
    greet();
    archive_open();
    must(endpoint_create(BOOT_SLOT_POOL, ROOT_SLOT_ENDPOINT), "making root's endpoint");
    must(event_create(BOOT_SLOT_POOL, ROOT_SLOT_EVENT), "making root's event");
    must(event_bind(ROOT_SLOT_EVENT, BOOT_SLOT_THREAD), "binding root's event");
    hardware_find();
    say_hardware();
    load_config();
    hardware_resolve(&config, missing);
    status_start();
    servers_prepare(missing);
    loop();
}
