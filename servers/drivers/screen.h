/*
 * A screen, whatever it is made of: a grid of cells, each a character in two colours.
 *
 * There are two kinds behind this header: screen_text.c has the text mode of VGA, screen_pixels.c
 * a framebuffer. What is where on the screen, and what changed, its owner knows.
 */
#pragma once
#include <base/types.h>
#include <drivers/device.h>
#include <drivers/font.h>

/* A cell is what the VGA takes: the character, 16 colours of foreground, 8 of background. */
#define CELL(character, attribute) ((u16)((u8)(character) | (u16)(attribute) << 8))
#define CELL_CHARACTER(cell)       ((u8)(cell))
#define CELL_FOREGROUND(cell)      ((cell) >> 8 & 15)
#define CELL_BACKGROUND(cell)      ((cell) >> 12 & 7)

struct screen {
    u32 columns, rows;
    void (*draw)(struct screen *screen, u32 column, u32 row, u16 cell);
};

struct screen_text {
    struct screen screen;
    volatile u16 *cells;
};

/* What a framebuffer is like, as multiboot2 says it. */
struct pixel_format {
    u32 width, height;
    u32 pitch; /* bytes from a line to the next */
    u32 bits;  /* in a pixel: 15, 16, 24 or 32 */
    struct {
        u8 position, size;
    } red, green, blue;
};

struct screen_pixels {
    struct screen screen;
    volatile u8 *pixels;
    struct pixel_format format;
    u32 scale;       /* each pixel of the font is so many pixels wide and high */
    u32 palette[16]; /* the colours as pixels */
    struct font font;
};

/*
 * Makes a screen of the `bytes` bytes of video memory at `base`. At most `columns` by `rows` cells
 * are used. False when the memory is too small for what is said to be in it, or the format is not
 * known: then there is no screen.
 */
must_check bool screen_text_start(struct screen_text *text, volatile void *base, u64 bytes,
                                  u32 columns, u32 rows);
must_check bool screen_pixels_start(struct screen_pixels *pixels, volatile void *base, u64 bytes,
                                    const struct pixel_format *format, u32 columns, u32 rows);

/* Switches the VGA's own blinking cursor off, by its CRT controller (ports 0x3d4 and 0x3d5). */
void screen_text_hide_cursor(struct ports crt);
