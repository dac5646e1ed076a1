"""Checks of the protocols, by Spin: tests/model/ has what they are made of, this file the cases.

Spin looks at every order in which the steps of a model can happen. Cases in RIGHT must pass, each
state having been looked at; and everything that is written in the models must be reached in one of
them. Cases in WRONG leave out, or exchange, one thing that the code does: Spin must find what comes
of it, and it must be the harm that is named here. So the models are known to see it.

Each case is a check of its own, check/model/NAME; what Spin made is in build/tests/model/NAME.
"""
import re
import shutil
import subprocess

from harness import ROOT, Failure, limit

MEGABYTES = 900
DEPTH = 20000

# Models, and what is defined in a case if it says nothing else.
RING = ("ring", {"N": 2, "M": 8, "K": 4, "CHAIN": 2, "MORE": 2})
RECONNECT = ("reconnect", {"N": 2, "K": 4, "DEATHS": 2})

# name: (model, more definitions). `complete`: nothing in the model is left out by this case.
RIGHT = {
    "ring": (RING, "HELD QUIET", "complete"),
    "ring_rings_at_once": (RING, "K=3"),
    "ring_wraps_around": (RING, "HELD QUIET K=5 M=5 CHAIN=1 MORE=1"),
    "ring_of_three": (RING, "HELD N=3 M=7 K=3"),
    "ring_without_fences_or_delays": (RING, "K=3 SC NO_FENCE_PRODUCER NO_FENCE_CONSUMER"),
    "reconnect": (RECONNECT, ""),
    "reconnect_later": (RECONNECT, "K=3 LATE"),
    "reconnect_and_close": (RECONNECT, "K=3 CLOSE"),
    "reconnect_later_and_close": (RECONNECT, "K=3 LATE CLOSE RESTARTS=2", "complete"),
    "reconnect_of_three": (RECONNECT, "N=3 K=3"),
    "reconnect_three_deaths": (RECONNECT, "K=3 DEATHS=3 RESTARTS=3"),
    "reconnect_lingering": (RECONNECT, "K=3 LINGER RESTARTS=2"),
    "reconnect_lingering_later": (RECONNECT, "K=3 LATE LINGER RESTARTS=1"),
    "reconnect_without_draining": (RECONNECT, "K=3 NO_DRAIN"),
    "reconnect_out_of_order": (RECONNECT, "K=3 OUT_OF_ORDER"),
}

ASLEEP = "invalid end state"  # somebody waits for what does not come

# name: (model, what is wrong, what comes of it: ASLEEP, or the assertion that fails).
WRONG = {
    # Rules 3 and 4 of the ring: a wake-up is lost.
    "ring_no_fence_producer": (RING, "NO_FENCE_PRODUCER", ASLEEP),
    "ring_no_fence_consumer": (RING, "NO_FENCE_CONSUMER", ASLEEP),
    "ring_no_recheck": (RING, "NO_RECHECK", ASLEEP),
    "ring_no_recheck_or_delays": (RING, "SC NO_RECHECK", ASLEEP),
    "ring_events_not_sticky": (RING, "NOT_STICKY", ASLEEP),
    "ring_wait_clears_first": (RING, "CLEAR_FIRST", ASLEEP),
    "ring_exact_event": (RING, "EXACT_EVENT", ASLEEP),
    "ring_waits_for_too_many": (RING, "MORE_ANY", ASLEEP),
    "ring_waits_for_entries": (RING, "MORE_ENTRIES", ASLEEP),
    "ring_quiet_and_forgotten": (RING, "QUIET QUIET_FORGETS", ASLEEP),
    "ring_quiet_for_a_whole_turn": (RING, "SC HELD QUIET QUIET_FOR_EVER K=5 M=5 CHAIN=1 MORE=1",
                                    ASLEEP),
    "ring_held_bell_never_rung": (RING, "HELD NEVER_RUNG", ASLEEP),
    # Rules 2 and 3: what is in the ring is nonsense.
    "ring_publish_first": (RING, "PUBLISH_FIRST", "sq!=known"),
    "ring_no_credits": (RING, "NO_CREDITS", "count[tag]==0"),
    # When a server dies: what it was, or had done, comes back.
    "reconnect_no_quiesce": (RECONNECT, "NO_QUIESCE", "disk["),
    "reconnect_given_up_early": (RECONNECT, "K=3 LINGER RESTARTS=1 GIVE_UP_EARLY", "gone["),
    "reconnect_overlapping_writes": (RECONNECT, "OVERLAP", "disk["),
    "reconnect_swapped_pages": (RECONNECT, "SWAP", "slot[(t-1)]>0"),
    "reconnect_server_still_alive": (RECONNECT, "NO_FREEZE", "g_prod"),
    "reconnect_page_not_zeroed": (RECONNECT, "NO_ZERO", "slot[(t-1)]>0"),
    "reconnect_page_zeroed_late": (RECONNECT, "LATE ZERO_LATE", "slot[(t-1)]>0"),
    "reconnect_read_early": (RECONNECT, "LATE READ_EARLY", "slot[(t-1)]>0"),
    "reconnect_epoch_before_state": (RECONNECT, "LATE EPOCH_FIRST", "g_epoch==epoch"),
    "reconnect_state_read_first": (RECONNECT, "LATE STATE_FIRST", "g_epoch==epoch"),
    "reconnect_old_epoch": (RECONNECT, "OLD_EPOCH", "g_epoch==epoch"),
    # ... and somebody sleeps through it.
    "reconnect_client_not_woken": (RECONNECT, "NO_WAKE", ASLEEP),
    "reconnect_woken_before_state": (RECONNECT, "WAKE_FIRST", ASLEEP),
    "reconnect_no_news": (RECONNECT, "K=3 RESTARTS=1 NO_NEWS", ASLEEP),
    "reconnect_published_unseen": (RECONNECT, "LATE UNSEEN", ASLEEP),
    "reconnect_old_event": (RECONNECT, "LATE OLD_EVENT NO_NEWS", ASLEEP),
    "reconnect_server_does_not_look": (RECONNECT, "NO_LOOK", ASLEEP),
    "reconnect_closed_before_answer": (RECONNECT, "CLOSE DEAF", ASLEEP),
}


