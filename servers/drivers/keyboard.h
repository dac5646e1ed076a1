/*
 * What the keys of a keyboard mean: scan codes of set 1 in, the bytes that a serial terminal would
 * send out, so that everything after this treats both alike. US layout. Pure logic.
 */
#pragma once
#include <base/types.h>

/* All zero at first: nothing is held down. */
struct keyboard {
    bool extended; /* the prefix 0xe0 has come */
    u8 skip;       /* codes still to come of a sequence without meaning (Pause) */
    bool left_shift, right_shift, left_control, right_control;
    bool caps_lock, caps_held;
};

#define KEYBOARD_BYTES 4 /* the most that one key sends */

/* Takes the next scan code; puts the bytes that it sends, if any, into `bytes`, and returns how
 * many. */
usize keyboard_decode(struct keyboard *keyboard, u8 code, char bytes[KEYBOARD_BYTES]);
