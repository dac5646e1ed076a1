/*
 * Text out and lines in, over a ring. front_console.h has the contract.
 *
 * There is at most one prompt, list of words, mode and reading on its way; the credits for these
 * are kept, so that they can always be pushed.
 */
#include <front_console.h>

#include <base/string.h>

/* What a request is, in the lowest byte of its cookie; above, for text, the position behind it. */
enum kind { KIND_TEXT, KIND_PROMPT, KIND_WORDS, KIND_MODE, KIND_READ };

#define KINDS_KEPT 4u /* credits, for all but text */

/* The parts of the data area. */
#define AT_PROMPT  0u
#define AT_LINE    (AT_PROMPT + FRONT_CONSOLE_PROMPT)
#define AT_WORDS   (AT_LINE + FRONT_CONSOLE_LINE)
#define AT_TEXT    1024u
#define TEXT_LEAST 1024u
#define TEXT_MOST  65536u

static_assert(AT_WORDS + FRONT_CONSOLE_WORDS <= AT_TEXT, "they have room");
static_assert((AT_LINE | AT_WORDS | AT_TEXT) % RING_UNIT == 0, "the ring counts in these");

bool front_console_open(struct front_console *console)
{
    struct front *front = &console->front;
    if (front->data_size < AT_TEXT + TEXT_LEAST || front_credits(front) <= KINDS_KEPT)
        return false;
    front->restarts = FRONT_PATIENT; /* a line takes as long as the operator takes */
    console->epoch = front->epoch;
    console->text_bytes = TEXT_LEAST;
    while (console->text_bytes < TEXT_MOST &&
           AT_TEXT + 2ul * console->text_bytes <= front->data_size)
        console->text_bytes *= 2;
    return true;
}

static bool push(struct front_console *console, u64 kind, enum console_op op, u32 at, u64 argument)
{
    u32 limit = op == CONSOLE_MODE ? 0 : (u32)argument;
    return front_push_one(&console->front, RING_HEAD(op, 0, at / RING_UNIT), argument, limit, kind);
}

/* --- text ------------------------------------------------------------------------------------- */

/* A few bytes, inside of the entry. */
static u64 immediate(const u8 *bytes, u32 length)
{
    u64 text = 0;
    for (u32 i = 0; i < length; i++)
        text |= (u64)bytes[i] << 8 * i;
    return CONSOLE_IMM_ARG(length, text);
}

/* Pushes the text that was collected. False: there is no credit for it now. */
static bool push_text(struct front_console *console)
{
    u32 length = console->end - console->begin;
    u32 at = AT_TEXT + console->begin % console->text_bytes;
    if (length == 0)
        return true;
    if (front_credits(&console->front) <= KINDS_KEPT)
        return false;
    bool is_short = length <= CONSOLE_IMM_MOST;
    u32 next = is_short ? console->begin : (u32)align_up(console->end, RING_UNIT);
    u64 cookie = KIND_TEXT | (u64)next << 8;
    if (!(is_short ? front_push_one(&console->front, RING_HEAD(CONSOLE_IMM, 0, 0),
                                    immediate(console->front.data + at, length), length, cookie)
                   : push(console, cookie, CONSOLE_WRITE, at, length)))
        return false;
    console->sent++;
    console->begin = console->end = next;
    return true;
}

usize front_console_write(struct front_console *console, const char *bytes, usize length)
{
    usize done = 0;
    u32 size = console->text_bytes;
    console->prompted = console->prompted && length == 0;
    while (done < length && !front_is_closed(&console->front)) {
        bool at_edge = console->end != console->begin && console->end % size == 0;
        if (at_edge && !push_text(console))
            break;
        u32 free = size - (console->end - console->freed), at = console->end % size;
        usize piece = min(length - done, min(free, size - at));
        if (piece == 0)
            break;
        memcpy(console->front.data + AT_TEXT + at, bytes + done, piece);
        console->end += (u32)piece;
        done += piece;
    }
    return done;
}

/* --- the others ------------------------------------------------------------------------------- */

static void send_prompt(struct front_console *console)
{
    console->prompting =
        push(console, KIND_PROMPT, CONSOLE_WRITE, AT_PROMPT, console->prompt_length);
}

static void send_words(struct front_console *console)
{
    console->wording = push(console, KIND_WORDS, CONSOLE_WORDS, AT_WORDS, console->words_length);
}

static void send_mode(struct front_console *console)
{
    console->moding = push(console, KIND_MODE, CONSOLE_MODE, 0, console->mode);
}

bool front_console_prompt(struct front_console *console, const char *text, usize length)
{
    if (console->prompting || front_is_closed(&console->front) || !push_text(console))
        return false;
    console->prompt_length = (u32)min(length, FRONT_CONSOLE_PROMPT);
    memcpy(console->front.data + AT_PROMPT, text, console->prompt_length);
    send_prompt(console);
    console->prompted = console->prompting;
    return console->prompting;
}

bool front_console_words(struct front_console *console, const char *text, usize length)
{
    if (console->wording || front_is_closed(&console->front))
        return false;
    console->words_length = (u32)min(length, FRONT_CONSOLE_WORDS);
    memcpy(console->front.data + AT_WORDS, text, console->words_length);
    send_words(console);
    return console->wording;
}

bool front_console_mode(struct front_console *console, enum console_mode mode)
{
    if (console->moding)
        return false;
    console->mode = mode;
    send_mode(console);
    return console->moding;
}

void front_console_read(struct front_console *console)
{
    console->has_line = false;
    if (!console->reading)
        console->reading = push(console, KIND_READ, CONSOLE_READPOST, AT_LINE, FRONT_CONSOLE_LINE);
}

void front_console_publish(struct front_console *console)
{
    /* Without a credit it stays: whoever waits for the text to be taken comes back here. */
    (void)push_text(console);
    front_publish(&console->front);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void take_line(struct front_console *console, const struct front_done *done)
{
    console->reading = console->prompted = false;
    console->line_length = done->status >= 0 ? done->len : 0;
    memcpy(console->line, console->front.data + AT_LINE, console->line_length);
    console->has_line = console->line_length != 0;
}

static void take(struct front_console *console, const struct front_done *done)
{
    u32 position = (u32)(done->cookie >> 8);
    switch ((enum kind)(done->cookie & 0xff)) {
    case KIND_TEXT:
        console->sent--;
        /* In their order, unless the server is up to something. */
        if (position - console->freed <= console->begin - console->freed)
            console->freed = position;
        break;
    case KIND_PROMPT:
        console->prompting = false;
        break;
    case KIND_WORDS:
        console->wording = false;
        break;
    case KIND_MODE:
        console->moding = false;
        break;
    case KIND_READ:
        take_line(console, done);
        break;
    }
}

/* There is a new server, which was sent again what was outstanding, and knows nothing of what was
 * done before. */
static void restore(struct front_console *console)
{
    console->epoch = console->front.epoch;
    if (console->mode != CONSOLE_LINES && !console->moding)
        send_mode(console);
    if (console->words_length != 0 && !console->wording)
        send_words(console);
    if (console->prompted && !console->prompting)
        send_prompt(console);
    front_publish(&console->front);
}

bool front_console_look(struct front_console *console)
{
    struct front_done done;
    bool any = false;
    while (front_reap(&console->front, &done)) {
        take(console, &done);
        any = true;
    }
    if (console->front.epoch != console->epoch) {
        restore(console);
        any = true;
    }
    return any;
}

const char *front_console_line(struct front_console *console, usize *length)
{
    if (!console->has_line)
        return NULL;
    console->has_line = false;
    *length = console->line_length;
    return console->line;
}
