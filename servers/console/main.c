/*
 * The console server: the serial port and the screen, shared out as several consoles.
 *
 * One loop around one wait: interrupts, new lines of the system log, and calls of clients
 * (requests.c). A burst of text is drawn on the screen once it is over, or after a while, so that
 * what scrolls past nobody has to be drawn. After a crash root starts the server anew; it begins
 * with empty consoles, and clients open theirs again.
 *
 * Where to read on: console.c is one console, line.c the line editor, consoles.c the switch
 * between them, display.c serial line and screen as one, terminal.c the screen's grid.
 */
#include "hardware.h"
#include "requests.h"

#include <base/logring.h>
#include <base/string.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/root.h>

#define CELLS_AT_ONCE    512 /* drawn before looking whether there is something else to do */
#define MESSAGES_AT_ONCE 64  /* served before drawing although there are more */

static struct display display;
static struct consoles consoles;
static struct console log_console;
static struct log_reader system_log;
static u32 spare_slot; /* where the next capability of a client may be put */

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

static void start_consoles(void)
{
    console_init(&log_console, 0);
    memcpy(log_console.name, "system log", sizeof("system log"));
    consoles_init(&consoles, &display, &log_console, start->name);
    consoles.announce = strcmp(start->arguments, "announce") == 0;
    open_log();
    if (start->restarts != 0)
        read_log(true);
    consoles_show_log(&consoles);
    read_log(false);
}

/* --- the loop --------------------------------------------------------------------------------- */

static u64 receive_into_spare(void)
{
    if (spare_slot == SLOT_NONE)
        spare_slot = slot_allocate();
    return IPC_CAPABILITIES(SLOT_NONE, spare_slot);
}

/* Replies if there is somebody to reply to, and waits. While there is something to draw it does not
 * wait, and draws a part of it when nothing has come. */
static status next(struct message *m, bool reply)
{
    static u32 served;
    u64 capabilities = receive_into_spare();
    if (!terminal_is_stale(&display.terminal)) {
        return reply ? ipc_reply_wait(SLOT_SERVICE, m, capabilities)
                     : ipc_wait(SLOT_SERVICE, 0, m, capabilities);
    }
    if (reply)
        ignore_status(ipc_reply(m, 0)); /* the caller may have ended meanwhile */
    status result = ipc_wait(SLOT_SERVICE, WAIT_POLL, m, capabilities);
    if (result < 0 || ++served % MESSAGES_AT_ONCE == 0)
        terminal_refresh(&display.terminal, CELLS_AT_ONCE);
    return result;
}

static void serve(struct message *m, status received)
{
    u32 slot = received & WAIT_CAP ? spare_slot : SLOT_NONE;
    if (request_serve(&consoles, m, slot))
        spare_slot = SLOT_NONE;
    else if (slot != SLOT_NONE)
        ignore_status(cap_drop(SLOT_SPACE, slot)); /* its object may have been destroyed already */
}

int main(void)
{
    display_init(&display);
    hardware_start(&display);
    start_consoles();
    struct message m = {.word = {ROOT_READY}};
    if (ipc_call(SLOT_ROOT, &m, 0) < 0)
        print("root does not answer\n");

    bool reply = false;
    for (;;) {
        status received = next(&m, reply);
        if (received < 0 && !reply && status_code(received) != ERR_EMPTY)
            panic("cannot wait for clients: %s", error_text(status_code(received)));
        reply = received > 0 && (received & WAIT_MESSAGE);
        if (received > 0 && (received & WAIT_EVENT))
            hardware_interrupt(&consoles, m.events);
        read_log(false);
        if (reply)
            serve(&m, received);
    }
}
