/*
 * The filter of clients' text: a machine of six states, which holds back what may become a sequence
 * until it is known whether that passes. filter.h has the contract.
 */
#include "filter.h"

#include <base/string.h>

#define ESCAPE     27
#define PARAMETERS 2 /* where they begin, after ESC [ */

enum state {
    TEXT,
    CHARACTER, /* in a UTF-8 character */
    ESCAPED,   /* after ESC */
    ODD,       /* in an escape sequence with bytes before its last one: none of those passes */
    SEQUENCE,  /* after ESC [, and what may pass so far */
    REFUSED    /* in such a sequence that does not pass */
};

static bool is_final(u8 byte)
{
    return byte >= 0x40 && byte <= 0x7e;
}

static bool passes_alone(u8 byte)
{
    return (byte >= ' ' && byte < 0x7f) || byte == '\n' || byte == '\t' || byte == '\r' ||
           byte == '\b' || byte == '\a';
}

/* --- sequences -------------------------------------------------------------------------------- */

static bool is_colour(u32 number)
{
    return number <= 1 || number == 7 || (number >= 30 && number <= 37) || number == 39 ||
           (number >= 40 && number <= 47) || number == 49 || (number >= 90 && number <= 97);
}

/* ESC [ ... m: only colours that the terminal knows, as others mean other things elsewhere. */
static bool are_colours(struct filter *filter)
{
    u32 number = 0;
    for (u32 i = PARAMETERS; i <= filter->held; i++) {
        bool ends = i == filter->held || filter->bytes[i] == ';';
        if (ends && !is_colour(number))
            return false;
        number = ends ? 0 : (u32)min(number * 10 + (u32)(filter->bytes[i] - '0'), 1000);
    }
    bool plain = filter->held == PARAMETERS ||
                 (filter->held == PARAMETERS + 1 && filter->bytes[PARAMETERS] == '0');
    filter->coloured = !plain;
    return true;
}

/* Does the sequence that is held pass, with this letter at its end? */
static bool sequence_passes(struct filter *filter, u8 letter)
{
    switch (letter) {
    case 'A':
    case 'B':
    case 'C':
    case 'D':
    case 'H':
        return true;
    case 'J': /* 3 would clear what the operator can scroll back to */
    case 'K':
        return filter->held == PARAMETERS ||
               (filter->held == PARAMETERS + 1 && filter->bytes[PARAMETERS] <= '2');
    case 'm':
        return are_colours(filter);
    default:
        return false;
    }
}

/* --- one byte --------------------------------------------------------------------------------- */

static usize filter_byte(struct filter *filter, u8 byte, char *out);

/* Lets out what was held, and the byte that completes it. */
static usize pass(struct filter *filter, u8 byte, char *out)
{
    memcpy(out, filter->bytes, filter->held);
    out[filter->held] = (char)byte;
    filter->state = TEXT;
    return filter->held + 1u;
}

static usize refuse(struct filter *filter, char *out)
{
    out[0] = '?';
    filter->state = TEXT;
    return 1;
}

/* The sequence was broken off by a byte that cannot be in it. */
static usize break_off(struct filter *filter, u8 byte, char *out)
{
    usize length = refuse(filter, out);
    return length + filter_byte(filter, byte, out + length);
}

static usize hold(struct filter *filter, u8 byte, enum state state)
{
    filter->bytes[filter->held++] = (char)byte;
    filter->state = (u8)state;
    return 0;
}

/* What the second byte of a UTF-8 character has to be for it to be well-formed (Unicode, table
 * 3-7), and no control character: U+0080 to U+009F are, to many terminals. */
static usize begin_character(struct filter *filter, u8 byte, char *out)
{
    if (byte < 0xc2 || byte > 0xf4)
        return refuse(filter, out);
    filter->missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    filter->least = byte == 0xc2 || byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    filter->most = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    return hold(filter, byte, CHARACTER);
}

static usize text_byte(struct filter *filter, u8 byte, char *out)
{
    filter->held = 0;
    if (passes_alone(byte))
        return pass(filter, byte, out);
    if (byte == ESCAPE)
        return hold(filter, byte, ESCAPED);
    return begin_character(filter, byte, out);
}

static usize character_byte(struct filter *filter, u8 byte, char *out)
{
    if (byte < filter->least || byte > filter->most)
        return break_off(filter, byte, out);
    if (--filter->missing == 0)
        return pass(filter, byte, out);
    filter->least = 0x80;
    filter->most = 0xbf;
    return hold(filter, byte, CHARACTER);
}

static usize sequence_byte(struct filter *filter, u8 byte, char *out)
{
    bool parameter = (byte >= '0' && byte <= '9') || byte == ';';
    if (is_final(byte))
        return sequence_passes(filter, byte) ? pass(filter, byte, out) : refuse(filter, out);
    if (parameter && filter->held < FILTER_HELD - 1)
        return hold(filter, byte, SEQUENCE);
    filter->state = REFUSED;
    return byte >= ' ' && byte < 0x40 ? 0 : break_off(filter, byte, out);
}

static usize escaped_byte(struct filter *filter, u8 byte, char *out)
{
    if (byte == '[' && filter->state == ESCAPED)
        return hold(filter, byte, SEQUENCE);
    if (byte >= ' ' && byte < 0x30) {
        filter->state = ODD;
        return 0;
    }
    return byte >= 0x30 && byte < 0x7f ? refuse(filter, out) : break_off(filter, byte, out);
}

static usize refused_byte(struct filter *filter, u8 byte, char *out)
{
    if (byte >= ' ' && byte < 0x40)
        return 0;
    return is_final(byte) ? refuse(filter, out) : break_off(filter, byte, out);
}

static usize filter_byte(struct filter *filter, u8 byte, char *out)
{
    switch ((enum state)filter->state) {
    case CHARACTER:
        return character_byte(filter, byte, out);
    case ESCAPED:
    case ODD:
        return escaped_byte(filter, byte, out);
    case SEQUENCE:
        return sequence_byte(filter, byte, out);
    case REFUSED:
        return refused_byte(filter, byte, out);
    default:
        return text_byte(filter, byte, out);
    }
}

usize filter_text(struct filter *filter, const char *bytes, usize length, char *out)
{
    usize done = 0;
    for (usize i = 0; i < length; i++) {
        u8 byte = (u8)bytes[i];
        if (filter->state == TEXT && passes_alone(byte)) /* by far the most */
            out[done++] = (char)byte;
        else
            done += filter_byte(filter, byte, out + done);
    }
    return done;
}
