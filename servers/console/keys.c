/*
 * The escape sequences of ANSI terminals, as a machine of four states. keys.h says what for.
 */
#include "keys.h"

enum state { PLAIN, ESCAPED, PARAMETERS, SINGLE };

static int key_of_letter(u8 letter)
{
    switch (letter) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return KEY_RIGHT;
    case 'D':
        return KEY_LEFT;
    case 'H':
        return KEY_HOME;
    case 'F':
        return KEY_END;
    default:
        return KEY_NONE;
    }
}

/* ESC [ number ~ */
static int key_of_number(u8 number)
{
    switch (number) {
    case 1:
    case 7:
        return KEY_HOME;
    case 4:
    case 8:
        return KEY_END;
    case 3:
        return KEY_DELETE;
    default:
        return KEY_NONE;
    }
}

static int parameter_byte(struct key_decoder *decoder, u8 byte)
{
    if (byte >= '0' && byte <= '9') {
        unsigned number = decoder->number * 10u + (byte - '0');
        if (!decoder->later)
            decoder->number = number > 255 ? 255 : (u8)number;
        return KEY_NONE;
    }
    if (byte == ';') {
        decoder->later = true;
        return KEY_NONE;
    }
    if (byte >= 0x40 && byte <= 0x7e) { /* the final byte of any such sequence is in this range */
        decoder->state = PLAIN;
        return byte == '~' ? key_of_number(decoder->number) : key_of_letter(byte);
    }
    if (byte < 0x20) { /* no sequence has a control character: it was broken off */
        decoder->state = PLAIN;
        return key_decode(decoder, byte);
    }
    return KEY_NONE;
}

int key_decode(struct key_decoder *decoder, u8 byte)
{
    switch (decoder->state) {
    case ESCAPED:
        *decoder = (struct key_decoder){.state = PLAIN};
        if (byte == '[')
            decoder->state = PARAMETERS;
        else if (byte == 'O')
            decoder->state = SINGLE;
        else if (byte < 0x20) /* ESC alone, then a control character */
            return key_decode(decoder, byte);
        return KEY_NONE;
    case PARAMETERS:
        return parameter_byte(decoder, byte);
    case SINGLE:
        decoder->state = PLAIN;
        return key_of_letter(byte);
    default:
        if (byte == KEY_ESCAPE) {
            decoder->state = ESCAPED;
            return KEY_NONE;
        }
        return byte;
    }
}
