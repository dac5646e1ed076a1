/*
 * The HPET's counter and one of its timers. See hpet.h for what is promised.
 *
 * All accesses are 32 bits wide: one of 64 bits may reach the device as two anyway, with time
 * passing between them (specification, section 2.4.7), and then it is better to know.
 */
#include <base/scale.h>
#include <drivers/hpet.h>

/* Registers. */
#define GCAP_ID         0x000ul /* general capabilities and identification */
#define GCAP_PERIOD     0x004ul /* COUNTER_CLK_PERIOD */
#define GEN_CONF        0x010ul
#define GINTR_STA       0x020ul
#define MAIN_CNT_LOW    0x0f0ul
#define MAIN_CNT_HIGH   0x0f4ul
#define TN_CONF(n)      (0x100ul + 0x20ul * (n))
#define TN_ROUTES(n)    (0x104ul + 0x20ul * (n)) /* Tn_INT_ROUTE_CAP */
#define TN_COMP(n)      (0x108ul + 0x20ul * (n)) /* comparator, low half... */
#define TN_COMP_HIGH(n) (0x10cul + 0x20ul * (n))

/* GCAP_ID */
#define NUM_TIM_CAP(caps) ((caps) >> 8 & 0x1f) /* the number of the last timer */
#define COUNT_SIZE_CAP    (1u << 13)

/* GEN_CONF */
#define ENABLE_CNF 1u
#define LEG_RT_CNF 2u

/* TN_CONF */
#define TN_INT_TYPE_CNF        (1u << 1) /* level-triggered */
#define TN_INT_ENB_CNF         (1u << 2)
#define TN_TYPE_CNF            (1u << 3) /* periodic */
#define TN_SIZE_CAP            (1u << 5)
#define TN_32MODE_CNF          (1u << 8)
#define TN_INT_ROUTE_CNF(line) ((line) << 9)
#define TN_INT_ROUTE_MASK      TN_INT_ROUTE_CNF(0x1fu)
#define TN_FSB_EN_CNF          (1u << 14)

#define PERIOD_LIMIT_FS 0x05f5e100u /* 100 ns */
#define FS_PER_NS       1000000ul

/* A comparator matches only when the counter comes by; chips may need so many ticks to notice. */
#define TICKS_AHEAD 128ul
/* How far ahead a timer of 32 bits is set at most: so long the clock goes without a look at it. */
#define TICKS_SHORT_SPAN (1ul << 30)

const char *hpet_error_text(enum hpet_error error)
{
    switch (error) {
#define X(name, text)                                                                              \
    case name:                                                                                     \
        return text;
        HPET_ERROR_LIST(X)
#undef X
    default:
        return "no error";
    }
}

static u32 read(const struct hpet *hpet, u64 offset)
{
    return register_read32(&hpet->registers, offset);
}

static void write(const struct hpet *hpet, u64 offset, u32 value)
{
    register_write32(&hpet->registers, offset, value);
}

u64 hpet_to_ns(const struct hpet *hpet, u64 ticks)
{
    return scale(ticks, hpet->period_fs, FS_PER_NS);
}

u64 hpet_from_ns(const struct hpet *hpet, u64 ns)
{
    return scale_up(ns, FS_PER_NS, hpet->period_fs);
}

/* A counter of 64 bits in two reads, and a third to see that the upper half was right. */
static u64 counter_long(const struct hpet *hpet)
{
    u32 high = read(hpet, MAIN_CNT_HIGH);
    for (;;) {
        u32 low = read(hpet, MAIN_CNT_LOW);
        u32 again = read(hpet, MAIN_CNT_HIGH);
        if (again == high)
            return (u64)high << 32 | low;
        high = again;
    }
}

u64 hpet_ticks(struct hpet *hpet)
{
    if (hpet->counter_is_long)
        hpet->last = counter_long(hpet);
    else
        hpet->last += read(hpet, MAIN_CNT_LOW) - (u32)hpet->last;
    return hpet->last;
}

/*
 * Finds the upper half of a counter of 32 bits: of all times with the lower half that it shows, the
 * one that is nearest to the processor's clock. For the two to agree at all, a fresh
 * one is set by it.
 */
static void extend_counter(struct hpet *hpet, bool fresh)
{
    u64 expected = hpet_from_ns(hpet, home_time_ns());
    if (fresh) {
        u32 general = read(hpet, GEN_CONF);
        write(hpet, GEN_CONF, general & ~ENABLE_CNF); /* it may be written only when it stands */
        write(hpet, MAIN_CNT_LOW, (u32)expected);
        write(hpet, GEN_CONF, general);
    }
    u32 shown = read(hpet, MAIN_CNT_LOW);
    u64 nearest = expected + (u64)(i64)(i32)(shown - (u32)expected);
    hpet->last = (i64)nearest < 0 ? shown : nearest; /* before 0 there was no time */
}

