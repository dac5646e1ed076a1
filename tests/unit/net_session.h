/*
 * Sessions of the net server in a test's memory: both ends of the ring, laid out as
 * service/session.h says, and what the two ends need of whoever links them.
 */
#pragma once
#include <front_net.h>
#include <net/port.h>
#include <runtime/step.h>
#include <service/session.h>

#include <host.h>

struct net_session {
    u8 *base;
    struct back back;
    struct front_net client;
    struct port port;
};

static u64 bells; /* those that were rung */

void host_ring(u64 bell)
{
    bells |= 1ul << bell;
}

void host_reconnect(u64 number)
{
    (void)number;
}

void step(enum step where)
{
    (void)where;
}

/* The data area is its own allocation's end, so that who reads or writes beyond it is seen. */
static struct session_info *session_make(struct net_session *session, u32 number, u64 data_size)
{
    session->base = aligned_alloc(PAGE_SIZE, SESSION_DATA + data_size);
    assert_non_null(session->base);
    memset(session->base, 0, SESSION_DATA + data_size);
    struct session_info *info = (void *)(session->base + PAGE_SIZE);
    *info = (struct session_info){
        .magic = SESSION_MAGIC,
        .version = SESSION_VERSION,
        .size = sizeof(*info),
        .number = number,
        .log2_n = RING_LOG2,
        .data_size = data_size,
        .state = SESSION_ATTACHED,
    };
    assert_true(front_open(&session->client.front, session->base, number));
    assert_int_equal(back_open(&session->back, session->base, 32 + number), SESSION_REASON_NONE);
    return info;
}
