"""What the random twins of this folder share: a script is run with batches cut at random, and cases are numbered."""
import json
import random
import subprocess
import sys
import tempfile


def views_shown(rng, program, script, rules=None):
    """(the rows of each view or query as it was asked for, sorted lines of JSON; None), or (None, what went wrong).
    `rules`: options instead of a choice of all rules or none."""
    rules = rng.choice([[], ["--rules-off", "all"]]) if rules is None else rules
    options = ["--print", "--batch", str(rng.choice([1, 2, 4096])), *rules]
    with tempfile.NamedTemporaryFile("w", suffix=".test") as f:
        f.write(script)
        f.flush()
        done = subprocess.run([program, *options, f.name], capture_output=True, text=True)
    blocks, block = [], []
    for line in done.stdout.splitlines():
        if line == ".":
            blocks.append(sorted(json.dumps(json.loads(x)) for x in block))
            block = []
        else:
            block.append(line)
    asked = script.count("\nview ") + script.count("\nquery ")
    if done.returncode or done.stderr or len(blocks) != asked:
        return None, f"{done.stderr}\n{len(blocks)} of {asked} views shown\n{script}"
    return blocks, None


def changed_in_steps(rng, setup, steps, restarts, change, twin):
    """A script that changes a table by change(rng, table) and shows view v after each commit, and what it must show,
    by twin(table). `restarts`: the chance of one before a commit."""
    script, wanted, table = [setup], [], {}
    for _ in range(steps):
        script += ["restart\n"] if rng.random() < restarts else []
        script.append("sql\n" + "".join(change(rng, table) + ";\n" for _ in range(rng.randint(1, 3))) + "end\ncommit\nview v\n")
        wanted.append(twin(table))
    return "".join(script), wanted


def main(case):
    """PROGRAM [SEED [CASES]]; `case` returns None where all is well."""
    program, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for n in range(int(sys.argv[3]) if len(sys.argv) > 3 else 20):
        error = case(random.Random(seed * 1000003 + n), program)
        if error:
            sys.exit(f"seed {seed}, case {n}: {error}")
