/*
 * Dying and hanging at a chosen step. See step.h. Only debug builds have it.
 */
#include <base/parse.h>
#include <base/string.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/step.h>

#if TERRARIUM_DEBUG

#define LATER_EACH_LIFE 7 /* so that not all lives end in the same state */

static const char *const names[STEPS] = {
    [STEP_TAKEN] = "taken",         [STEP_DEVICE_DONE] = "device", [STEP_COMPLETED] = "completed",
    [STEP_PUBLISHED] = "published", [STEP_RAISED] = "raised",
};

static bool is_read; /* the arguments were looked at */
static bool hangs;   /* rather than dies */
static enum step target;
static u64 left; /* times to come there before it happens; 0: it does not */

/* The number before the next ':', which is taken off; 0 if it is none. */
static u64 take_number(struct slice *rest)
{
    struct slice number, after = {rest->bytes + rest->length, 0};
    u64 value;
    if (!slice_split(*rest, ':', &number, &after))
        number = *rest;
    *rest = after;
    return parse_number(number, &value) == PARSE_OK ? value : 0;
}

/* One word of the arguments: KEY=STEP:COUNT:LIVES. */
static void read_word(struct slice word)
{
    struct slice key, value, name, rest;
    if (!slice_split(word, '=', &key, &value) || !slice_split(value, ':', &name, &rest) ||
        !(slice_equal(key, "die") || slice_equal(key, "hang")))
        return;
    u64 count = take_number(&rest), lives = take_number(&rest);
    for (u32 i = 0; i < STEPS; i++) {
        if (!slice_equal(name, names[i]) || start->restarts >= lives)
            continue;
        target = (enum step)i;
        hangs = slice_equal(key, "hang");
        left = count + start->restarts * LATER_EACH_LIFE;
    }
}

static void read_arguments(void)
{
    struct slice word, rest = {start->arguments, strnlen(start->arguments, START_ARGUMENTS_SIZE)};
    while (slice_next_word(&rest, &word))
        read_word(word);
    is_read = true;
}

void step(enum step where)
{
    if (!is_read)
        read_arguments();
    if (left == 0 || where != target || --left != 0)
        return;
    if (!hangs)
        panic("test: dies at step '%s'", names[where]);
    print("test: hangs at step '%s'\n", names[where]);
    for (;;)
        __builtin_ia32_pause();
}

#endif
