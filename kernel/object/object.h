/*
 * What all kernel objects have in common, and capabilities.
 *
 * An object belongs to the pool that paid for it and knows every capability that names it, so its
 * destruction leaves none behind. A capability is therefore always valid: there is no reference
 * count and no generation to compare. The kernel's own long-lived references (a thread's fault
 * endpoint, the event of an interrupt) are capabilities too, outside any table, and vanish in the
 * same way.
 */
#pragma once
#include <abi/error.h>
#include <abi/object.h>
#include <base/list.h>

struct pool;

struct object {
    u8 type;              /* enum object_type; OBJECT_NONE from the moment its destruction begins */
    u8 kind;              /* what it is or was */
    bool held;            /* destruction had to stop because somebody else holds its memory */
    struct pool *pool;    /* who paid; of a pool, its parent */
    struct list siblings; /* in one of the pool's lists */
    struct list caps;     /* every capability that names this */
};

struct cap {
    struct object *object; /* NULL: empty */
    struct list link;      /* in object->caps */
    u64 badge;
    u64 rights;
    u64 unused[3]; /* 64 bytes, a cache line, so that a slot is found by a shift */
};
static_assert(sizeof(struct cap) == 64, "slots are found by a shift");

/* Those of `rights` that mean something for this kind of object. */
u64 rights_for(const struct object *object, u64 rights);

/* Makes `cap`, which is empty, name `object`, with those of `rights` that mean something for it. */
void cap_set(struct cap *cap, struct object *object, u64 rights, u64 badge);

/* Empties `cap`; it may be empty already. */
void cap_clear(struct cap *cap);

/* Fills in the header of a fresh object charged to `pool`. */
void object_init(struct object *object, enum object_type type, struct pool *pool);

/*
 * One bite of an object's destruction, whatever it is: 0 when it is gone (its memory is freed),
 * ERR_AGAIN when there is more to do, ERR_BUSY when somebody else holds its memory. From the first
 * bite on no system call can use it, but to destroy it further.
 */
must_check enum error object_destroy_step(struct object *object);
