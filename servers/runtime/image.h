/*
 * Where the parts of the running program are: pages of code, of constants, and of data, one after
 * the other from IMAGE_ADDRESS on. The linker script server.ld defines these.
 */
#pragma once

extern char image_start[];      /* code, from here... */
extern char image_text_end[];   /* ...to here; constants start on the next page... */
extern char image_rodata_end[]; /* ...and end here; data starts on the next page... */
extern char image_end[];        /* ...and ends here, with what is zero at first included */
