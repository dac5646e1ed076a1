/*
 * The text mode of VGA: video memory is an array of cells. screen.h has the contract.
 */
#include <drivers/screen.h>

static void draw(struct screen *screen, u32 column, u32 row, u16 cell)
{
    struct screen_text *text = container_of(screen, struct screen_text, screen);
    text->cells[row * screen->columns + column] = cell;
}

bool screen_text_start(struct screen_text *text, volatile void *base, u64 bytes, u32 columns,
                       u32 rows)
{
    if (columns == 0 || rows == 0 || (u64)columns * rows > bytes / sizeof(u16))
        return false;
    *text = (struct screen_text){.screen = {columns, rows, draw}, .cells = base};
    return true;
}

/* Registers of the CRT controller, by the names of the VGA's documentation. */
enum { CRTC_INDEX = 0, CRTC_DATA = 1, CURSOR_START = 0x0a, CURSOR_OFF = 1 << 5 };

void screen_text_hide_cursor(struct ports crt)
{
    home_port_write(crt, CRTC_INDEX, 1, CURSOR_START);
    home_port_write(crt, CRTC_DATA, 1, CURSOR_OFF);
}
