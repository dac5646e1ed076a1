/*
 * Looking for a word among the arguments. See arguments.h.
 */
#include <base/parse.h>
#include <runtime/arguments.h>
#include <runtime/start.h>

u64 argument_number(const char *name, u64 otherwise)
{
    struct slice word, key, value, rest = slice_of(start->arguments);
    u64 number;
    while (slice_next_word(&rest, &word)) {
        if (slice_split(word, '=', &key, &value) && slice_equal(key, name) &&
            parse_number(value, &number) == PARSE_OK)
            return number;
    }
    return otherwise;
}
