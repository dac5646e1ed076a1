/*
 * What helper threads do at an endpoint whose slot they are given.
 */
#pragma once
#include <base/types.h>

/* Calls it: the status comes to board.result[slot % 32], the first word to board.word[slot % 64],
 * and board.count[0] counts. */
void call_once(u64 slot);

/* Waits at it, with the result in board.result[1], and ends without a reply; or goes on without
 * one. */
void serve_and_die(u64 slot);
void serve_and_hang(u64 slot);
