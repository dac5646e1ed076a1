/*
 * Asking the disk server and the net server for all that they have. devices.h has the contract.
 * This runs in a thread that may be destroyed at any time (ask.h): it has nothing to give back.
 */
#include "devices.h"

#include <base/string.h>
#include <runtime/ipc.h>

/* One call; the server's answer, or why there is none. */
static status call(u32 endpoint, struct message *m, u64 what, u64 place, u64 piece)
{
    *m = (struct message){.word = {what, place, piece}};
    status result = ipc_call(endpoint, m, 0);
    return result < 0 ? result : (status)m->word[0];
}

/* --- the disk server -------------------------------------------------------------------------- */

/* A structure, in pieces. */
static status get(u32 endpoint, enum disk_call what, u64 place, void *to, u32 size)
{
    for (u32 piece = 0; piece < size / DISK_PIECE; piece++) {
        struct message m;
        status result = call(endpoint, &m, what, place, piece);
        if (result < 0)
            return result;
        memcpy((u8 *)to + (usize)piece * DISK_PIECE, &m.word[1], DISK_PIECE);
    }
    return 0;
}

/* Of a table with `places`, what is not empty: into an array of `size` bytes for each. */
static status get_table(u32 endpoint, enum disk_call what, u64 places, void *array, u32 size,
                        u32 *count)
{
    for (u64 place = 0; place < places; place++) {
        status result = get(endpoint, what, place, (u8 *)array + (usize)*count * size, size);
        if (result >= 0)
            ++*count;
        else if (status_code(result) != ERR_EMPTY)
            return result;
    }
    return 0;
}

status devices_get_disks(u32 endpoint, struct devices_disks *disks)
{
    struct message m;
    disks->disk_count = 0;
    status result = call(endpoint, &m, DISK_COUNT, 0, 0);
    return result < 0 ? result
                      : get_table(endpoint, DISK_INFO, min(m.word[1], DEVICES_DISKS), disks->disks,
                                  sizeof(struct disk_info), &disks->disk_count);
}

status devices_get_volumes(u32 endpoint, struct devices_disks *disks)
{
    struct message m;
    disks->volume_count = 0;
    status result = call(endpoint, &m, DISK_COUNT, 0, 0);
    return result < 0 ? result
                      : get_table(endpoint, VOLUME_INFO, min(m.word[2], DEVICES_VOLUMES),
                                  disks->volumes, sizeof(struct volume_info), &disks->volume_count);
}

/* --- the net server --------------------------------------------------------------------------- */

/* The three words of an answer. */
static status get_words(u32 endpoint, enum net_call what, u64 number, void *words)
{
    struct message m;
    status result = call(endpoint, &m, what, number, 0);
    memcpy(words, &m.word[1], 3 * sizeof(u64));
    return result;
}

static status get_card(u32 endpoint, struct devices_card *card)
{
    status result = get_words(endpoint, NET_CARD, card->number, &card->frames);
    if (result >= 0)
        result = get_words(endpoint, NET_CARD_BYTES, card->number, &card->bytes);
    if (result >= 0)
        result = get_words(endpoint, NET_CARD_DROPPED, card->number, &card->dropped);
    if (result >= 0)
        result = get_words(endpoint, NET_CARD_ERRORS, card->number, &card->errors);
    return result;
}

static status get_port(u32 endpoint, struct devices_port *port)
{
    status result = get_words(endpoint, NET_PORT, port->number, &port->frames);
    if (result >= 0)
        result = get_words(endpoint, NET_PORT_DROPPED, port->number, &port->dropped);
    return result;
}

status devices_get_nics(u32 endpoint, struct devices_nics *nics)
{
    struct message m;
    nics->card_count = nics->port_count = 0;
    status result = call(endpoint, &m, NET_COUNT, 0, 0);
    u64 cards = min(m.word[1], DEVICES_CARDS), ports = min(m.word[2], DEVICES_PORTS);
    bool goes_on = result >= 0;
    for (u64 i = 0; i < cards && goes_on; i++) {
        struct devices_card *card = &nics->cards[nics->card_count];
        card->number = i;
        result = get_card(endpoint, card);
        nics->card_count += result >= 0;
        goes_on = result >= 0 || status_code(result) == ERR_ARGUMENT; /* a gap */
    }
    for (u64 i = 0; i < ports && goes_on; i++) {
        struct devices_port *port = &nics->ports[nics->port_count];
        port->number = i;
        result = get_port(endpoint, port);
        nics->port_count += result >= 0;
        goes_on = result >= 0 || status_code(result) == ERR_ARGUMENT;
    }
    return goes_on ? 0 : result;
}
