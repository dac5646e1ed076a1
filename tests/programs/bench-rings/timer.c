/* From the expiry of a timer to the client. */
#include "rings.h"

void measure_timer(void)
{
}
