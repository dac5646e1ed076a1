/*
 * A console of one's own, over a session with the console server (ring/console.h): text out, lines
 * in. Nothing here waits.
 *
 *     front_console_write         text, as much as there is room for
 *     front_console_prompt        what a line is typed behind
 *     front_console_read          asks for a line
 *     front_console_publish       once for the batch
 *     front_console_look          takes what the server has answered
 *     front_console_line          the line, when it is there
 *     front_may_sleep (&console->front, 1)  then wait for the session's event
 *
 * When the server was restarted, what it had not taken is sent again: some of that may appear
 * twice, none is lost. What was being typed is. front_console_look then also tells the new server
 * the words and the mode, and shows the prompt again if its line has not come.
 *
 * The data area: prompt, words and the line that is read have their places, the rest is a ring of
 * text on its way. The server may change all of it at any time; it is the one that shows it.
 */
#pragma once
#include <front.h>
#include <ring/console.h>

#define FRONT_CONSOLE_PROMPT 64u  /* bytes; the server puts a line behind prompts of up to 56 */
#define FRONT_CONSOLE_LINE   256u /* of what is read at once, newline included */
#define FRONT_CONSOLE_WORDS  512u

struct front_console {
    struct front front;
    u32 epoch;      /* of the session, when the server knew everything */
    u32 text_bytes; /* of the ring of text, a power of two */
    /* Positions in it; free-running: */
    u32 freed;      /* the server has taken what is before */
    u32 begin, end; /* text that was not pushed: it lies in one piece */
    u32 sent;       /* pieces of text that the server has not taken */
    u32 prompt_length, words_length;
    u64 mode;
    /* Outstanding: */
    bool prompting, wording, moding, reading;
    bool prompted; /* the prompt is the last text, and its line has not come */
    bool has_line;
    u32 line_length;
    char line[FRONT_CONSOLE_LINE]; /* copied */
};

/* To be called once console->front is open. False: the data area is too small, or the ring. */
must_check bool front_console_open(struct front_console *console);

/* Takes text, as much as there is room for; how many bytes. The rest has room later, when
 * front_console_look has found that some was taken by the server: publish, and wait for that. */
usize front_console_write(struct front_console *console, const char *bytes, usize length);

/*
 * Shows a prompt; FRONT_CONSOLE_PROMPT bytes of it at most. Sets what Tab completes: words that are
 * separated by blanks, FRONT_CONSOLE_WORDS bytes at most. Sets the mode. False: one of the kind is
 * on its way; look, and try again.
 */
must_check bool front_console_prompt(struct front_console *console, const char *text, usize length);
must_check bool front_console_words(struct front_console *console, const char *text, usize length);
must_check bool front_console_mode(struct front_console *console, enum console_mode mode);

/* Asks for a line, or in raw mode for bytes. Once, until it has come. */
void front_console_read(struct front_console *console);

/* Lets the server see all of that. */
void front_console_publish(struct front_console *console);

/* Takes the server's answers. True: there was something. */
bool front_console_look(struct front_console *console);

/* The line that came, newline included, and its length, which is not 0; it stays until
 * front_console_read. NULL: it has not come. A line that was told already is not told again. */
must_check const char *front_console_line(struct front_console *console, usize *length);

/* Has the server taken all text? */
static inline bool front_console_is_quiet(const struct front_console *console)
{
    return console->begin == console->end && console->sent == 0 && !console->prompting;
}
