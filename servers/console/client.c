/*
 * What each request of a client does. client.h has the contract.
 */
#include "client.h"

#include <base/string.h>
#include <ring/console.h>
#include <runtime/step.h>

/* A turn's work of one client: so many bytes of text, a request counting as some of them. */
#define QUANTUM 2048u
#define REQUEST 64u
#define PIECE   256u /* of text, copied at once */

static void complete(struct client *client, u16 tag, int result, u32 length)
{
    step(STEP_DEVICE_DONE);
    back_complete(client->back, tag, result, length);
    step(STEP_COMPLETED);
}

/* --- text ------------------------------------------------------------------------------------- */

/* Goes on writing; true: all of it was taken. */
static bool write_on(struct client *client, u32 *quantum)
{
    char piece[PIECE];
    while (client->written < client->write_length && *quantum != 0) {
        u32 left = client->write_length - client->written;
        usize length = min(min(left, PIECE), *quantum);
        memcpy(piece, client->write_from + client->written, length);
        usize taken = consoles_write(client->consoles, client->console, piece, length);
        if (taken == 0)
            return false;
        client->written += (u32)taken;
        *quantum -= (u32)taken;
    }
    if (client->written < client->write_length)
        return false;
    client->writing = false;
    complete(client, client->write_tag, RING_OK, client->write_length);
    return true;
}

static void begin_write(struct client *client, u16 tag, const char *from, u32 length)
{
    client->writing = true;
    client->write_tag = tag;
    client->write_from = from;
    client->write_length = length;
    client->written = 0;
}

/* The place of `length` bytes in the data area; NULL: why not is in `result`. */
static char *place_of(const struct client *client, const struct ring_sqe *entry, u64 length,
                      int *result)
{
    char *place = back_data(client->back, entry->buf, 0, length);
    *result = !place ? RING_RANGE : length > UINT32_MAX ? RING_TOO_LONG : RING_OK;
    return *result == RING_OK ? place : NULL;
}

/* --- requests --------------------------------------------------------------------------------- */

/* These return RING_OK and complete later, or now with another result. */

static int do_write(struct client *client, const struct ring_sqe *entry)
{
    int result;
    const char *from = place_of(client, entry, entry->arg, &result);
    if (from)
        begin_write(client, entry->tag, from, (u32)entry->arg);
    return result;
}

static int do_immediate(struct client *client, const struct ring_sqe *entry)
{
    u8 length = (u8)entry->arg;
    if (length > CONSOLE_IMM_MOST)
        return RING_INVALID;
    u64 text = entry->arg >> 8;
    memcpy(client->immediate, &text, sizeof(text));
    begin_write(client, entry->tag, client->immediate, length);
    return RING_OK;
}

static int do_read(struct client *client, const struct ring_sqe *entry)
{
    int result;
    char *room = place_of(client, entry, entry->arg, &result);
    if (room && entry->arg == 0)
        return RING_INVALID;
    if (room) /* there is a place for each entry of the ring */
        client->posts[client->posts_in++ % RING_ENTRIES] =
            (struct client_post){entry->tag, (u32)entry->arg, room};
    return result;
}

static int do_mode(struct client *client, const struct ring_sqe *entry)
{
    if (entry->arg != CONSOLE_LINES && entry->arg != CONSOLE_RAW)
        return RING_INVALID;
    console_set_raw(client->console, entry->arg == CONSOLE_RAW);
    complete(client, entry->tag, RING_OK, 0);
    return RING_OK;
}

static int do_words(struct client *client, const struct ring_sqe *entry)
{
    char words[CONSOLE_WORD_BYTES];
    int result;
    const char *from = place_of(client, entry, entry->arg, &result);
    if (!from)
        return result;
    if (entry->arg > sizeof(words))
        return RING_TOO_LONG;
    memcpy(words, from, entry->arg);
    console_set_words(client->console, words, entry->arg);
    complete(client, entry->tag, RING_OK, (u32)entry->arg);
    return RING_OK;
}

static int act(struct client *client, const struct back_request *request)
{
    const struct ring_sqe *entry = &request->entry[0];
    if (request->count != 1)
        return RING_INVALID;
    switch (entry->op) {
    case CONSOLE_WRITE:
        return do_write(client, entry);
    case CONSOLE_IMM:
        return do_immediate(client, entry);
    case CONSOLE_READPOST:
        return do_read(client, entry);
    case CONSOLE_MODE:
        return do_mode(client, entry);
    case CONSOLE_WORDS:
        return do_words(client, entry);
    default:
        return RING_UNSUPPORTED;
    }
}

/* Gives the readings what was typed. */
static void deliver(struct client *client)
{
    while (client->posts_out != client->posts_in) {
        const struct client_post *post = &client->posts[client->posts_out % RING_ENTRIES];
        char line[LINE_BYTES];
        usize length = console_read(client->console, line, min(post->size, sizeof(line)));
        if (length == 0)
            return;
        memcpy(post->room, line, length);
        client->posts_out++;
        complete(client, post->tag, RING_OK, (u32)length);
    }
}

/* Takes the next request and does it, or begins to. False: there is none, and the doorbell will
 * ring; or the ring is broken. */
static bool take(struct client *client)
{
    struct back_request request;
    switch (back_take(client->back, &request)) {
    case BACK_TAKEN: {
        step(STEP_TAKEN);
        int result = act(client, &request);
        if (result != RING_OK)
            complete(client, request.tag, result, 0);
        return true;
    }
    case BACK_EMPTY:
        client->rung = !back_may_sleep(client->back);
        return client->rung;
    default:
        return false;
    }
}

enum client_result client_work(struct client *client)
{
    struct back *back = client->back;
    u32 quantum = QUANTUM;
    bool blocked = false;
    if (client->console->owner != client || back->broken != SESSION_REASON_NONE)
        return CLIENT_WAITS;
    deliver(client);
    while (quantum != 0 && !blocked) {
        if (client->writing)
            blocked = !write_on(client, &quantum);
        else if (!client->rung || !take(client))
            break;
        else
            quantum -= min(quantum, REQUEST);
    }
    deliver(client);
    back_publish(back);
    if (back->broken != SESSION_REASON_NONE)
        return CLIENT_BROKEN;
    return quantum == 0 ? CLIENT_MORE : CLIENT_WAITS;
}