def definitions(model, words):
    values = {**model[1], **dict((word.split("=") + [""])[:2] for word in words.split())}
    return [f"-D{name}={value}" if value != "" else f"-D{name}" for name, value in values.items()]


def run(folder, *command):
    """Output of a program that must not fail."""
    result = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise Failure(f"{' '.join(command)}: exit status {result.returncode}\n{result.stdout}")
    return result.stdout


def search(name, model, words, optimise):
    """Has Spin look at a case: (folder, what the search said)."""
    folder = ROOT / "build/tests/model" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = f"{model[0]}.pml"
    shutil.copy(ROOT / "tests/model" / source, folder / source)
    run(folder, "spin", *definitions(model, words), "-a", source)
    run(folder, "cc", optimise, "-w", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEGABYTES}",
        "-o", "pan", "pan.c")
    output = run(folder, "./pan", f"-m{DEPTH}", "-w24")
    (folder / "output.txt").write_text(output)
    return folder, output


def errors(output):
    """The errors that a search found; a search that did not come to its end is a failure."""
    found = re.search(r"errors: (\d+)", output)
    stopped = re.search(r"max search depth too small|out of memory|reached -DMEMLIM", output)
    if not found or stopped:
        raise Failure(f"the search did not come to its end:\n{output}")
    return int(found[1])


def story(folder, model, words):
    """What happened, step by step, before the error; its last part."""
    steps = run(folder, "spin", *definitions(model, words), "-t", "-p", "-g", f"{model[0]}.pml")
    return "\n".join(steps.splitlines()[-60:])


def statistics(output):
    states = re.search(r"(\d+) states, stored", output)[1]
    memory = re.search(r"([\d.]+)\s+total actual memory", output)[1]
    return f"{states} states, {float(memory):.0f} MB"


def expect_right(name, model, words, complete=""):
    folder, output = search(name, model, words, "-O1")
    if errors(output):
        raise Failure(f"{output}\n{story(folder, model, words)}")
    if complete:
        never = [line.strip() for line in re.findall(r"^\t.*, state \d+, .*$", output, re.MULTILINE)
                 if '"-end-"' not in line]
        if never:
            raise Failure("never reached:\n" + "\n".join(never))
    print(statistics(output))


def expect_wrong(name, model, words, harm):
    folder, output = search(name, model, words, "-O0")
    if not errors(output):
        raise Failure(f"with {words} nothing went wrong; expected: {harm}\n{output}")
    found = re.search(r"^pan:1: (.*)$", output, re.MULTILINE)[1]
    expected = harm if harm == ASLEEP else "assertion violated"
    if not found.startswith(expected) or harm not in found:
        raise Failure(f"expected: {harm}\nfound: {found}\n{story(folder, model, words)}")
    print(found)


def make_checks():
    """A check for each case."""
    checks = {}
    for cases, look in ((RIGHT, expect_right), (WRONG, expect_wrong)):
        for name, case in cases.items():
            @limit(300)
            def check(name=name, case=case, look=look):
                look(name, *case)
            checks[f"check_{name}"] = check
    return checks


globals().update(make_checks())
