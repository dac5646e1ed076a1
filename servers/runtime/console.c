/*
 * A front of a console, and waiting for it. console.h has the contract.
 */
#include <runtime/console.h>

#include <base/string.h>
#include <front_console.h>
#include <runtime/print.h>
#include <runtime/session.h>

static void collect(struct sink *sink, const char *bytes, usize length);

struct sink console_sink = {collect};

static struct front_console console;
static u64 event; /* 0: no console was opened, and nothing is written */

status console_open(const char *name)
{
    u64 bits;
    status result = session_open(&console.front, name, &bits);
    if (result < 0)
        return result;
    if (!front_console_open(&console))
        return status_error(ERR_MEMORY, 0);
    event = bits;
    return 0;
}

static bool is_open(void)
{
    return event != 0 && !front_is_closed(&console.front);
}

/* Waits until the server has answered something, or the session is closed. */
static void wait(void)
{
    front_console_publish(&console);
    while (is_open() && !front_console_look(&console)) {
        if (front_may_sleep(&console.front, 1))
            session_wait(event);
    }
}

/* --- writing ---------------------------------------------------------------------------------- */

static void collect(struct sink *sink, const char *bytes, usize length)
{
    (void)sink;
    while (is_open()) {
        usize taken = front_console_write(&console, bytes, length);
        bytes += taken;
        length -= taken;
        if (length == 0)
            return;
        wait();
    }
}

void console_flush(void)
{
    while (is_open() && !front_console_is_quiet(&console))
        wait();
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

void console_prompt(const char *prompt)
{
    while (is_open() && !front_console_prompt(&console, prompt, strlen(prompt)))
        wait();
    console_flush();
}

/* The line that the server sends; its length, newline included. */
static const char *next_line(usize *length)
{
    const char *line;
    for (;;) {
        front_console_read(&console);
        wait();
        line = front_console_line(&console, length);
        if (line)
            return line;
        if (!is_open())
            panic("there is no console any more: %s",
                  event == 0 ? "none was opened" : session_reason_text(console.front.info->reason));
    }
}

void console_read_line(const char *prompt, char *line, usize size)
{
    usize length, end = 0;
    if (prompt)
        console_prompt(prompt);
    const char *typed = next_line(&length);
    while (end < length && typed[end] != '\n')
        end++;
    end = min(end, size - 1);
    memcpy(line, typed, end);
    line[end] = 0;
}

void console_set_words(const char *words)
{
    while (is_open() && !front_console_words(&console, words, strlen(words)))
        wait();
    if (is_open())
        front_console_publish(&console);
}
