/*
 * Fuzzer of the front ends of block, net, timer and console (libpv/front_NAME.c): a server that
 * completes whatever the bytes say, rewrites the data area, and dies, in front of a client that
 * uses one of them. fuzz_front.c does the same to what is below them.
 *
 * What must hold: each request comes back once; nothing that a server says leads out of the data
 * area, or makes a buffer or an alarm be in two places; when the session is closed, all comes back.
 */
// with: libpv/front.c libpv/front_block.c libpv/front_net.c libpv/front_timer.c
// with: libpv/front_console.c libpv/base/string.c
#include "input.h"

#include <stdlib.h>
#include <string.h>

#include <front_block.h>
#include <front_console.h>
#include <front_net.h>
#include <front_timer.h>
#include <host.h>

#define DATA   (64u << 10)
#define ALARMS 24u
#define STEPS  4096u

static u8 memory[SESSION_DATA + DATA] __attribute__((aligned(4096)));
static struct session_info *const info = (void *)(memory + PAGE_SIZE);
static struct ring_page_s *const s = (void *)(memory + 2 * PAGE_SIZE);
static u32 sum; /* of everything that the client was given to read */

static void check(bool condition)
{
    if (!condition)
        abort();
}

void host_ring(u64 bell)
{
    check(bell == 79);
}

void host_reconnect(u64 number)
{
    check(number == 5 && info->state == SESSION_LOST);
    memset(s, 0, sizeof(*s));
    info->state = SESSION_WAITING;
    info->epoch++;
}

static void read_all(const void *bytes, usize length)
{
    for (usize i = 0; i < length; i++)
        sum += ((const u8 *)bytes)[i];
}

/* --- block ------------------------------------------------------------------------------------ */

static struct front block_front;
static struct front_block block;
static u32 block_asked, block_came;
static bool block_open[256]; /* by cookie */

static void block_begin(void)
{
    block_asked = block_came = 0;
    memset(block_open, 0, sizeof(block_open));
    check(front_block_open(&block, &block_front, 0));
}

static void block_ask(struct input *input)
{
    u8 what = next(input), cookie = next(input);
    u64 sector = next(input);
    struct block_piece pieces[3];
    u32 count = 1 + what / 4 % 3;
    enum front_block_answer answer;
    if (block_open[cookie])
        return;
    for (u32 i = 0; i < count; i++)
        pieces[i] = (struct block_piece){.buf = next(input) * 8u, .sectors = 1 + next(input) % 20};
    if (what % 4 == 0)
        answer = front_block_read(&block, sector, pieces, count, cookie);
    else if (what % 4 == 1)
        answer = front_block_write(&block, sector, pieces, count, 0, cookie);
    else if (what % 4 == 2)
        answer = front_block_flush(&block, cookie);
    else
        answer = front_block_trim(&block, sector, 1 + next(input), cookie);
    if (answer != FRONT_BLOCK_TAKEN)
        return;
    check(block.ready);
    block_open[cookie] = true;
    block_asked++;
}

static bool block_look(void)
{
    struct front_done done;
    if (!front_block_reap(&block, &done))
        return false;
    check(done.cookie < 256 && block_open[done.cookie]);
    check(done.status <= 0 && done.len <= 60 * BLOCK_SECTOR);
    block_open[done.cookie] = false;
    block_came++;
    return true;
}

static void block_sleep(void)
{
    if (front_block_may_sleep(&block, 1))
        check(block_front.failed == 0 || info->state != SESSION_ATTACHED);
    check(!block.ready || memchr(block.info.name, 0, sizeof(block.info.name)));
}

static void block_end(void)
{
    check(block_asked == block_came && block.outstanding == 0 && block.held_count == 0);
}

/* --- net -------------------------------------------------------------------------------------- */

static struct front_net net;
static u8 *held[FRONT_NET_BUFFERS]; /* buffers that are the client's */
static u32 held_count;

static void net_begin(void)
{
    held_count = 0;
    check(front_net_open(&net, 9));
}

