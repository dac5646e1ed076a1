/*
 * Pools that are to be destroyed: how they are made and filled, and what has to be true afterwards.
 */
#pragma once
#include <abi/info.h>
#include <base/types.h>

#define POOL_PAGES 800

/* The account of the pool around it, from before it was made. */
extern struct pool_info outside;

/* A pool to be destroyed; and: it is gone and nothing of it is left. */
u32 doomed_pool(void);
void is_gone(u32 pool);

/* Objects in it, in new slots of ours. Memory is committed. */
u32 endpoint_in(u32 pool);
u32 event_in(u32 pool);
u32 share_in(u32 pool, u32 priority);
u32 memory_in(u32 pool, u64 pages);
u32 space_in(u32 pool);
u32 pool_in(u32 pool, u64 pages);

/* A thread on a share of its own, both in the pool; and what it can do. */
u32 thread_in(u32 pool, void (*run)(u64), u64 argument, u32 fault_endpoint);
void doomed_spin(u64 index); /* counts for ever */
void doomed_call(u64 slot);  /* calls that endpoint */
void doomed_wait(u64 slot);  /* waits there (SLOT_NONE: for events), and never replies */
void doomed_fault(u64 unused);
