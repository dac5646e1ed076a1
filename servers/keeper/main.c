/*
 * The keeper: the system's command line. It reads a line from its console, carries the command out
 * with root's help, and prints what came of it. It decides nothing, and keeps nothing that would
 * be missed: after a crash the next keeper goes on.
 */
#include "keeper.h"

#include <base/string.h>
#include <runtime/clock.h>
#include <runtime/console.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/session.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define PROMPT "keeper> "

static void open_status(struct keeper *keeper)
{
    const struct grant *grant = grant_find(GRANT_MEMORY, "status");
    u64 pages = align_up(sizeof(struct system_status), PAGE_SIZE) / PAGE_SIZE;
    if (grant && grant->value[0] >= sizeof(struct system_status))
        keeper->status = map_memory(grant->slot, 0, pages, RIGHT_READ);
}

/* The Tab key knows the commands and the servers. */
static void teach_words(struct keeper *keeper)
{
    struct message m = {.word = {ROOT_REFRESH}};
    command_names(keeper->words, sizeof(keeper->words));
    usize used = strlen(keeper->words);
    if (keeper->status && ipc_call(SLOT_ROOT, &m, 0) >= 0 && (status)m.word[0] >= 0) {
        for (u64 i = 0; i < min(keeper->status->server_count, STATUS_SERVERS); i++) {
            usize room = sizeof(keeper->words) - used;
            usize length = format_buffer(keeper->words + used, room, " %.*s", (int)START_NAME_SIZE,
                                         keeper->status->servers[i].name);
            if (length >= room)
                break;
            used += length;
        }
    }
    console_set_words(keeper->words);
}

/* For `make bench`: how long it took to get here, and how much memory is in use now. */
static void report_bench(struct keeper *keeper, u64 instructions)
{
    if (!keeper_refresh(keeper))
        return;
    const struct machine_info *machine = &keeper->status->machine;
    console_print("\nbench boot_to_prompt %lu instructions\n", instructions);
    console_print("bench host_bytes %lu bytes\n",
                  (machine->kernel_pages + machine->used_pages) * PAGE_SIZE);
}

static bool has_argument(const char *wanted)
{
    struct slice rest = slice_of(start->arguments), word;
    while (slice_next_word(&rest, &word)) {
        if (slice_equal(word, wanted))
            return true;
    }
    return false;
}

static void run(struct keeper *keeper, const char *line)
{
    struct arguments arguments;
    const struct command *command = command_parse(line, &arguments, &console_sink);
    if (command)
        command->run(keeper, &arguments);
    console_flush();
}

int main(void)
{
    static struct keeper keeper;
    session_hold_bells(); /* whatever is printed, is waited for */
    status opened = console_open("console");
    if (opened < 0)
        panic("no console: %s", error_text(status_code(opened)));
    console_prompt(PROMPT);
    u64 instructions = tsc() - start->tsc_entry;

    keeper.clock = (struct report_clock){start->tsc_hz, start->tsc_entry};
    open_status(&keeper);
    bool prompted = true;
    if (has_argument("bench")) {
        report_bench(&keeper, instructions);
        prompted = false;
    }
    struct message m = {.word = {ROOT_READY}};
    if (ipc_call(SLOT_ROOT, &m, 0) < 0)
        print("root does not answer\n");
    teach_words(&keeper);

    for (;; prompted = false) {
        char line[256];
        console_read_line(prompted ? NULL : PROMPT, line, sizeof(line));
        run(&keeper, line);
    }
}
