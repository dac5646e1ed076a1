/*
 * The block client begins: its arguments, its session, and then what the mode is. See client.h.
 */
#include "client.h"

#include <runtime/print.h>
#include <runtime/session.h>
#include <runtime/start.h>
#include <stdarg.h>

static struct client client;

void fail(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    print("block-client: FAILED: ");
    print_list(text, arguments);
    print("\n");
    va_end(arguments);
    runtime_exit();
}

void client_open_block(struct client *one)
{
    if (!front_block_open(&one->block, &one->front, 0))
        fail("the data area is too small");
    if (one->options.patient)
        one->front.restarts = FRONT_PATIENT;
    int result = front_block_finish(&one->block, session_wait, one->event);
    if (front_is_closed(&one->front))
        fail("the session was closed: %s", session_reason_text(one->front.info->reason));
    if (result != RING_OK)
        fail("the volume is not known: %s", ring_status_text(result));
    const struct block_info *info = &one->block.info;
    print("block-client: life %lu: volume %s, %lu sectors, %s%s\n", start->restarts, info->name,
          info->sectors, info->flags & BLOCK_IS_WRITABLE ? "read-write" : "read-only",
          info->flags & BLOCK_CAN_TRIM ? ", trim" : "");
}

int main(void)
{
    options_read(&client.options);
    random_init(&client.random, client.options.seed);
    status opened = session_open(&client.front, "disk", &client.event);
    if (opened < 0)
        fail("no session 'disk': %s", error_text(status_code(opened)));
    static void (*const modes[])(struct client *) = {
        [MODE_VERIFY] = traffic, [MODE_LOAD] = traffic, [MODE_EDGES] = edges,
        [MODE_SCAN] = scan,      [MODE_SHOW] = show,    [MODE_CROWD] = crowd,
    };
    modes[client.options.mode](&client);
    return 0;
}
