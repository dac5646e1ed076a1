/*
 * What each call of a client does: checks first, then acts. requests.h has the contract.
 *
 * A client is known by the badge of the capability it calls with, which only root can set. It has
 * one console, and finds it again when it is restarted.
 */
#include "requests.h"

#include <base/string.h>
#include <runtime/heap.h>
#include <runtime/slots.h>
#include <runtime/syscall.h>

#define REQUEST_OP(word0)    ((word0)&0xff)
#define REQUEST_COUNT(word0) ((word0) >> 8)

void console_wake(struct console *console)
{
    /* Where the client has ended, and its event with it, there is nobody to tell. */
    ignore_status(event_raise(console->event_slot, console->event_bits, 0));
}

/* The bits that may be raised at the event in the slot; 0: it is not an event that will do. */
static u64 event_bits(u32 slot)
{
    struct cap_info info;
    if (slot == SLOT_NONE || cap_info(slot, &info) < 0)
        return 0;
    return info.type == OBJECT_EVENT && (info.rights & RIGHT_RAISE) ? info.badge : 0;
}

static void set_name(struct console *console, const u64 words[2])
{
    memcpy(console->name, words, CONSOLE_NAME);
    for (char *c = console->name; c < console->name + CONSOLE_NAME && *c; c++) {
        if (*c < '!' || *c > '~')
            *c = '?';
    }
}

static void take_event(struct console *console, u32 slot, u64 bits)
{
    if (console->event_slot != SLOT_NONE) {
        ignore_status(cap_drop(SLOT_SPACE, console->event_slot)); /* empty if the event has gone */
        slot_free(console->event_slot);
    }
    console->event_slot = slot;
    console->event_bits = bits;
}

static status open(struct consoles *consoles, struct console *console, const struct message *m,
                   u32 slot)
{
    u64 bits = event_bits(slot);
    if (bits == 0)
        return status_error(ERR_ARGUMENT, 0);
    if (console) {
        console_reset(console);
        set_name(console, &m->word[1]);
        take_event(console, slot, bits);
        return 0;
    }
    if (consoles->count == CONSOLES)
        return status_error(ERR_LIMIT, 0);
    console = heap_zeroed(sizeof(*console));
    if (!console)
        return status_error(ERR_MEMORY, 0);
    console_init(console, m->badge);
    set_name(console, &m->word[1]);
    take_event(console, slot, bits);
    consoles_add(consoles, console);
    return 0;
}

static status set_mode(struct console *console, u64 mode)
{
    if (mode != CONSOLE_LINES && mode != CONSOLE_RAW)
        return status_error(ERR_ARGUMENT, 0);
    console_set_raw(console, mode == CONSOLE_RAW);
    return 0;
}

static status act(struct consoles *consoles, struct console *console, struct message *m, u32 slot)
{
    u64 op = REQUEST_OP(m->word[0]);
    u64 count = REQUEST_COUNT(m->word[0]);
    char *bytes = (char *)&m->word[1];
    if (op == CONSOLE_OPEN)
        return open(consoles, console, m, slot);
    if (op == 0 || op > CONSOLE_WORDS)
        return status_error(ERR_SYSCALL, 0);
    if (!console)
        return status_error(ERR_ABSENT, 0);
    if (op == CONSOLE_MODE)
        return set_mode(console, count);
    if (count > CONSOLE_BYTES)
        return status_error(ERR_ARGUMENT, 0);
    switch (op) {
    case CONSOLE_WRITE:
        return (status)consoles_write(consoles, console, bytes, count);
    case CONSOLE_READ:
        return (status)console_read(console, bytes, count);
    default:
        return console_add_words(console, bytes, count) ? 0 : status_error(ERR_LIMIT, 0);
    }
}

bool request_serve(struct consoles *consoles, struct message *m, u32 slot)
{
    struct console *console = consoles_find(consoles, m->badge);
    bool opens = REQUEST_OP(m->word[0]) == CONSOLE_OPEN;
    status result = act(consoles, console, m, slot);
    if (result < 0 || REQUEST_OP(m->word[0]) != CONSOLE_READ)
        m->word[1] = m->word[2] = m->word[3] = 0;
    m->word[0] = (u64)result;
    return opens && result >= 0;
}
