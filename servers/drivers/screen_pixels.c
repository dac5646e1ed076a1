/*
 * A framebuffer as a screen of cells: each is drawn from the font, one store for each pixel.
 * screen.h has the contract.
 */
#include <drivers/screen.h>

/* The sixteen colours of the VGA, as 0xRRGGBB. */
static const u32 colours[16] = {0x000000, 0x0000aa, 0x00aa00, 0x00aaaa, 0xaa0000, 0xaa00aa,
                                0xaa5500, 0xaaaaaa, 0x555555, 0x5555ff, 0x55ff55, 0x55ffff,
                                0xff5555, 0xff55ff, 0xffff55, 0xffffff};

static u32 channel(u32 value, u8 position, u8 size)
{
    return value >> (8 - size) << position;
}

static void make_palette(struct screen_pixels *pixels)
{
    const struct pixel_format *format = &pixels->format;
    for (unsigned i = 0; i < array_count(colours); i++)
        pixels->palette[i] =
            channel(colours[i] >> 16 & 0xff, format->red.position, format->red.size) |
            channel(colours[i] >> 8 & 0xff, format->green.position, format->green.size) |
            channel(colours[i] & 0xff, format->blue.position, format->blue.size);
}

/* Fills `count` pixels side by side; returns where the next one is. */
static volatile u8 *fill(volatile u8 *place, u32 count, u32 bytes, u32 colour)
{
    for (; count != 0; count--, place += bytes) {
        if (bytes == 4) {
            *(volatile u32 *)place = colour;
        } else if (bytes == 2) {
            *(volatile u16 *)place = (u16)colour;
        } else {
            place[0] = (u8)colour;
            place[1] = (u8)(colour >> 8);
            place[2] = (u8)(colour >> 16);
        }
    }
    return place;
}

static void draw(struct screen *screen, u32 column, u32 row, u16 cell)
{
    struct screen_pixels *pixels = container_of(screen, struct screen_pixels, screen);
    const u8 *rows = font_rows(&pixels->font, CELL_CHARACTER(cell));
    u32 front = pixels->palette[CELL_FOREGROUND(cell)];
    u32 back = pixels->palette[CELL_BACKGROUND(cell)];
    u32 bytes = (pixels->format.bits + 7) / 8;
    u32 scale = pixels->scale;
    u64 pitch = pixels->format.pitch;
    volatile u8 *line = pixels->pixels + (u64)row * FONT_HEIGHT * scale * pitch +
                        (u64)column * FONT_WIDTH * scale * bytes;
    for (u32 y = 0; y < FONT_HEIGHT * scale; y++, line += pitch) {
        volatile u8 *place = line;
        u8 bits = rows[y / scale];
        for (u32 x = 0; x < FONT_WIDTH; x++, bits = (u8)(bits << 1))
            place = fill(place, scale, bytes, bits & 0x80 ? front : back);
    }
}

static bool channel_fits(u8 position, u8 size, u32 bits)
{
    return size >= 1 && size <= 8 && position + size <= bits;
}

static bool format_is_known(const struct pixel_format *format, u64 bytes)
{
    u32 bits = format->bits;
    if (bits != 15 && bits != 16 && bits != 24 && bits != 32)
        return false;
    return channel_fits(format->red.position, format->red.size, bits) &&
           channel_fits(format->green.position, format->green.size, bits) &&
           channel_fits(format->blue.position, format->blue.size, bits) &&
           (u64)format->width * ((bits + 7) / 8) <= format->pitch &&
           (u64)format->pitch * format->height <= bytes;
}

bool screen_pixels_start(struct screen_pixels *pixels, volatile void *base, u64 bytes,
                         const struct pixel_format *format, u32 columns, u32 rows)
{
    if (!format_is_known(format, bytes) || columns == 0 || rows == 0)
        return false;
    /* On a very large screen letters grow, so that `columns` of them span it. */
    u32 scale = (u32)max(1, (format->width / FONT_WIDTH + columns - 1) / columns);
    pixels->format = *format;
    pixels->pixels = base;
    pixels->scale = scale;
    pixels->screen.columns = (u32)min(columns, format->width / (FONT_WIDTH * scale));
    pixels->screen.rows = (u32)min(rows, format->height / (FONT_HEIGHT * scale));
    pixels->screen.draw = draw;
    if (pixels->screen.columns == 0 || pixels->screen.rows == 0)
        return false;
    make_palette(pixels);
    font_make(&pixels->font);
    return true;
}
