/*
 * What every system call has in common: arguments that name capabilities, new slots and
 * structures, and what they are refused with. Each function takes a call with arguments that are
 * right (or as right as is known), puts wrong ones in place of number `argument` (1 to 6), and
 * makes all later ones nonsense at times: the first that is wrong has to be reported.
 */
#pragma once
#include <abi/object.h>
#include <base/types.h>

struct call_words {
    u64 number;
    u64 word[6];
};

/* One object of each kind, made for the test, by enum object_type. */
struct gallery {
    u32 slot[OBJECT_TYPES];
    u32 pci; /* the device is a range of ports; this is a PCI function */
};
void gallery_make(struct gallery *gallery);

/* Argument names a capability to an object of `type`, which needs `rights` of it. */
void arguments_cap(const struct gallery *gallery, struct call_words call, unsigned argument,
                   enum object_type type, u64 rights);

/* Argument names an empty slot. */
void arguments_new_slot(const struct gallery *gallery, struct call_words call, unsigned argument);

/* Argument points to a structure of `size` bytes, which the kernel writes to (or reads). */
void arguments_pointer(struct call_words call, unsigned argument, u64 size, bool written);

/* Argument may not be any of these. */
#define arguments_values(call, argument, code, ...)                                                \
    arguments_values_at(__LINE__, call, argument, code, (const u64[]){__VA_ARGS__},                \
                        sizeof((const u64[]){__VA_ARGS__}) / sizeof(u64))
void arguments_values_at(int line, struct call_words call, unsigned argument, unsigned code,
                         const u64 *values, usize count);
