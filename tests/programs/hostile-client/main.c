/*
 * The hostile client: its arguments, its sessions, one after the other. See hostile.h.
 */
#include "hostile.h"

#include <base/format.h>
#include <base/string.h>
#include <runtime/arguments.h>
#include <runtime/print.h>
#include <runtime/session.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define RINGS_AFTER 50u /* on a session that is closed */

static const struct kind *kind;
static u64 seed, lives, storms;
u64 rounds;

static void find_kind(void)
{
    struct slice word, key, value, rest = slice_of(start->arguments);
    while (slice_next_word(&rest, &word)) {
        for (u32 i = 0; i < kind_count; i++) {
            if (slice_split(word, '=', &key, &value) && slice_equal(key, "kind") &&
                slice_equal(value, kinds[i].name))
                kind = &kinds[i];
        }
    }
    if (!kind)
        panic("hostile-client: the arguments do not say which kind=");
}

static bool open_target(struct target *target, const char *name)
{
    u64 event;
    *target = (struct target){.kind = kind, .sectors = 1, .name = name};
    if (session_open(&target->front, name, &event) < 0)
        return false;
    target->units = (u32)(target->front.data_size / RING_UNIT);
    random_init(&target->random, seed + target->front.number + (start->restarts << 16));
    return true;
}

/* The session is to be closed, and then nothing matters any more. */
static void expect_closed(struct target *target, enum session_reason reason)
{
    const struct session_info *info = target->front.info;
    u64 since = 0;
    while (ring_read(info->state) != SESSION_CLOSED && be_patient(&since, target->name)) {
    }
    if (reason != SESSION_REASON_NONE && ring_read(info->reason) != reason) {
        print("%s: it was closed: %s\n", target->name,
              session_reason_text((enum session_reason)info->reason));
        check(!"the right reason");
    }
    check(ring_read(target->front.s->ctl.errors) != 0);
    u64 *words = (u64 *)(void *)target->front.g;
    for (u32 i = 0; i < PAGE_SIZE / sizeof(u64); i++)
        words[i] = random_next(&target->random);
    for (u32 i = 0; i < RINGS_AFTER; i++)
        ring_now(target);
}

static void expect_open(const struct target *target, bool right)
{
    if (ring_read(target->front.info->state) != SESSION_ATTACHED) {
        print("%s: it was closed: %s\n", target->name,
              session_reason_text((enum session_reason)target->front.info->reason));
        check(!"open");
    }
    if (right) {
        check(ring_read(target->front.s->ctl.errors) == 0);
        check(target->front.g->ctl.errors == 0);
        check(target->front.g->ctl.restarts == 0);
    }
}

/* On the session of this name. False: there is none. */
static bool attack_on(const struct attack *attack, const char *name)
{
    static struct target target;
    if (!open_target(&target, name))
        return false;
    if (kind->open && attack->reason != SESSION_BAD_RING)
        kind->open(&target);
    u64 before = meddled;
    attack->run(&target);
    if (attack->gone)
        return true;
    if (meddled != before)
        print("%s: rewritten %lu times\n", name, meddled - before);
    if (attack->reason != SESSION_REASON_NONE ||
        (attack->may_close && ring_read(target.front.info->state) == SESSION_CLOSED))
        expect_closed(&target, attack->reason);
    else
        expect_open(&target, !attack->may_close);
    return true;
}

static void attack_everywhere(void)
{
    u32 sessions = 0;
    for (u32 i = 0; i < attack_count; i++) {
        char name[START_NAME_SIZE];
        u32 number = 0;
        do {
            if (number == 0)
                format_buffer(name, sizeof(name), "%s", attacks[i].name);
            else
                format_buffer(name, sizeof(name), "%s-%u", attacks[i].name, number);
            number++;
        } while (attack_on(&attacks[i], name));
        sessions += number - 1;
    }
    check(sessions != 0);
    print("hostile-client life %lu, %u sessions", start->restarts, sessions);
    check_report();
}

/* For ever. */
static void storm_everywhere(void)
{
    const struct attack *attack = attacks;
    while (strcmp(attack->name, "storm") != 0)
        attack++;
    static struct target target;
    check(open_target(&target, attack->name));
    if (kind->open)
        kind->open(&target);
    for (u64 i = 1;; i++) {
        attack->run(&target);
        expect_open(&target, true);
        print("hostile-client storm %lu", i);
        check_report();
    }
}

static void work(void)
{
    if (storms)
        storm_everywhere();
    attack_everywhere();
    if (start->restarts + 1 < lives)
        worker_end();
    print("hostile-client: done\n");
    for (;;)
        yield();
}

int main(void)
{
    find_kind();
    seed = argument_number("seed", 1) * 1000003;
    lives = argument_number("lives", 1);
    rounds = argument_number("rounds", 100);
    storms = argument_number("storm", 0);
    meddle_until_end(work, seed + start->restarts);
    return 0;
}
