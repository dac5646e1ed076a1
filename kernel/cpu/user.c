/* Access to user memory; see user.h. Pure but for user_raw_...: tested on the host. */
#include "cpu/user.h"
#include <abi/object.h>

/* Has this word been read before? Then it is remembered as such. */
static bool fetched_before(struct fetch *fetch, u64 address)
{
    for (u32 i = 0; i < fetch->count; i++) {
        if (fetch->address[i] == address) {
            return true;
        }
    }
    if (fetch->count < FETCH_LIMIT) {
        fetch->address[fetch->count++] = address;
    }
    return false;
}

static bool usable(u64 address, u64 bytes)
{
    return address % 8 == 0 && bytes <= USER_END && address <= USER_END - bytes;
}

bool user_fetch(struct fetch *fetch, u64 address, u64 *value)
{
    if (!usable(address, sizeof(*value)) || !user_raw_read(address, value)) {
        return false;
    }
    if (TERRARIUM_DEBUG && fetched_before(fetch, address)) {
        *value = ~*value;
    }
    return true;
}

bool user_read(struct fetch *fetch, u64 address, void *to, u64 bytes)
{
    u64 *words = to;
    for (u64 i = 0; i < bytes / 8; i++) {
        if (!user_fetch(fetch, address + i * 8, &words[i])) {
            return false;
        }
    }
    return true;
}

bool user_write(u64 address, const void *from, u64 bytes)
{
    const u64 *words = from;
    if (!usable(address, bytes)) {
        return false;
    }
    for (u64 i = 0; i < bytes / 8; i++) {
        if (!user_raw_write(address + i * 8, words[i])) {
            return false;
        }
    }
    return true;
}
