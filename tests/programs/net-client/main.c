/*
 * A client of the net server, for tests. Its sessions are called `net`, and `peer` for those modes
 * that have two. The first word of its arguments is what it does:
 *
 *     generate MAC [COUNT]  sends a stream of frames to an `echo`, and checks what comes back
 *     echo                  takes such a stream, and sends every frame back
 *     rules                 sees whether ring/net.h and the rules of the switch hold
 *     hostile               asks for everything that must be refused
 *     wire                  answers ARP, ping and UDP port 7 from the wire, as 10.0.2.15
 *
 * Results are lines in the log; one that begins with `net-client: FAILED` is an error.
 */
#include "client.h"

#include <runtime/clock.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <stdarg.h>

#define PATIENCE (20 * NS_PER_SECOND)

void fail(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    print("net-client: FAILED: ");
    print_list(text, arguments);
    print("\n");
    va_end(arguments);
    runtime_exit();
}

void header_write(u8 *frame, const u8 *to, const u8 *from, u16 type)
{
    memcpy(frame, to, NET_MAC);
    memcpy(frame + NET_MAC, from, NET_MAC);
    memcpy(frame + 2 * NET_MAC, &type, sizeof(type));
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mac_read(struct slice text, u8 mac[NET_MAC])
{
    if (text.length != 3 * NET_MAC - 1)
        return false;
    for (u32 i = 0; i < NET_MAC; i++) {
        int high = digit(text.bytes[3 * i]), low = digit(text.bytes[3 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        mac[i] = (u8)(high << 4 | low);
    }
    return true;
}

void end_wait(struct end *end)
{
    if (front_is_closed(&end->net.front))
        fail("session %s was closed: %s", end->net.front.info->name,
             session_reason_text(end->net.front.info->reason));
    if (front_net_may_sleep(&end->net, 1))
        session_wait(end->event);
}

/* Takes completions until `done` says that it is enough; frames that come stay in the queue. */
static void collect_until(struct end *end, bool (*done)(const struct front_net *net))
{
    front_net_publish(&end->net);
    while (front_net_collect(&end->net), !done(&end->net)) {
        if (front_is_closed(&end->net.front))
            fail("a session was closed");
        if (front_may_sleep(&end->net.front, 1))
            session_wait(end->event);
    }
}

static bool knows(const struct front_net *net)
{
    return net->known;
}

static bool has_sent_all(const struct front_net *net)
{
    return net->sending == 0;
}

void end_finish(struct end *end)
{
    collect_until(end, has_sent_all);
}

struct net_info end_info(struct end *end)
{
    if (!front_net_ask(&end->net))
        fail("nothing can be asked");
    collect_until(end, knows);
    return end->net.info;
}

void end_open(struct end *end, const char *name)
{
    status result = session_open(&end->net.front, name, &end->event);
    if (result < 0)
        fail("no session %s: %s", name, error_text(status_code(result)));
    if (!front_net_open(&end->net, POSTED))
        fail("session %s is too small", name);
    collect_until(end, knows);
    end->mac = end->net.info.mac;
    print("net-client: %s has the address %02x:%02x:%02x:%02x:%02x:%02x\n", name, end->mac[0],
          end->mac[1], end->mac[2], end->mac[3], end->mac[4], end->mac[5]);
}

struct net_frame end_receive(struct end *end, const char *what)
{
    struct net_frame frame;
    u64 begin = tsc();
    front_net_publish(&end->net);
    while (!front_net_receive(&end->net, &frame)) {
        if (clock_to_ns(tsc() - begin, start->tsc_hz) > PATIENCE)
            fail("%s did not come", what);
        yield();
    }
    return frame;
}

int main(void)
{
    struct slice rest = slice_of(start->arguments), mode;
    if (!slice_next_word(&rest, &mode))
        fail("no mode in the arguments");
    if (slice_equal(mode, "generate"))
        generate(rest);
    else if (slice_equal(mode, "echo"))
        echo();
    else if (slice_equal(mode, "rules"))
        rules();
    else if (slice_equal(mode, "hostile"))
        hostile();
    else if (slice_equal(mode, "wire"))
        wire();
    else
        fail("unknown mode %.*s", (int)mode.length, mode.bytes);
    return 0;
}
