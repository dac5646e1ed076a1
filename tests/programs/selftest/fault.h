/*
 * Threads that fault on purpose, and what their fault endpoint hears of it.
 */
#pragma once
#include <base/types.h>

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE };

struct fault {
    u64 vector, code, address, rip, rsp;
    bool came;
};

/* A helper does this; it is destroyed when its fault has come. */
struct fault fault_of_access(u64 address, enum access access);
struct fault fault_of(void (*run)(u64 argument), u64 argument, u64 flags);

/* Waits for a fault at an endpoint, for a second at most. Its thread waits for the reply. */
struct fault fault_wait(u32 endpoint);
