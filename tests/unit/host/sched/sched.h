/*
 * For unit tests: kernel/sched/sched.h with one name changed. The C library has a sched_yield too,
 * which the sanitizers call.
 */
#pragma once

#define sched_yield kernel_sched_yield
#include_next "sched/sched.h"
