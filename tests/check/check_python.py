"""A check of the Python files: each name in them is there, and what is imported is used. (A test
that runs only now and then would say it late.)"""
import builtins
import symtable

from check_sources import demand_none, read, sources

ALWAYS = {*dir(builtins), "__file__", "__name__", "__doc__"}


def tables(table):
    """A table of symbols, and those of all functions and classes in it."""
    yield table
    for child in table.get_children():
        yield from tables(child)


def check_names():
    complaints = []
    for path in sources(".py"):
        top = symtable.symtable(read(path), str(path), "exec")
        imported = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_imported()}
        there, used = set(ALWAYS), set()
        for table in tables(top):
            for symbol in table.get_symbols():
                outside = table is top or symbol.is_global()
                if outside and (symbol.is_assigned() or symbol.is_imported()):
                    there.add(symbol.get_name())
                if outside and symbol.is_referenced():
                    used.add(symbol.get_name())
        complaints += [f"{path}: there is no {name}" for name in sorted(used - there)]
        complaints += [f"{path}: {name} is imported, and not used"
                       for name in sorted(imported - used)]
    demand_none(complaints)
