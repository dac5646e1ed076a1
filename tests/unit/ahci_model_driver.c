/* The AHCI driver on the model's registers, for tests that include other sources themselves. */
#include "unit.h"

#include "ahci_driver.h"
