/*
 * Formatted printing to anywhere: `format` takes a printf-like text and hands the resulting bytes
 * to a sink, piece by piece. It allocates nothing, keeps nothing, and cannot fail.
 *
 * Understood: %d %i %u %x %X %p %s %c %%; the lengths hh h l ll z j t; the flags 0 and -; a width
 * and a precision, as digits or `*`. The precision of a string is the most bytes that are looked at
 * (so %.*s prints a slice that has no terminating 0), of a number the fewest digits. %p prints 0x
 * and hexadecimal digits. There are no floating-point numbers. At a conversion that is not in this
 * list the rest of the text is printed as it stands: what its arguments are cannot be known then.
 */
#pragma once

#include <stdarg.h>

#include <base/types.h>

/*
 * Where formatted bytes go. `write` is called any number of times, `length` is never 0; put the
 * sink into a larger structure and use container_of to give it a state.
 */
struct sink {
    void (*write)(struct sink *sink, const char *bytes, usize length);
};

/* Prints to `sink`; returns how many bytes that were. */
usize format(struct sink *sink, const char *text, ...) __attribute__((format(printf, 2, 3)));
usize format_list(struct sink *sink, const char *text, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/*
 * Prints into the `size` bytes at `buffer`, as much as fits, and always terminates it with a 0 (if
 * `size` is 0, nothing is written). Returns how many bytes the whole would have, without the 0: the
 * text was cut if that is not less than `size`.
 */
usize format_buffer(char *buffer, usize size, const char *text, ...)
    __attribute__((format(printf, 3, 4)));
usize format_buffer_list(char *buffer, usize size, const char *text, va_list arguments)
    __attribute__((format(printf, 3, 0)));
