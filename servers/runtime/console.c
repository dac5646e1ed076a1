/*
 * The client's side of the console protocol (service/console.h). console.h has the contract.
 */
#include <runtime/console.h>

#include <base/string.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/console.h>

static void collect(struct sink *sink, const char *bytes, usize length);

struct sink console_sink = {collect};

static u32 endpoint;  /* SLOT_NONE: no console was opened, and nothing is written */
static u32 event_cap; /* what the server raises our event with */
static char own_name[2 * sizeof(u64)];
static const char *own_words;
static u64 other_events;
static u64 pending[CONSOLE_BYTES / sizeof(u64)]; /* text that was not sent yet */
static usize pending_length;

/* One call. What the server answered, or why it could not be asked. */
static status ask(u64 op, u64 count, u64 words[3], u64 capabilities)
{
    struct message m = {.word = {op | count << 8, words[0], words[1], words[2]}};
    status result = ipc_call(endpoint, &m, capabilities);
    if (result < 0)
        return result;
    memcpy(words, &m.word[1], CONSOLE_BYTES);
    return (status)m.word[0];
}

/* Does the answer say that there is a new server, or soon will be, that does not know us? */
static bool must_open(status answer)
{
    return status_code(answer) == ERR_ABSENT || status_code(answer) == ERR_DEAD;
}

static void send_words(void)
{
    u64 words[3] = {0};
    status result = ask(CONSOLE_WORDS, 0, words, 0);
    for (const char *rest = own_words; result >= 0 && rest && *rest;) {
        usize length = strnlen(rest, CONSOLE_BYTES);
        memcpy(words, rest, length);
        result = ask(CONSOLE_WORDS, length, words, 0);
        rest += length;
    }
}

static status open(void)
{
    status result;
    do {
        u64 words[3] = {0};
        memcpy(words, own_name, sizeof(own_name));
        result = ask(CONSOLE_OPEN, 0, words, IPC_CAPABILITIES(event_cap, SLOT_NONE));
    } while (status_code(result) ==
             ERR_DEAD); /* it died of somebody's call; root starts the next */
    if (result >= 0)
        send_words();
    return result;
}

status console_open(const char *name)
{
    const struct grant *grant = grant_find(GRANT_SERVICE, "console");
    if (!grant)
        return status_error(ERR_ABSENT, 0);
    if (event_cap == SLOT_NONE) {
        u32 slot = slot_allocate();
        status copied = cap_copy(SLOT_SPACE, slot, SLOT_EVENT, RIGHT_RAISE, CONSOLE_EVENT);
        if (copied < 0) {
            slot_free(slot);
            return copied;
        }
        event_cap = slot;
    }
    endpoint = grant->slot;
    memcpy(own_name, name, strnlen(name, sizeof(own_name)));
    status result = open();
    if (result < 0)
        endpoint = SLOT_NONE;
    return result;
}

/* Waits until the server has something to tell, or is a new one. */
static void wait_for_server(void)
{
    const u64 ours = CONSOLE_EVENT | EVENT_PEER_RESTARTED;
    struct message m = {.events = 0};
    while (!(m.events & ours)) {
        status result = ipc_wait(SLOT_NONE, 0, &m, 0);
        if (result < 0)
            return;
        other_events |= m.events & ~CONSOLE_EVENT;
    }
}

u64 console_other_events(void)
{
    u64 events = other_events;
    other_events = 0;
    return events;
}

/* --- writing ---------------------------------------------------------------------------------- */

void console_flush(void)
{
    while (endpoint != SLOT_NONE && pending_length != 0) {
        u64 words[3];
        memcpy(words, pending, sizeof(words));
        status taken = ask(CONSOLE_WRITE, pending_length, words, 0);
        if (must_open(taken))
            taken = open() < 0 ? -1 : 0;
        else if (taken >= 0 && (usize)taken < pending_length)
            wait_for_server();
        if (taken < 0 || (usize)taken > pending_length)
            break; /* there is no console, and nobody to tell */
        pending_length -= (usize)taken;
        memmove(pending, (char *)pending + taken, pending_length);
    }
    pending_length = 0;
}

static void collect(struct sink *sink, const char *bytes, usize length)
{
    (void)sink;
    while (length != 0) {
        usize piece = min(length, sizeof(pending) - pending_length);
        memcpy((char *)pending + pending_length, bytes, piece);
        pending_length += piece;
        bytes += piece;
        length -= piece;
        if (pending_length == sizeof(pending))
            console_flush();
    }
}

void console_print(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    format_list(&console_sink, text, arguments);
    va_end(arguments);
    console_flush();
}

/* --- reading ---------------------------------------------------------------------------------- */

static char own_prompt[64];

void console_prompt(const char *prompt)
{
    if (!string_copy(own_prompt, sizeof(own_prompt), prompt))
        own_prompt[0] = 0;
    console_print("%s", prompt);
}

/* The next piece of the line; -1: the server is a new one, and the line has to be begun again. */
static i64 read_piece(u64 words[3])
{
    for (;;) {
        status count = ask(CONSOLE_READ, CONSOLE_BYTES, words, 0);
        if (count > 0 && count <= CONSOLE_BYTES)
            return count;
        if (must_open(count)) {
            if (open() >= 0)
                return -1;
        }
        wait_for_server();
    }
}

static void read_line(char *line, usize size)
{
    usize length = 0;
    for (;;) {
        u64 words[3] = {0};
        i64 count = read_piece(words);
        if (count < 0) {
            length = 0;
            console_print("%s", own_prompt);
            continue;
        }
        for (const char *c = (char *)words; c < (char *)words + count; c++) {
            if (*c == '\n') {
                line[length] = 0;
                return;
            }
            if (length + 1 < size)
                line[length++] = *c;
        }
    }
}

void console_read_line(const char *prompt, char *line, usize size)
{
    if (prompt)
        console_prompt(prompt);
    read_line(line, size);
}

void console_set_words(const char *words)
{
    own_words = words;
    if (endpoint != SLOT_NONE)
        send_words();
}
