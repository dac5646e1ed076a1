/*
 * Lines for the log: text is formatted into a buffer of one line, which goes into the ring when the
 * line is complete, or when it has grown as long as the buffer.
 */
#include <base/format.h>
#include <base/logring.h>
#include <runtime/print.h>
#include <runtime/start.h>

#define LINE_SIZE 200

static struct log_writer log;
static char line[LINE_SIZE];
static usize line_length;
static void (*line_written)(void);

/* A program has a log from its start on, root from when it has made itself one. */
static bool log_is_open(void)
{
    return log.ring ||
           (start->log_size != 0 && log_writer_open(&log, (void *)LOG_ADDRESS, start->log_size));
}

static void line_flush(void)
{
    if (line_length != 0 && log_is_open()) {
        log_write(&log, line, line_length);
        if (line_written)
            line_written();
    }
    line_length = 0;
}

static void line_write(struct sink *sink, const char *bytes, usize length)
{
    (void)sink; /* there is only one line */
    for (usize i = 0; i < length; i++) {
        line[line_length++] = bytes[i];
        if (bytes[i] == '\n' || line_length == LINE_SIZE)
            line_flush();
    }
}

static struct sink line_sink = {.write = line_write};

void print_list(const char *text, va_list arguments)
{
    format_list(&line_sink, text, arguments);
}

void print(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    print_list(text, arguments);
    va_end(arguments);
}

void print_notify(void (*function)(void))
{
    line_written = function;
}

_Noreturn void panic(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    if (line_length != 0)
        print("\n");
    print("panic: ");
    print_list(text, arguments);
    print("\n");
    va_end(arguments);
    __builtin_trap();
}
