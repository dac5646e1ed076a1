/*
 * The console server: the serial port and the screen, shared out as several consoles.
 *
 * One loop around one wait: interrupts, new lines of the system log, and the sessions of clients
 * (clients.c). A burst of text is drawn on the screen once it is over, or after a while, so that
 * what scrolls past nobody has to be drawn. After a crash root starts the server anew; it begins
 * with empty consoles, and the sessions bring what the clients still wait for.
 *
 * Where to read on: client.c is what clients can ask for, console.c is one console, line.c the line
 * editor, consoles.c the switch between them, display.c serial line and screen as one, terminal.c
 * the screen's grid.
 */
#include "clients.h"
#include "hardware.h"

#include <base/logring.h>
#include <base/string.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/session.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define CELLS_AT_ONCE 512 /* drawn before looking whether there is something else to do */
#define TURNS_AT_ONCE 64  /* before drawing although there is */

static struct display display;
static struct consoles consoles;
static struct console log_console;
static struct log_reader system_log;

/* --- the system log --------------------------------------------------------------------------- */

static void open_log(void)
{
    const struct grant *grant = grant_find(GRANT_MEMORY, "syslog");
    u64 pages = grant ? grant->value[0] / PAGE_SIZE : 0;
    void *memory = grant ? map_memory(grant->slot, 0, pages, RIGHT_READ) : NULL;
    if (!memory || !log_reader_open(&system_log, memory, pages * PAGE_SIZE))
        print("no system log: the configuration grants no syslog 'syslog'\n");
}

/* Shows what is new in the log, as far as there is room to show it; what is left stays in the
 * log. */
static void read_log(bool before)
{
    char bytes[NOTICE_BYTES];
    while (system_log.header && display_room(&display) > DISPLAY_RESERVE + sizeof(bytes)) {
        usize count = log_read(&system_log, bytes, sizeof(bytes));
        if (count == 0)
            return;
        consoles_log(&consoles, bytes, count, before);
    }
}

static bool has_argument(const char *wanted)
{
    struct slice word, rest = {start->arguments, strnlen(start->arguments, START_ARGUMENTS_SIZE)};
    while (slice_next_word(&rest, &word)) {
        if (slice_equal(word, wanted))
            return true;
    }
    return false;
}

static void start_consoles(void)
{
    console_init(&log_console);
    memcpy(log_console.name, "system log", sizeof("system log"));
    consoles_init(&consoles, &display, &log_console, start->name);
    consoles.announce = has_argument("announce");
    open_log();
    if (start->restarts != 0)
        read_log(true);
    consoles_show_log(&consoles);
    read_log(false);
}

/* --- the loop --------------------------------------------------------------------------------- */

/* Waits for events, or only looks when there is more to do: `busy`, or something to draw, of which
 * a part is drawn when nothing has come. Returns the events. */
static u64 next(bool busy)
{
    static u32 turns;
    bool stale = terminal_is_stale(&display.terminal);
    struct message m;
    status got = session_ipc_wait(SLOT_NONE, busy || stale ? WAIT_POLL : 0, &m);
    if (got < 0 && status_code(got) != ERR_EMPTY)
        panic("cannot wait for clients: %s", error_text(status_code(got)));
    if (stale && ((got < 0 && !busy) || ++turns % TURNS_AT_ONCE == 0))
        terminal_refresh(&display.terminal, CELLS_AT_ONCE);
    return got < 0 ? 0 : m.events;
}

int main(void)
{
    display_init(&display);
    hardware_start(&display);
    start_consoles();
    clients_for(&consoles);
    sessions_start();
    session_hold_bells();
    bool busy = clients_work(0);
    for (;;) {
        u64 events = next(busy);
        hardware_interrupt(&consoles, events);
        session_events(events);
        read_log(false);
        busy = clients_work(events);
    }
}
