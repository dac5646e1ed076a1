/*
 * A ring of bytes under a position that only grows; text.h has the contract.
 */
#include "text.h"

#include <base/string.h>

void text_append(struct text *text, const char *bytes, usize length)
{
    while (length != 0) {
        usize place = text->written % TEXT_BYTES;
        usize piece = min(length, TEXT_BYTES - place);
        memcpy(text->bytes + place, bytes, piece);
        text->written += piece;
        bytes += piece;
        length -= piece;
    }
}

void text_clear(struct text *text)
{
    text->written = 0;
}

static u64 oldest(const struct text *text)
{
    return text->written > TEXT_BYTES ? text->written - TEXT_BYTES : 0;
}

u64 text_last_lines(const struct text *text, u32 lines)
{
    u64 position = text->written;
    while (position > oldest(text)) {
        if (text->bytes[(position - 1) % TEXT_BYTES] == '\n' && lines-- <= 1)
            return position;
        position--;
    }
    /* At the very beginning; where older text was overwritten the first line there is cut off. */
    if (position == 0)
        return 0;
    while (position < text->written && text->bytes[position % TEXT_BYTES] != '\n')
        position++;
    return position < text->written ? position + 1 : oldest(text);
}

const char *text_read(const struct text *text, u64 *position, usize *length)
{
    u64 from = max(*position, oldest(text));
    usize place = from % TEXT_BYTES;
    *length = from < text->written ? min(text->written - from, TEXT_BYTES - place) : 0;
    *position = from + *length;
    return text->bytes + place;
}
