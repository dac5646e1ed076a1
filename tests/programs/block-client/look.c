/*
 * The modes that only look: scan reads every sector of the volume and says which of them cannot be
 * read, show prints some bytes, crowd keeps reads on their way. See client.h.
 */
#include "client.h"

#include <runtime/print.h>
#include <runtime/session.h>

#define SCAN_SECTORS 8u

/* Reads into the beginning of the data area; the status. */
static int read_now(struct client *client, u64 sector, u32 sectors)
{
    struct block_piece piece = {.buf = 0, .sectors = sectors};
    enum front_block_answer answer = front_block_read(&client->block, sector, &piece, 1, 0);
    if (answer != FRONT_BLOCK_TAKEN)
        fail("reading sector %lu: %s", sector, front_block_text(answer));
    return front_block_finish(&client->block, session_wait, client->event);
}

/* One line for each request that fails, up to 8. */
void scan(struct client *client)
{
    client_open_block(client);
    u64 sectors = client->block.info.sectors, requests = 0, failures = 0;
    for (u64 sector = 0; sector < sectors; sector += SCAN_SECTORS, requests++) {
        u32 some = (u32)min(SCAN_SECTORS, sectors - sector);
        int result = read_now(client, sector, some);
        if (result == RING_OK)
            continue;
        if (failures++ < 8)
            print("block-client: sectors %lu to %lu: %s\n", sector, sector + some - 1,
                  ring_status_text(result));
    }
    print("block-client: done: scanned %lu sectors in %lu requests, %lu failed, %u restarts\n",
          sectors, requests, failures, client->front.info->restarts);
}

void show(struct client *client)
{
    client_open_block(client);
    const struct options *options = &client->options;
    if (!range_fits(options->offset, options->count, BLOCK_SECTOR))
        fail("that is not inside a sector");
    int result = read_now(client, options->sector, 1);
    if (result != RING_OK)
        fail("reading sector %lu: %s", options->sector, ring_status_text(result));
    print("block-client: done: sector %lu from %lu:", options->sector, options->offset);
    for (u64 i = 0; i < options->count; i++)
        print(" %02x", client->front.data[options->offset + i]);
    print("\n");
}

/* Asks for the sectors after `*sector` until enough is on its way. */
static void ask_for_more(struct client *client, u64 *sector, u32 *busy)
{
    const struct options *options = &client->options;
    for (; *busy < options->depth; ++*busy) {
        u32 units = (u32)options->sectors * BLOCK_SECTOR / RING_UNIT;
        struct block_piece piece = {.buf = *busy * units, .sectors = (u32)options->sectors};
        if (*sector + options->sectors > client->block.info.sectors)
            *sector = 0;
        enum front_block_answer answer =
            front_block_read(&client->block, *sector, &piece, 1, *busy);
        if (answer != FRONT_BLOCK_TAKEN)
            fail("reading sector %lu: %s", *sector, front_block_text(answer));
        *sector += options->sectors;
    }
    front_block_publish(&client->block);
}

void crowd(struct client *client)
{
    client_open_block(client);
    u64 sector = 0;
    u32 busy = 0;
    for (;;) {
        ask_for_more(client, &sector, &busy);
        print("block-client: %u reads are on their way\n", busy);
        while (busy != 0) {
            struct front_done done;
            while (front_block_reap(&client->block, &done))
                busy--;
            if (busy != 0 && front_block_may_sleep(&client->block, busy))
                session_wait(client->event);
        }
    }
}
