/* Packets from one session to another, through the switch. */
#include "rings.h"

void measure_net(void)
{
}
