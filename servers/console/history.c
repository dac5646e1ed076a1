/*
 * A packed array of lines; history.h has the contract. Lines are found by walking: there are at
 * most 32, and somebody presses a key for each walk.
 */
#include "history.h"

#include <base/string.h>

const char *history_line(const struct history *history, u32 back)
{
    if (back == 0 || back > history->count)
        return NULL;
    const char *line = history->bytes;
    for (u32 skip = history->count - back; skip != 0; skip--)
        line += strlen(line) + 1;
    return line;
}

static void drop_oldest(struct history *history)
{
    u32 size = (u32)strlen(history->bytes) + 1;
    history->used -= size;
    history->count--;
    memmove(history->bytes, history->bytes + size, history->used);
}

void history_add(struct history *history, const char *line, usize length)
{
    const char *newest = history_line(history, 1);
    if (length == 0 || length + 1 > HISTORY_BYTES)
        return;
    if (newest && strlen(newest) == length && memcmp(newest, line, length) == 0)
        return;
    while (history->count == HISTORY_LINES || HISTORY_BYTES - history->used < length + 1)
        drop_oldest(history);
    memcpy(history->bytes + history->used, line, length);
    history->bytes[history->used + length] = 0;
    history->used += (u32)length + 1;
    history->count++;
}
