# SPDX-License-Identifier: Apache-2.0
# Compare rows like those of packages.inc with what --bandwidth-from makes of their numbers: see compare.
# usage: compare.py COMMAND ROWS PACKAGES.INC
import csv
import io
import re
import subprocess
import sys
import tempfile

COLUMNS = {"FAITHFUL": ("faithful", ["eruptions"], "waiting"), "MCYCLE": ("mcycle", ["times"], "accel"),
           "IRIS": ("iris", ["Sepal.Length", "Sepal.Width"], "Petal.Width"),
           "IRIS_3": ("iris", ["Sepal.Length", "Sepal.Width", "Petal.Length"], "Petal.Width")}
AT = {"FAITHFUL": [[1.75], [2.1], [2.9], [3.5], [4.15], [4.85]],
      "MCYCLE": [[5.05], [14.25], [21.35], [30.15], [41.75], [55.55]],
      "IRIS": [[4.9, 3.1], [4.7, 3.2], [5.2, 2.7], [5.5, 2.5], [6, 2.2], [5.9, 3]],
      "IRIS_3": [[4.9, 3.1, 1.5], [4.7, 3.2, 1.6], [5.2, 2.7, 3.9], [5.5, 2.5, 4], [6, 2.2, 5], [5.9, 3, 5.1]]}
ROW = re.compile(r"""\{ "((?:[^"\\]|\\.)*)", "([^"]*)", (\w+), (\w+), ATTPOOL_(\w+),
 *[^,{]*, \{ ([^}]*) \}, ([^,]*),
 *\{ ([^}]*) \} \},""")


def run(command, arguments):
    return subprocess.run(command.split() + arguments, capture_output=True, text=True)


def ours(command, listed, package, kind, data, kernel, theirs):
    """The answers, or the message of a refusal."""
    name, x, y = COLUMNS[data]
    values = theirs.split(", ")
    one = "one value" in listed[package] or "one x column" in listed[package]
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as at:
        writer = csv.writer(at)
        writer.writerows([x] + AT[data])
        at.flush()
        arguments = ["density" if kind.startswith("DENSITY") else "regress", f"../data/{name}.csv", "--x", ",".join(x),
                     "--kernel", kernel.lower(), "--at", at.name, "--quiet",
                     "--bandwidth-from", package + ":" + (values[0] if one else ",".join(values))]
        if not kind.startswith("DENSITY"):
            arguments += ["--y", y]
        done = run(command, arguments)
    if done.returncode != 0:
        return None, done.stderr
    rows = list(csv.reader(io.StringIO(done.stdout)))
    return [float(row[len(x)]) for row in rows[1:]], ""


def differs(listed, package, bound, answers, values):
    """What is wrong, or nothing."""
    if bound > 1e-6 and "differs:" not in listed[package]:
        return "a difference without a reason"
    for a, v in zip(answers, values):
        if not abs(a - v) <= max(bound, 1e-6) * max(1, abs(v)):
            return f"{a} is not {v}"
    return ""


def gbkreg(command):
    """What is wrong, or nothing; None where it is not here. It has points of its own, in 7 digits."""
    with open("../data/faithful.csv") as f:
        rows = [line.replace(",", " ") for line in list(f)[1:]]
    for option, kernel in (("0", "epanechnikov"), ("1", "boxcar"), ("2", "gaussian")):
        try:
            text = subprocess.run(["gbkreg", "-M", "2", "-K", option, "-H", "0.2137", "-n", "30"], input="".join(rows),
                                  capture_output=True, text=True).stdout
        except FileNotFoundError:
            return None
        points = [[float(cell) for cell in line.split()] for line in text.splitlines()]
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as at:
            csv.writer(at).writerows([["eruptions"]] + [[x] for x, _ in points])
            at.flush()
            done = run(command, ["regress", "../data/faithful.csv", "--x", "1", "--y", "2", "--kernel", kernel, "--at",
                                 at.name, "--bandwidth-from", "gbkreg:0.2137", "--quiet"])
        answers = [float(row[1]) for row in list(csv.reader(io.StringIO(done.stdout)))[1:]]
        if len(answers) != len(points) or not points:
            return f"{kernel}: {done.stderr}"
        for (x, v), a in zip(points, answers):
            if not abs(a - v) <= 1e-6 * abs(v):
                return f"{kernel} at {x}: {a} is not {v}"
    return ""


def main():
    command, fresh, known = sys.argv[1:]
    text = run(command, ["regress", "--bandwidth-from", "list"]).stdout
    listed = dict(re.findall(r"^([a-z0-9-]+): (.*\n(?: .*\n)*)", text, re.M))
    seen, faults = {}, {}
    for call, package, kind, data, kernel, theirs, bound, values in ROW.findall(open(fresh).read()):
        answers, message = ours(command, listed, package, kind, data, kernel, theirs)
        seen[package] = seen.get(package, 0) + 1
        if kind == "FIT_EACH":
            fault = "" if answers is None and "no one bandwidth" in message else "it should be refused"
        elif answers is None:
            fault = message.strip()
        else:
            fault = differs(listed, package, float(bound), answers, [float(v) for v in values.split(", ")])
        if fault:
            faults.setdefault(package, f"{call}: {fault}")
    wanted = sorted({row[1] for row in ROW.findall(open(known).read())})
    for package in wanted:
        if package in faults:
            print(f"FAIL: {package}: {faults[package]}")
        elif package in seen:
            print(f"PASS: {package}, {seen[package]} rows")
        else:
            print(f"SKIP: {package} is not here")
    fault = gbkreg(command)
    print("SKIP: gbkreg is not here" if fault is None else f"FAIL: gbkreg: {fault}" if fault else "PASS: gbkreg")
    return bool(faults or fault)


sys.exit(main())
