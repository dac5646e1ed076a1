/*
 * For unit tests of what is charged to pools: the real pools, of which none ends. Needs, beside
 * what is tested: kernel/object/pool.c kernel/memory/frames.c kernel/debug/trace.c
 */
#pragma once

#include "kernel.h"

#include "object/pool.h"
#include "object/quarantine.h"

static struct pool *host_root;

bool object_drop_caps(struct object *object)
{
    (void)object;
    return true;
}

/* A fresh machine with memory of `frames` frames, and a pool of `pages` of them. */
static inline struct pool *host_pool(u64 frames, u64 pages)
{
    struct pool *pool;
    host_cpu_init();
    host_memory_init(frames);
    if (host_root)
        memset(host_root, 0, sizeof(*host_root));
    host_root = pool_init_root();
    assert_int_equal(pool_create(host_root, pages, PRIORITY_COUNT - 1, &pool), ERR_NONE);
    return pool;
}
