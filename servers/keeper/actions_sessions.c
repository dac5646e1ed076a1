/*
 * The commands about sessions: what there are, opening one, closing one.
 */
#include "keeper.h"

#include <base/string.h>
#include <runtime/console.h>
#include <runtime/ipc.h>
#include <runtime/start.h>

#define TEXT_BYTES 24u /* that one call takes */
#define LINE_BYTES 192u

void do_sessions(struct keeper *keeper, const struct arguments *arguments)
{
    static const struct command self = {.name = "sessions"};
    u64 number;
    if (arguments->count == 0) {
        if (keeper_refresh(keeper))
            report_sessions(&console_sink, keeper->status);
        return;
    }
    if (command_number(&self, arguments->value[0], 0, SESSION_LIMIT - 1, &number, &console_sink) &&
        keeper_refresh(keeper) && !report_session(&console_sink, keeper->status, number))
        console_print("sessions: there is no session %lu; 'sessions' alone lists them\n", number);
}

/* Sends a line in the pieces that root takes. */
static status send_text(const char *text, usize length)
{
    for (usize at = 0; at < length; at += TEXT_BYTES) {
        struct message m = {.word = {ROOT_TEXT}};
        memcpy(&m.word[1], text + at, min(length - at, TEXT_BYTES));
        status result = ask_root(&m, 0);
        if (result < 0)
            return result;
    }
    return 0;
}

static void explain(status result)
{
    switch (status_code(result)) {
    case ERR_ABSENT:
        console_print("open: that client does not run; 'ps' shows which do\n");
        return;
    case ERR_ARGUMENT:
        console_print("open: that cannot be; the last line of 'log root' says what is wrong\n");
        return;
    default:
        console_print("open: root refused: %s\n", error_text(status_code(result)));
    }
}

void do_open(struct keeper *keeper, const struct arguments *arguments)
{
    char line[LINE_BYTES];
    usize used = 0;
    (void)keeper;
    for (u32 i = 0; i < arguments->count; i++) {
        struct slice word = arguments->value[i];
        if (used + word.length + 1 > sizeof(line)) {
            console_print("open: the line is too long\n");
            return;
        }
        memcpy(line + used, word.bytes, word.length);
        line[used + word.length] = ' ';
        used += word.length + 1;
    }
    struct message m = {.word = {ROOT_SESSION_OPEN}};
    status result = send_text(line, used);
    if (result >= 0)
        result = ask_root(&m, 0);
    if (result < 0)
        explain(result);
    else
        console_print("session %lu\n", m.word[1]);
}

void do_close(struct keeper *keeper, const struct arguments *arguments)
{
    static const struct command self = {.name = "close"};
    struct message m = {.word = {ROOT_SESSION_CLOSE}};
    (void)keeper;
    if (!command_number(&self, arguments->value[0], 0, SESSION_LIMIT - 1, &m.word[1],
                        &console_sink))
        return;
    u64 number = m.word[1];
    status result = ask_root(&m, 0);
    if (status_code(result) == ERR_ABSENT)
        console_print("close: there is no session %lu; 'sessions' lists them\n", number);
    else if (result < 0)
        console_print("close: root refused: %s\n", error_text(status_code(result)));
}