/* Sets the alarm's interrupt up, switched off; false when the timer does not accept the line. */
static bool configure_timer(struct hpet *hpet, struct hpet_route route)
{
    u32 n = route.timer;
    u32 routes = read(hpet, TN_ROUTES(n));
    if (route.line > 31 || !(routes >> route.line & 1))
        return false;
    u32 conf = read(hpet, TN_CONF(n));
    hpet->timer_is_long = hpet->counter_is_long && (conf & TN_SIZE_CAP);
    conf &= ~(TN_INT_TYPE_CNF | TN_INT_ENB_CNF | TN_TYPE_CNF | TN_32MODE_CNF | TN_INT_ROUTE_MASK |
              TN_FSB_EN_CNF);
    conf |= TN_INT_ROUTE_CNF(route.line);
    if (route.level)
        conf |= TN_INT_TYPE_CNF;
    if (!hpet->timer_is_long)
        conf |= TN_32MODE_CNF;
    write(hpet, TN_CONF(n), conf);
    write(hpet, GINTR_STA, 1u << n); /* what a predecessor left pending */
    write(hpet, TN_COMP_HIGH(n), 0);
    hpet->compared_high = 0;
    return (read(hpet, TN_CONF(n)) & TN_INT_ROUTE_MASK) == TN_INT_ROUTE_CNF(route.line);
}

enum hpet_error hpet_open(struct hpet *hpet, struct registers registers, struct hpet_route route,
                          bool fresh)
{
    *hpet = (struct hpet){.registers = registers, .timer = route.timer, .level = route.level};
    if (registers.size < TN_CONF(0))
        return HPET_TOO_SMALL;
    u32 caps = read(hpet, GCAP_ID);
    if (route.timer > NUM_TIM_CAP(caps))
        return HPET_NO_TIMER;
    if (registers.size < TN_CONF(route.timer + 1))
        return HPET_TOO_SMALL;
    hpet->period_fs = read(hpet, GCAP_PERIOD);
    if (hpet->period_fs == 0 || hpet->period_fs > PERIOD_LIMIT_FS)
        return HPET_BAD_PERIOD;
    hpet->counter_is_long = caps & COUNT_SIZE_CAP;

    u32 general = read(hpet, GEN_CONF);
    fresh = fresh || !(general & ENABLE_CNF);
    write(hpet, GEN_CONF, (general & ~LEG_RT_CNF) | ENABLE_CNF);
    if (!configure_timer(hpet, route))
        return HPET_BAD_ROUTE;
    if (!hpet->counter_is_long)
        extend_counter(hpet, fresh);
    hpet_ticks(hpet);
    return HPET_OK;
}

/* Writes the comparator, and only what of it has changed. */
static void set_comparator(struct hpet *hpet, u64 ticks)
{
    u32 high = (u32)(ticks >> 32);
    if (hpet->timer_is_long && high != hpet->compared_high) {
        write(hpet, TN_COMP_HIGH(hpet->timer), high);
        hpet->compared_high = high;
    }
    write(hpet, TN_COMP(hpet->timer), (u32)ticks);
}

void hpet_arm(struct hpet *hpet, u64 ticks)
{
    u32 conf = read(hpet, TN_CONF(hpet->timer));
    if (!(conf & TN_INT_ENB_CNF))
        write(hpet, TN_CONF(hpet->timer), conf | TN_INT_ENB_CNF);
    if (!hpet->timer_is_long)
        ticks = min(ticks, hpet->last + TICKS_SHORT_SPAN);
    for (u64 ahead = 2 * TICKS_AHEAD;; ahead *= 2) {
        set_comparator(hpet, ticks);
        u64 now = hpet_ticks(hpet);
        if (ticks > now && ticks - now >= TICKS_AHEAD)
            return;
        ticks =
            now + ahead; /* the counter may have gone by: a later time, until one is not missed */
    }
}

bool hpet_interrupt(struct hpet *hpet)
{
    u32 mine = 1u << hpet->timer;
    if (!hpet->level)
        return true; /* an edge leaves no trace */
    if (!(read(hpet, GINTR_STA) & mine))
        return false;
    write(hpet, GINTR_STA, mine);
    return true;
}
