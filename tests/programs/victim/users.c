/*
 * The front ends, each used as its programs do. See victim.h.
 */
#include "victim.h"

#include <base/string.h>

#define REQUESTS 20u
#define ALARMS   12u
#define AT_DATA  16u  /* where pieces begin, in RING_UNITs; below is the volume's description */
#define PIECE    32u  /* RING_UNITs of a piece of two sectors and a bit */
#define TEXT     900u /* bytes */
#define ODD_MOST 100u /* rings of a periodic alarm that are looked at */

/* --- block ------------------------------------------------------------------------------------ */

static struct front block_front;
static struct front_block block;
static u64 open_requests; /* bit i: request i is outstanding */

static bool block_begin(struct outcome *outcome)
{
    open_requests = 0;
    (void)outcome;
    bool good = front_block_open(&block, &block_front, 0);
    front_block_publish(&block);
    return good;
}

/* Reads and writes, alone and in chains; some overlap. */
static void block_ask(struct outcome *outcome)
{
    for (u32 i = 0; i < REQUESTS; i++) {
        struct block_piece pieces[2] = {{AT_DATA + i * PIECE, 1}, {AT_DATA + i * PIECE + 8, 2}};
        u32 count = 1 + i % 2;
        enum front_block_answer answer = i % 3 == 0
                                             ? front_block_write(&block, i / 2, pieces, count, 0, i)
                                             : front_block_read(&block, i, pieces, count, i);
        if (answer != FRONT_BLOCK_TAKEN)
            continue;
        open_requests |= 1ul << i;
        outcome->asked++;
    }
    front_block_publish(&block);
}

static bool block_go_on(struct outcome *outcome)
{
    struct front_done done;
    while (front_block_reap(&block, &done)) {
        check(done.cookie < REQUESTS && (open_requests & 1ul << done.cookie));
        check(done.len <= 3 * BLOCK_SECTOR);
        open_requests &= ~(1ul << (done.cookie & 63));
        if (done.status < 0)
            outcome->failed++;
        else
            outcome->right++;
    }
    if (front_block_is_ready(&block) && outcome->asked == 0) {
        check(block.info.name[sizeof(block.info.name) - 1] == 0);
        check(block.info.sectors <= 1ul << 48);
        block_ask(outcome);
    }
    if (block.failure != 0 && outcome->asked == 0)
        outcome->failed = 1;
    return (block.failure != 0 || outcome->asked != 0) && block.outstanding == 0;
}

static bool block_may_sleep(void)
{
    return front_block_may_sleep(&block, 1);
}

/* --- net -------------------------------------------------------------------------------------- */

static struct front_net net;
static u32 sum; /* of what was received, so that all of it is read */

static bool net_begin(struct outcome *outcome)
{
    if (!front_net_open(&net, 8))
        return false;
    for (; outcome->asked < REQUESTS; outcome->asked++) {
        u8 *frame = front_net_frame(&net);
        if (!frame)
            break;
        memset(frame, 0x5a, 60);
        if (!front_net_send(&net, frame, 60, 0, 0))
            break;
    }
    front_net_publish(&net);
    return true;
}

static bool net_go_on(struct outcome *outcome)
{
    struct net_frame frame;
    while (front_net_receive(&net, &frame)) {
        u8 *end = net.front.data + net.front.data_size;
        check(frame.length >= NET_FRAME_LEAST && frame.length <= NET_FRAME_MOST);
        check(frame.data >= net.front.data && frame.data + frame.length <= end);
        for (u32 i = 0; i < frame.length; i++)
            sum += frame.data[i];
        front_net_give_back(&net, frame.data);
    }
    check(net.sending <= outcome->asked);
    outcome->failed = (u32)net.counters.refused;
    outcome->right = outcome->asked - net.sending - outcome->failed;
    /* What it has posted goes on for ever. */
    if (net.sending != 0)
        front_net_publish(&net);
    return net.sending == 0;
}

static bool net_may_sleep(void)
{
    return front_net_may_sleep(&net, 1);
}

/* --- timer ------------------------------------------------------------------------------------ */

static struct front_timer timer;
static struct front_alarm alarms[ALARMS], periodic;
static u32 rings;

static bool timer_begin(struct outcome *outcome)
{
    memset(alarms, 0, sizeof(alarms));
    memset(&periodic, 0, sizeof(periodic));
    rings = 0;
    front_timer_open(&timer);
    for (; outcome->asked < ALARMS; outcome->asked++)
        check(front_timer_set(&timer, &alarms[outcome->asked], UINT64_MAX - outcome->asked));
    check(front_timer_every(&timer, &periodic, 1000, 3));
    for (u32 i = 0; i < ALARMS; i += 5)
        check(front_timer_cancel(&timer, &alarms[i]));
    front_publish(&timer.front);
    return true;
}

static bool timer_go_on(struct outcome *outcome)
{
    struct front_alarm *alarm;
    for (u32 i = 0; i < ODD_MOST && (alarm = front_timer_next(&timer)) != NULL; i++) {
        if (alarm == &periodic) {
            rings++;
            continue;
        }
        check(alarm >= alarms && alarm < alarms + ALARMS && !front_alarm_is_set(alarm));
        if (alarm->result < 0)
            outcome->failed++;
        else
            outcome->right++;
    }
    front_publish(&timer.front);
    return outcome->right + outcome->failed == outcome->asked;
}

static bool timer_may_sleep(void)
{
    return front_may_sleep(&timer.front, 1);
}

/* --- console ---------------------------------------------------------------------------------- */

static struct front_console console;
static bool line_came;

static bool text_begin(struct outcome *outcome)
{
    static char text[TEXT];
    line_came = false;
    console = (struct front_console){.front = console.front};
    if (!front_console_open(&console))
        return false;
    memset(text, 'v', sizeof(text));
    check(front_console_words(&console, "one two", 7) && front_console_mode(&console, 1));
    for (u32 i = 0; i < 3; i++) {
        check(front_console_write(&console, text, 3 + i * 100) == 3 + i * 100);
        front_console_publish(&console);
    }
    check(front_console_prompt(&console, "> ", 2));
    front_console_read(&console);
    front_console_publish(&console);
    outcome->asked = 1;
    return true;
}

static bool text_go_on(struct outcome *outcome)
{
    usize length;
    front_console_look(&console);
    const char *line = front_console_line(&console, &length);
    if (line) {
        check(length != 0 && length <= FRONT_CONSOLE_LINE);
        for (usize i = 0; i < length; i++)
            sum += (u8)line[i];
        line_came = true;
    }
    bool over =
        front_console_is_quiet(&console) && !console.reading && !console.wording && !console.moding;
    outcome->right = over && line_came;
    outcome->failed = over && !line_came;
    return over;
}

static bool text_may_sleep(void)
{
    return front_may_sleep(&console.front, 1);
}

const struct user users[] = {
    {"block", block_begin, block_go_on, block_may_sleep, &block_front},
    {"net", net_begin, net_go_on, net_may_sleep, &net.front},
    {"timer", timer_begin, timer_go_on, timer_may_sleep, &timer.front},
    {"text", text_begin, text_go_on, text_may_sleep, &console.front},
};
const u32 user_count = array_count(users);
