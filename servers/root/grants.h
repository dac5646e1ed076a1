/*
 * Inside the making of grants (server.h: grants_make): what its files share. grants.c goes through
 * a server's section and makes most grants, grants_pci.c those of PCI functions, grants_memory.c
 * has the memory that root owns and several servers may be given.
 */
#pragma once
#include <abi/start.h>

#include "server.h"

/* A server's start page as it grows. */
struct giving {
    const struct server *server;
    struct start_info *info;
    const struct config_grant *what;
    u64 next_bit; /* of its event, for its next interrupt */
};

/* Begins an entry, which `give` completes. */
struct grant *give_begin(struct giving *giving, enum grant_kind kind);

/* Root's slot for an object that belongs to the present entry, and the pool to make it from. */
u32 give_slot(const struct giving *giving);
u32 give_pool(const struct giving *giving);

/* Completes an entry: copies the capability in root's `slot`, if it could be made. */
must_check bool give(struct giving *giving, status made, u32 slot, u64 rights, u64 badge);

/* One entry, whole: device registers at a physical address. `number` is that of the BAR. */
must_check bool give_registers(struct giving *giving, u64 address, u64 bytes, u64 number);

/* grants_pci.c: the entries of a PCI function, which is set up and switched on. */
must_check bool give_function(struct giving *giving);

/* grants_memory.c: memory that is root's; the clock page. */
must_check bool give_memory(struct giving *giving, enum grant_kind kind, u32 slot, u64 bytes,
                            u64 rights);
must_check bool give_root_memory(struct giving *giving);
