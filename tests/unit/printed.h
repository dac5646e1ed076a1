/*
 * A sink for what the keeper prints, to look at it.
 */
#pragma once
#include "unit.h"

#include <base/format.h>

static char printed[1 << 20];
static usize printed_length;

static void collect(struct sink *sink, const char *bytes, usize length)
{
    (void)sink;
    assert_true(printed_length + length < sizeof(printed));
    memcpy(printed + printed_length, bytes, length);
    printed_length += length;
    printed[printed_length] = 0;
}

static struct sink sink = {collect};

static int setup(void **state)
{
    (void)state;
    printed_length = 0;
    printed[0] = 0;
    return 0;
}

static void assert_printed(const char *part)
{
    if (!strstr(printed, part))
        fail_msg("'%s' is not in: %s", part, printed);
}