static void net_hold(u8 *frame)
{
    check(frame >= net.front.data && frame < net.front.data + DATA);
    check((u64)(frame - net.front.data) % FRONT_NET_BUFFER == 0);
    for (u32 i = 0; i < held_count; i++)
        check(held[i] != frame);
    check(held_count < net.buffers);
    held[held_count++] = frame;
}

static void net_ask(struct input *input)
{
    u8 what = next(input);
    u8 *frame = held_count != 0 ? held[what / 4 % held_count] : NULL;
    if (what % 4 == 0 && (frame = front_net_frame(&net)) != NULL) {
        net_hold(frame);
    } else if (what % 4 == 3) {
        (void)front_net_ask(&net);
    } else if (what % 4 != 0 && frame) {
        held[what / 4 % held_count] = held[held_count - 1];
        held_count--;
        if (what % 4 == 1)
            front_net_send(&net, frame, 14 + next(input) % 1500, 0, 0);
        else
            front_net_give_back(&net, frame);
    }
}

static bool net_look(void)
{
    struct net_frame frame;
    if (!front_net_receive(&net, &frame))
        return false;
    check(frame.length >= NET_FRAME_LEAST && frame.length <= NET_FRAME_MOST);
    net_hold(frame.data);
    read_all(frame.data, frame.length);
    return true;
}

/* No buffer is lost, or anywhere twice. (One may be with a question.) */
static void net_sleep(void)
{
    u32 arrived = net.end_arrival - net.first_arrival;
    u32 known = net.available + net.posted + net.sending + arrived + held_count;
    check(known <= net.buffers && net.posted + arrived <= RING_ENTRIES);
    if (front_net_may_sleep(&net, 1))
        check(arrived == 0);
}

static void net_end(void)
{
    check(net.posted == 0 && net.sending == 0);
    check(net.available + held_count == net.buffers);
}

/* --- timer ------------------------------------------------------------------------------------ */

static struct front_timer timer;
static struct front_alarm alarms[ALARMS];
static bool alarm_open[ALARMS];

static void timer_begin(void)
{
    memset(alarms, 0, sizeof(alarms));
    memset(alarm_open, 0, sizeof(alarm_open));
    front_timer_open(&timer);
}

static void timer_ask(struct input *input)
{
    u8 what = next(input), which = next(input) % ALARMS;
    struct front_alarm *alarm = &alarms[which];
    check(alarm_open[which] == front_alarm_is_set(alarm));
    if (what % 4 == 0)
        alarm_open[which] |= front_timer_set(&timer, alarm, next32(input));
    else if (what % 4 == 1)
        alarm_open[which] |= front_timer_every(&timer, alarm, next32(input), next(input));
    else if (front_timer_cancel(&timer, alarm))
        check(alarm_open[which]);
}

static bool timer_look(void)
{
    struct front_alarm *alarm = front_timer_next(&timer);
    if (!alarm)
        return false;
    check(alarm >= alarms && alarm < alarms + ALARMS && alarm_open[alarm - alarms]);
    check(alarm->result <= 0 && (alarm->result != 0) == (alarm->times == 0 || alarm->result < 0));
    alarm_open[alarm - alarms] = front_alarm_is_set(alarm);
    check(alarm->period != 0 || !alarm_open[alarm - alarms]);
    return true;
}

static void timer_sleep(void)
{
    (void)!front_may_sleep(&timer.front, 1);
}

static void timer_end(void)
{
    for (u32 i = 0; i < ALARMS; i++)
        check(!alarm_open[i]);
}

/* --- console ---------------------------------------------------------------------------------- */

static struct front_console console;

static void console_begin(void)
{
    const struct front front = console.front;
    console = (struct front_console){.front = front};
    check(front_console_open(&console));
}

static void console_ask(struct input *input)
{
    static const char text[4096];
    u8 what = next(input);
    u32 length = next32(input) % sizeof(text);
    switch (what % 8) {
    case 0:
        (void)!front_console_prompt(&console, text, length);
        break;
    case 1:
        (void)!front_console_words(&console, text, length);
        break;
    case 2:
        (void)!front_console_mode(&console, what & 8 ? CONSOLE_RAW : CONSOLE_LINES);
        break;
    case 3:
        front_console_read(&console);
        break;
    default:
        check(front_console_write(&console, text, what & 8 ? length : length % 8) <= length);
    }
}

