/*
 * What each of the keeper's commands does, and the table of them. Everything is asked of root
 * (service/root.h); the tables that are printed are made in report.c.
 */
#include "keeper.h"

#include <abi/syscall.h>
#include <base/logring.h>
#include <base/string.h>
#include <runtime/console.h>
#include <runtime/map.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define TRACE_SHOWN 20
#define SHOW(slice) (int)(slice).length, (slice).bytes

status ask_root(struct message *m, u64 capabilities)
{
    status result = ipc_call(SLOT_ROOT, m, capabilities);
    return result < 0 ? result : (status)m->word[0];
}

static void say_error(const char *command, status result)
{
    console_print("%s: root refused: %s\n", command, error_text(status_code(result)));
}

bool keeper_refresh(struct keeper *keeper)
{
    struct message m = {.word = {ROOT_REFRESH}};
    if (!keeper->status) {
        console_print(
            "There is no status: the configuration of this server lacks 'status status'.\n");
        return false;
    }
    status result = ask_root(&m, 0);
    if (result < 0)
        say_error("status", result);
    return result >= 0;
}

/* Puts a server's name into a message. False, and the operator has been told, if there is no
 * such. */
static bool name_server(struct keeper *keeper, const char *command, struct slice name,
                        struct message *m)
{
    if (!keeper_refresh(keeper))
        return false;
    if (!report_find(keeper->status, name.bytes, name.length)) {
        format(&console_sink, "%s: no server '%.*s'; servers are: ", command, SHOW(name));
        report_names(&console_sink, keeper->status, ", ");
        console_print("\n");
        return false;
    }
    memcpy(&m->word[1], name.bytes, name.length); /* a found name is not longer than two words */
    return true;
}

static void do_help(struct keeper *keeper, const struct arguments *arguments)
{
    (void)keeper;
    command_help(&console_sink, arguments);
}

static void do_ps(struct keeper *keeper, const struct arguments *arguments)
{
    (void)arguments;
    if (keeper_refresh(keeper))
        report_ps(&console_sink, keeper->status, &keeper->before, keeper->clock);
}

static void do_mem(struct keeper *keeper, const struct arguments *arguments)
{
    (void)arguments;
    if (keeper_refresh(keeper))
        report_memory(&console_sink, keeper->status);
}

static void do_uptime(struct keeper *keeper, const struct arguments *arguments)
{
    (void)arguments;
    if (keeper_refresh(keeper))
        report_uptime(&console_sink, keeper->status, keeper->clock);
}

static void do_trace(struct keeper *keeper, const struct arguments *arguments)
{
    static const struct command self = {.name = "trace"};
    u64 count = TRACE_SHOWN;
    if (arguments->count != 0 &&
        !command_number(&self, arguments->value[0], 1, STATUS_TRACE, &count, &console_sink))
        return;
    if (keeper_refresh(keeper))
        report_trace(&console_sink, keeper->status, count, keeper->clock);
}

static void do_kill(struct keeper *keeper, const struct arguments *arguments)
{
    struct message m = {.word = {ROOT_KILL}};
    if (!name_server(keeper, "kill", arguments->value[0], &m))
        return;
    status result = ask_root(&m, 0);
    if (result < 0)
        say_error("kill", result);
}

static void print_log(const void *memory, usize size)
{
    struct log_reader log;
    char bytes[128];
    if (!log_reader_open(&log, memory, size))
        return;
    u64 shown = 0;
    for (usize count; shown < size && (count = log_read(&log, bytes, sizeof(bytes))) != 0;) {
        report_foreign(&console_sink, bytes, count);
        shown += count; /* no more than was there: a server that goes on writing is not followed */
    }
    if (shown == 0)
        console_print("(empty)\n");
}

static void do_log(struct keeper *keeper, const struct arguments *arguments)
{
    struct message m = {.word = {ROOT_LOG}};
    if (!name_server(keeper, "log", arguments->value[0], &m))
        return;
    u32 slot = slot_allocate();
    status result = ask_root(&m, IPC_CAPABILITIES(SLOT_NONE, slot));
    if (result < 0) {
        say_error("log", result);
        slot_free(slot);
        return;
    }
    usize size = m.word[1];
    void *memory = map_memory(slot, 0, size / PAGE_SIZE, RIGHT_READ);
    if (memory)
        print_log(memory, size);
    else
        console_print("log: it cannot be mapped; 'log keeper' says why\n");
    unmap(memory);
    ignore_status(cap_drop(SLOT_SPACE, slot)); /* it is there: it was just mapped */
    slot_free(slot);
}

static void power(const char *name, enum root_power what, const char *message)
{
    struct message m = {.word = {ROOT_POWER, what}};
    console_print("%s", message);
    status result = ask_root(&m, 0);
    if (result < 0)
        say_error(name, result);
}

static void do_reboot(struct keeper *keeper, const struct arguments *arguments)
{
    (void)keeper, (void)arguments;
    power("reboot", ROOT_REBOOT, "Rebooting.\n");
}

static void do_poweroff(struct keeper *keeper, const struct arguments *arguments)
{
    (void)keeper, (void)arguments;
    power("poweroff", ROOT_POWER_OFF, "Switching off.\n");
}

static void do_clear(struct keeper *keeper, const struct arguments *arguments)
{
    (void)keeper, (void)arguments;
    console_print("\033[H\033[2J");
}

static void do_version(struct keeper *keeper, const struct arguments *arguments)
{
    (void)keeper, (void)arguments;
    console_print("Terrarium, kernel interface version %u (%s build)\n", ABI_VERSION,
                  TERRARIUM_DEBUG ? "debug" : "release");
}

const struct command commands[] = {
    {"help", "[COMMAND]", "what there is, or what one command does", 0, 1, do_help},
    {"ps", "", "the servers: CPU, memory, crossings, restarts", 0, 0, do_ps},
    {"mem", "", "where the memory is", 0, 0, do_mem},
    {"kill", "SERVER", "end a server; it is restarted as after a crash", 1, 1, do_kill},
    {"log", "SERVER", "what a server logged, before its last restart too", 1, 1, do_log},
    {"disks", "", "the disks, and what became of their requests", 0, 0, do_disks},
    {"volumes", "", "the volumes on the disks, and who has them", 0, 0, do_volumes},
    {"nics", "", "the network cards, and the ports of the switch", 0, 0, do_nics},
    {"sessions", "[NUMBER]", "who works with whom over rings; or all about one", 0, 1, do_sessions},
    {"open", "CLIENT NAME SERVER SIZE [ARGUMENTS]", "a new session of a client with a server", 4,
     COMMAND_ARGUMENTS, do_open},
    {"close", "NUMBER", "end a session", 1, 1, do_close},
    {"trace", "[COUNT]", "the last events in the kernel", 0, 1, do_trace},
    {"uptime", "", "how long the system has been running", 0, 0, do_uptime},
    {"version", "", "what is running here", 0, 0, do_version},
    {"clear", "", "clear the screen", 0, 0, do_clear},
    {"reboot", "", "start the machine again", 0, 0, do_reboot},
    {"poweroff", "", "switch the machine off", 0, 0, do_poweroff},
};
const u32 command_count = array_count(commands);
