/* What the AHCI driver's numbers mean, in words for logs and reports. */
#include <drivers/ahci.h>

#define TEXT(name, text)                                                                           \
    case name:                                                                                     \
        return text;

const char *ahci_error_text(enum ahci_error error)
{
    switch (error) {
        AHCI_ERROR_LIST(TEXT)
    default:
        return "no error";
    }
}

const char *ahci_refusal_text(enum ahci_refusal refusal)
{
    switch (refusal) {
        AHCI_REFUSAL_LIST(TEXT)
    default:
        return "taken";
    }
}

const char *ahci_result_text(enum ahci_result result)
{
    switch (result) {
        AHCI_RESULT_LIST(TEXT)
    default:
        return "done";
    }
}

const char *ahci_state_text(enum ahci_state state)
{
    switch (state) {
        AHCI_STATE_LIST(TEXT)
    default:
        return "there is no such port";
    }
}