static bool console_look(void)
{
    usize length;
    bool any = front_console_look(&console);
    const char *line = front_console_line(&console, &length);
    if (!line)
        return any;
    check(length != 0 && length <= FRONT_CONSOLE_LINE);
    read_all(line, length);
    return true;
}

static void console_sleep(void)
{
    check(console.end - console.freed <= console.text_bytes);
    (void)!front_may_sleep(&console.front, 1);
}

static void console_end(void)
{
    check(console.sent == 0 && !console.prompting && !console.wording && !console.moding &&
          !console.reading);
}

/* ---------------------------------------------------------------------------------------------- */

static const struct user {
    struct front *front;
    void (*begin)(void);
    void (*ask)(struct input *input);
    bool (*look)(void); /* true: there was something */
    void (*sleep)(void);
    void (*end)(void);
} users[] = {
    {&block_front, block_begin, block_ask, block_look, block_sleep, block_end},
    {&net.front, net_begin, net_ask, net_look, net_sleep, net_end},
    {&timer.front, timer_begin, timer_ask, timer_look, timer_sleep, timer_end},
    {&console.front, console_begin, console_ask, console_look, console_sleep, console_end},
};

static void publish(const struct user *user)
{
    if (user->front == &net.front)
        front_net_publish(&net);
    else if (user->front == &console.front)
        front_console_publish(&console);
    else
        front_publish(user->front);
}

/* What a server can do. Most of the time a completion of what is outstanding, so that it gets
 * somewhere. */
static void spoil(const struct user *user, struct input *input)
{
    struct front *front = user->front;
    struct ring_cqe *entry = &s->cqe[s->ctl.prod & front->mask];
    u8 what = next(input);
    switch (what % 12) {
    case 0:
        s->ctl.prod += next(input) % 4;
        break;
    case 1:
        s->ctl.event = next32(input);
        break;
    case 2:
        memory[SESSION_DATA + next32(input) % DATA] = next(input);
        break;
    case 3:
        if (info->state != SESSION_CLOSED)
            info->state = SESSION_LOST;
        break;
    case 4: { /* the volume's description */
        struct block_info *description = (void *)(memory + SESSION_DATA);
        description->sectors = next(input) & 1 ? 300 : (u64)next32(input) << 20;
        description->flags = 3;
        break;
    }
    default: {
        u16 tag = next(input) & front->mask;
        for (u32 i = 0; i <= front->mask && front->slots[tag].count == 0; i++)
            tag = (tag + 1) & front->mask;
        u32 limit = front->slots[tag].limit;
        *entry = (struct ring_cqe){
            .tag = what & 0x40 ? next(input) : tag,
            .status = what & 0x80 ? (i16)next32(input) : 0,
            .len = what & 0x20 ? next32(input) : limit,
        };
        s->ctl.prod++;
    }
    }
}

static void run(const struct user *user, struct input *input)
{
    for (u32 steps = 0; input->length != 0 && steps < STEPS; steps++) {
        switch (next(input) % 8) {
        case 0:
        case 1:
            user->ask(input);
            break;
        case 2:
            publish(user);
            break;
        case 3:
            user->look();
            break;
        case 4:
            user->sleep();
            break;
        default:
            spoil(user, input);
        }
    }
}

/* However it was: the end comes, and everything with it. */
static void finish(const struct user *user)
{
    info->state = SESSION_CLOSED;
    for (u32 i = 0; i < 8 * RING_ENTRIES; i++)
        user->look();
    check(front_is_closed(user->front) && !user->look());
    user->end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    const struct user *user = &users[next(&input) % array_count(users)];
    memset(memory, 0, 3 * PAGE_SIZE);
    memset(memory + SESSION_DATA, 0, DATA);
    *info = (struct session_info){.magic = SESSION_MAGIC,
                                  .version = SESSION_VERSION,
                                  .number = 5,
                                  .log2_n = 5 + next(&input) % 3,
                                  .data_size = DATA,
                                  .state = SESSION_ATTACHED};
    check(front_open(user->front, memory, 79));
    user->begin();
    run(user, &input);
    finish(user);
    return 0;
}
