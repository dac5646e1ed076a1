/*
 * A server that nobody should have to rely on, for the tests of the keeper
 * (tests/system/test_keeper.py). Its arguments say what it does with whoever calls it:
 *
 *     silent       takes the call, and never answers
 *     forgetful    takes the call, and waits for the next
 *     deaf         does not even take it
 *     dies         ends while the caller waits
 *     refuses      answers each call with an error
 *     lies SEED    answers each call with nonsense: counts without end, text that is none
 *     slow         answers each call a quarter of a second later, and then with nonsense
 */
#include <base/parse.h>
#include <base/random.h>
#include <runtime/clock.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/root.h>

#define SLOW_NS (250 * NS_PER_MS)

static struct random random;

_Noreturn static void sleep(void)
{
    for (;;) {
        struct message m;
        ignore_status(ipc_wait(SLOT_NONE, 0, &m, 0)); /* for nobody */
    }
}

/* What a caller might be naive about: very large numbers, and bytes that do things to terminals. */
static void lie(struct message *m)
{
    static const u64 likely_ones[] = {
        0, 1, 2, UINT64_MAX, 1ul << 63, 0x1b5b324a, 0x0a0d0a0d, 0x25732573257325, 0xffffffff, 48};
    m->word[0] = random_below(&random, 8) ? 0 : random_next(&random) >> 1;
    for (u32 i = 1; i < array_count(m->word); i++)
        m->word[i] = random_below(&random, 2)
                         ? random_next(&random)
                         : likely_ones[random_below(&random, array_count(likely_ones))];
}

/* False: there is no answer. */
static bool answer(struct slice way, struct message *m)
{
    if (slice_equal(way, "silent")) {
        struct message to_itself = {0}; /* who waits for other callers breaks off with this one */
        ignore_status(ipc_call(SLOT_SERVICE, &to_itself, 0));
    }
    if (slice_equal(way, "forgetful"))
        return false;
    if (slice_equal(way, "dies"))
        panic("mute: ends, as it was asked to");
    if (slice_equal(way, "slow")) {
        for (u64 end = tsc() + clock_from_ns(SLOW_NS, start->tsc_hz); tsc() < end;)
            yield();
    }
    lie(m);
    if (slice_equal(way, "refuses"))
        m->word[0] = (u64)status_error(ERR_RIGHTS, 0);
    return true;
}

int main(void)
{
    struct slice rest = slice_of(start->arguments), way, word;
    u64 seed = 0;
    struct message m = {.word = {ROOT_READY}};
    ignore_status(ipc_call(SLOT_ROOT, &m, 0)); /* root is there */
    if (!slice_next_word(&rest, &way))
        panic("mute: it is not said what to do");
    if (slice_next_word(&rest, &word) && parse_number(word, &seed) != PARSE_OK)
        panic("mute: '%.*s' is not a number", (int)word.length, word.bytes);
    random_init(&random, seed);
    if (slice_equal(way, "deaf"))
        sleep();
    status got = ipc_wait(SLOT_SERVICE, 0, &m, 0);
    for (;;) {
        if (got >= 0 && (got & WAIT_MESSAGE) && answer(way, &m))
            ignore_status(ipc_reply(&m, 0)); /* the caller may have given up */
        got = ipc_wait(SLOT_SERVICE, 0, &m, 0);
    }
}
