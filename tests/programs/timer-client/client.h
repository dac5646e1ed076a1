/*
 * What all parts of the timer client share: its sessions, named timer0, timer1 and so on in the
 * configuration, the clock page, and waiting.
 */
#pragma once
#include <runtime/session.h>
#include <runtime/timer.h>

#define SESSIONS_MOST 8u
#define ALARMS        100u /* set at once on each session */

struct end {
    struct front_timer timer;
    u64 event;
};

extern struct end ends[SESSIONS_MOST];
extern u32 end_count;
extern const struct clock_page *the_clock;

/* Opens all sessions and the clock. False: something is missing; the log says what. */
bool client_open(void);

/* The time by the clock page. */
static inline u64 now(void)
{
    return clock_read(the_clock);
}

static inline void publish(struct end *end)
{
    front_publish(&end->timer.front);
}

/* The next alarm that comes back on this session, waiting for it. A mistake that shows in itself
 * (it came early, or cannot be so late) is counted in `mistakes`. */
struct front_alarm *take(struct end *end);

/* The same from any session; `*from` says which. */
struct front_alarm *take_any(struct end **from);

extern u64 mistakes;

/* How often the server was restarted under this session. */
u32 restarts_of(const struct end *end);

/* The parts. Each ends by returning, or goes on for ever. */
void run_checks(void);
void run_standing(void);
void run_load(void);
void run_wake(void);
void run_storm(void);
