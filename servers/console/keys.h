/*
 * From the bytes that a terminal or keyboard sends to keys: what an arrow sends as an escape
 * sequence of three bytes or more becomes one number here. Pure logic.
 *
 * Known are the sequences of ANSI terminals (ESC [ ... and ESC O ...) for the keys that a line
 * editor needs; others are swallowed whole, so that their letters never end up as text.
 */
#pragma once
#include <base/types.h>

/* Below KEY_NONE a key is the byte itself. */
enum key {
    KEY_ESCAPE = 27,
    KEY_NONE = 256, /* a sequence has begun or was not known: nothing to do */
    KEY_UP,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_DELETE
};

/* All zero before the first byte. */
struct key_decoder {
    u8 state;
    u8 number;  /* first parameter of the sequence, at most 255 */
    bool later; /* past the first parameter */
};

/* Takes the next byte; the key that it completes, or KEY_NONE. */
int key_decode(struct key_decoder *decoder, u8 byte);
