/*
 * From the first instruction to main: finds out who started the program, and what it was given.
 */
#include <base/string.h>
#include <runtime/print.h>
#include <runtime/start.h>

const struct start_info *start;
const struct boot_info *boot_info;
struct start_info *root_start;

/* Called by start.asm with what was in rdi. */
_Noreturn void runtime_start(const void *info);

const struct grant *grant_find(enum grant_kind kind, const char *name)
{
    for (u32 i = 0; i < start->grant_count && i < GRANT_LIMIT; i++) {
        const struct grant *grant = &start->grants[i];
        if (grant->kind == kind && strncmp(grant->name, name, sizeof(grant->name)) == 0)
            return grant;
    }
    return NULL;
}

_Noreturn static void run(void)
{
    int result = main();
    print("%.*s: main returned %d\n", START_NAME_SIZE, start->name, result);
    runtime_exit();
}

/* Root's own start page is kept in this frame, which lasts as long as root does: other programs
 * have no use for one and should not have to find room for it. */
_Noreturn static void run_root(const struct boot_info *boot)
{
    struct start_info own = {
        .magic = START_MAGIC,
        .version = START_VERSION,
        .size = sizeof(own),
        .name = "root",
        .tsc_hz = boot->tsc_hz,
        .tsc_entry = boot->tsc_entry,
    };
    boot_info = boot;
    root_start = &own;
    start = &own;
    run();
}

_Noreturn void runtime_start(const void *info)
{
    const u64 *magic = info;
    if (*magic == BOOT_INFO_MAGIC)
        run_root(info);
    start = info;
    if (start->magic != START_MAGIC || start->version != START_VERSION)
        runtime_exit(); /* from another release: where the log is cannot be known either */
    run();
}
