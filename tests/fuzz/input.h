/*
 * A fuzzer's bytes as a stream of decisions: zeros when they are used up.
 */
#pragma once
#include <base/types.h>

struct input {
    const u8 *bytes;
    usize length;
};

static inline u8 next(struct input *input)
{
    if (input->length == 0)
        return 0;
    input->length--;
    return *input->bytes++;
}

static inline u32 next32(struct input *input)
{
    u32 value = 0;
    for (u32 i = 0; i < 4; i++)
        value = value << 8 | next(input);
    return value;
}
