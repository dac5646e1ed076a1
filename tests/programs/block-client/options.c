/*
 * The arguments of the block client. See client.h.
 */
#include "client.h"

#include <base/parse.h>
#include <runtime/start.h>

static const char *const modes[] = {
    [MODE_VERIFY] = "verify", [MODE_LOAD] = "load", [MODE_EDGES] = "edges",
    [MODE_SCAN] = "scan",     [MODE_SHOW] = "show", [MODE_CROWD] = "crowd",
};

static bool read_mode(struct options *options, struct slice word)
{
    for (u32 i = 0; i < array_count(modes); i++) {
        if (slice_equal(word, modes[i])) {
            options->mode = (enum mode)i;
            return true;
        }
    }
    return false;
}

static bool read_number(struct options *options, struct slice word)
{
    const struct {
        const char *name;
        u64 *value;
    } names[] = {
        {"operations", &options->operations},
        {"restarts", &options->restarts},
        {"depth", &options->depth},
        {"sectors", &options->sectors},
        {"chain", &options->chain},
        {"seed", &options->seed},
        {"report", &options->report},
        {"patient", &options->patient},
        {"gone", &options->gone},
        {"told", &options->told},
        {"sector", &options->sector},
        {"offset", &options->offset},
        {"count", &options->count},
    };
    struct slice name, number;
    if (!slice_split(word, '=', &name, &number))
        return false;
    for (u32 i = 0; i < array_count(names); i++)
        if (slice_equal(name, names[i].name))
            return parse_number(number, names[i].value) == PARSE_OK;
    return false;
}

void options_read(struct options *options)
{
    *options = (struct options){.operations = 4000,
                                .depth = 32,
                                .sectors = 64,
                                .chain = RING_CHAIN_LIMIT,
                                .seed = 1,
                                .report = 5000,
                                .count = 2};
    struct slice rest = slice_of(start->arguments), word;
    if (!slice_next_word(&rest, &word) || !read_mode(options, word))
        fail("the arguments must begin with a mode");
    while (slice_next_word(&rest, &word))
        if (!read_number(options, word))
            fail("what does %.*s mean?", (int)word.length, word.bytes);
    options->depth = max(1, min(options->depth, 64));
    options->chain = max(1, min(options->chain, RING_CHAIN_LIMIT));
    options->sectors = max(1, options->sectors);
    options->report = max(1, options->report);
}
