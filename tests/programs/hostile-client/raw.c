/*
 * The ring as the attacks use it. See hostile.h.
 */
#include "hostile.h"

#include <runtime/clock.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define PATIENCE (60 * NS_PER_SECOND)

static u32 checks, failures;

void check_at(bool holds, const char *what, int line)
{
    checks++;
    if (holds)
        return;
    failures++;
    print("line %d: not so: %s\n", line, what);
}

void check_report(void)
{
    print(": %u checks, %u failed\n", checks, failures);
    checks = failures = 0;
}

void ring_now(const struct target *target)
{
    u64 bell = target->front.bell;
    ignore_status(event_raise((u32)bell, 1ul << (bell >> 32), 0)); /* root's event, always there */
}

void put(struct target *target, struct ring_sqe entry)
{
    struct front *front = &target->front;
    front->g->sqe[front->sq.next++ & front->mask] = entry;
}

void publish_raw(struct target *target, u32 prod)
{
    ring_exchange(&target->front.g->ctl.prod, prod);
    ring_now(target);
}

bool be_patient(u64 *since, const char *what)
{
    if (*since == 0)
        *since = tsc();
    yield();
    if (clock_to_ns(tsc() - *since, start->tsc_hz) < PATIENCE)
        return true;
    print("waiting too long for %s\n", what);
    check(!"patient");
    return false;
}

u32 reap_all(struct target *target)
{
    struct front_done done;
    u32 count = 0;
    while (front_reap(&target->front, &done))
        count++;
    return count;
}

void finish(struct target *target)
{
    struct front *front = &target->front;
    u64 since = 0;
    front_publish(front);
    while (reap_all(target), front_credits(front) != front->mask + 1) {
        /* Not just to ask for a wake-up: the server rings in vain, but it must see when not to. */
        (void)!front_may_sleep(front, 1);
        if (front_is_closed(front) || !be_patient(&since, "completions"))
            return;
    }
}

int ask(struct target *target, struct ring_sqe entry, u32 *len)
{
    struct front_done done = {.status = RING_GONE};
    u64 since = 0;
    check(front_push(&target->front, &entry, 1, UINT32_MAX, 0));
    front_publish(&target->front);
    while (!front_reap(&target->front, &done)) {
        if (!be_patient(&since, "an answer"))
            break;
    }
    *len = done.len;
    return done.status;
}

u32 any_buf(struct target *target)
{
    u32 units = target->units;
    const u64 edges[] = {0,
                         1,
                         units - 9,
                         units - 8,
                         units - 7,
                         units - 1,
                         units,
                         units + 1,
                         0x3ffffff,
                         0x4000000,
                         0x7fffffff,
                         0x80000000,
                         UINT32_MAX,
                         0xfffffff8,
                         random_below(&target->random, units),
                         random_next(&target->random)};
    return (u32)any_of(&target->random, edges, array_count(edges));
}
