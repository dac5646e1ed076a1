/*
 * The program's arguments, words like `kills=3` (`arguments` in its section of the configuration).
 */
#pragma once
#include <base/types.h>

/* The number after `name=`; `otherwise`, if there is no such word. */
u64 argument_number(const char *name, u64 otherwise);
