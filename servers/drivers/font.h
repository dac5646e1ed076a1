/*
 * The font of screens that have only pixels: the printable ASCII characters, 8 by 16 pixels each,
 * drawn in font.c for everybody to see and change.
 */
#pragma once
#include <base/types.h>

#define FONT_WIDTH  8
#define FONT_HEIGHT 16
#define FONT_FIRST  ' '
#define FONT_LAST   '~'

struct font {
    u8 rows[FONT_LAST - FONT_FIRST + 1][FONT_HEIGHT]; /* bit 7 is the leftmost pixel */
};

/* Makes the bits out of the drawings. */
void font_make(struct font *font);

/* The rows of a character; those of `?` for one that is not drawn. */
static inline const u8 *font_rows(const struct font *font, u8 character)
{
    if (character < FONT_FIRST || character > FONT_LAST)
        character = '?';
    return font->rows[character - FONT_FIRST];
}
