/*
 * The HPET as the configuration grants it (`hpet hpet [TIMER]`), for its driver.
 */
#pragma once
#include <abi/start.h>
#include <drivers/hpet.h>

/* Opens it; `fresh` as for hpet_open. The grant of its interrupt, whose value0 is the bit of the
 * program's event; NULL: none was granted, or it cannot be used, and the log says which. */
must_check const struct grant *hpet_granted(struct hpet *hpet, bool fresh);
