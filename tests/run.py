"""Runs the test suite; `make test` builds what it needs and calls it.

    run.py [-j JOBS] [-l] [PART...]     only tests with one of the PARTs in their names
    run.py --one NAME                        one test, here and now, with everything it prints

Every test is a process of its own, with a time limit, at whose end all that it started is ended
too. Names say where a test lives:

    check/FILE/FUNCTION           tests/check/check_FILE.py, functions check_*: about the sources
    unit/NAME, fuzz/NAME          programs that tests/tests.mk builds from tests/unit, tests/fuzz
    system/BUILD/FILE/FUNCTION    tests/system/test_FILE.py, functions test_*(machine), on the
                                  debug and the release build (see harness.builds)

Prints a line for each test, the details of those that failed, and at the end exactly one line
"N passed, N failed"; the exit status is 1 when one failed.
"""
import argparse
import concurrent.futures
import importlib.util
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[1]
OUT = ROOT / "build/tests"
BUILDS = ("debug", "release")
FUZZ_SECONDS = int(os.environ.get("FUZZ_SECONDS") or "5")
PATIENCE = float(os.environ.get("PATIENCE") or "1")
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/check"),
                str(ROOT / "tests/bench")]
sys.dont_write_bytecode = True


class Test:
    """A name, and either a command that must end with 0 or a Python function that must return."""

    def __init__(self, name, limit, command=None, function=None, build=None):
        self.name = name
        self.limit = limit * PATIENCE
        self.command = command or [sys.executable, __file__, "--one", name]
        self.function = function
        self.build = build


def build_folder(build):
    """build/debug, or build/debug-clang when that compiler is the one that is tested."""
    compiler = os.path.basename(os.environ.get("CC") or "gcc")
    return ROOT / "build" / (build if compiler == "gcc" else f"{build}-{compiler}")


# --- finding tests --------------------------------------------------------------------------------


def functions(path, prefix):
    """(name without prefix, function) of every test function of a Python file, in its order."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [(name[len(prefix):], value) for name, value in vars(module).items()
            if name.startswith(prefix) and callable(value) and value.__module__ == path.stem]


def checks():
    for path in sorted((ROOT / "tests/check").glob("check_*.py")):
        for name, function in functions(path, "check_"):
            yield Test(f"check/{path.stem[6:]}/{name}", getattr(function, "limit", 180),
                       function=function)


def host_programs():
    for path in sorted((OUT / "unit").glob("test_*")):
        if os.access(path, os.X_OK) and (ROOT / f"tests/unit/{path.name}.c").exists():
            yield Test(f"unit/{path.name[5:]}", 120, [str(path)])
    for path in sorted((OUT / "fuzz").glob("fuzz_*")):
        if os.access(path, os.X_OK) and (ROOT / f"tests/fuzz/{path.name}.c").exists():
            yield Test(f"fuzz/{path.name[5:]}", FUZZ_SECONDS + 60, fuzz_command(path))


def fuzz_command(program):
    """Starts from the inputs in tests/fuzz/corpus/NAME; what it finds stays in build/tests/fuzz."""
    found = OUT / "fuzz" / f"{program.name}.corpus"
    found.mkdir(parents=True, exist_ok=True)
    corpus = ROOT / "tests/fuzz/corpus" / program.name[5:]
    return [str(program), f"-max_total_time={FUZZ_SECONDS}", "-seed=1", "-timeout=10",
            "-rss_limit_mb=1024", "-print_final_stats=1", f"-artifact_prefix={program}-",
            str(found), *([str(corpus)] if corpus.is_dir() else [])]


def system_tests():
    for path in sorted((ROOT / "tests/system").glob("test_*.py")):
        for name, function in functions(path, "test_"):
            for build in getattr(function, "builds", BUILDS):
                yield Test(f"system/{build}/{path.stem[5:]}/{name}",
                           getattr(function, "limit", 180), function=function, build=build)


def wanted(tests, parts):
    return [test for test in tests if not parts or any(part in test.name for part in parts)]


# --- running --------------------------------------------------------------------------------------


def run_here(test):
    """The inside of a test's own process."""
    from harness import Factory, Failure
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    machine = Factory(test.name, test.build, build_folder(test.build)) if test.build else None
    try:
        test.function(*([machine] if machine else []))
    except Failure as failure:
        where = traceback.extract_tb(failure.__traceback__)
        line = next((f for f in reversed(where) if "harness" not in f.filename), where[-1])
        print(f"{os.path.relpath(line.filename, ROOT)}:{line.lineno}: {line.line}\n{failure}")
        return 1
    except Exception:
        traceback.print_exc(file=sys.stdout)
        for booted in machine.machines if machine else []:
            print(f"  whole log: {os.path.relpath(booted.log_path, ROOT)}")
        return 1
    finally:
        if machine:
            machine.close()
    return 0


def run_process(test):
    """Runs a test in its own process group; returns (passed, seconds, output)."""
    output = OUT / "output" / (test.name.replace("/", "-") + ".txt")
    output.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with open(output, "wb") as out:
        process = subprocess.Popen(test.command, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, cwd=ROOT, start_new_session=True)
        try:
            status = process.wait(test.limit)
        except subprocess.TimeoutExpired:
            status = None
        except BaseException:
            end_group(process)
            raise
        end_group(process)
    text = output.read_text(errors="replace")
    if status is None:
        text += f"\nended after its time limit of {test.limit:.0f} s\n"
    elif status < 0:
        text += f"\nended by signal {-status}\n"
    return status == 0, time.monotonic() - start, text


def end_group(process):
    """Ends a test and all that it started: asks first, so that machines write their logs."""
    for number, patience in ((signal.SIGTERM, 8), (signal.SIGKILL, 2)):
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def both_ends(text, first=20, last=60):
    """The lines of a text, without the middle when there are many."""
    lines = text.splitlines()
    if len(lines) <= first + last + 1:
        return lines
    return [*lines[:first], f"... {len(lines) - first - last} lines ...", *lines[-last:]]


def run_all(tests, jobs):
    """Runs them, some at a time; returns the names of those that failed."""
    failed = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(run_process, test): test for test in tests}
        for done in concurrent.futures.as_completed(running):
            test = running[done]
            passed, seconds, text = done.result()
            print(f"{'ok  ' if passed else 'FAIL'} {test.name} ({seconds:.1f} s)", flush=True)
            if not passed:
                failed.append(test.name)
                print("\n".join("    " + line for line in both_ends(text)), flush=True)
            elif test.function:
                print("".join(f"    {line}\n" for line in text.splitlines()), end="", flush=True)
    return sorted(failed)


def main():
    parser = argparse.ArgumentParser(description="Runs the test suite.")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("-l", "--list", action="store_true", help="only print names")
    parser.add_argument("--one", metavar="NAME")
    parser.add_argument("parts", nargs="*", metavar="PART")
    arguments = parser.parse_args()
    tests = [*checks(), *host_programs(), *system_tests()]
    if arguments.one:
        return run_here(next(test for test in tests if test.name == arguments.one))
    tests = wanted(tests, arguments.parts)
    if arguments.list:
        print("\n".join(test.name for test in tests))
        return 0
    for folder in ("logs", "iso", "files", "output"):
        shutil.rmtree(OUT / folder, ignore_errors=True)
    failed = run_all(tests, arguments.jobs)
    if failed:
        print("failed:", *failed, sep="\n    ")
    if not tests:
        print("no test has such a name", file=sys.stderr)
    print(f"{len(tests) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
