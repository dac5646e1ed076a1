/*
 * The whole AHCI driver, compiled into a test so that its registers are the model's
 * (ahci_model.h). Included once in a test, after its other headers.
 */
#pragma once
#include "ahci_model.h"

#define register_read32  model_read
#define register_write32 model_write

#include "../../servers/drivers/ahci.c"
#include "../../servers/drivers/ahci_command.c"
#include "../../servers/drivers/ahci_identify.c"
#include "../../servers/drivers/ahci_port.c"
#include "../../servers/drivers/ahci_queue.c"
#include "../../servers/drivers/ahci_text.c"
#include "../../servers/drivers/ahci_trouble.c"
