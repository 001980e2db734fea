"""What the image takes on cases of full size: seconds and memory of segmenting them by one model and by the mean of five, and the
hours that a challenge's 450 cases would take, of the 8 that it gives. Standard library only.

    challenge.py BUILD OUT DATA...

BUILD: static (make static). DATA: folders of case folders; of their cases twenty are taken, the first ones again where there are
fewer. The programs run as in the image: alone, read-only, as another user and without a network (bubblewrap), on two cores.
OUT: the table, a row a count of models. The five are one model five times: they cost what five do."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

CASES, SET, HOURS, CORES = 20, 450, 8, 2
MODEL = "/share/prunet/models/starter.safetensors"


def gather(build, folders, target):
    """Twenty cases in folders 01_NAME, ...; how many different ones they are."""
    found = []
    for folder in folders:
        rows = subprocess.run([build + "/bin/list-cases", "--no-header", folder], stdout=subprocess.PIPE, check=True, text=True).stdout
        found += [row.split("\t")[:2] for row in rows.splitlines()]
    for number in range(CASES):
        name, folder = found[number % len(found)]
        shutil.copytree(folder, os.path.join(target, "%02d_%s" % (number + 1, name)))
    return min(len(found), CASES)


def measure(root, cases, maps, models):
    """Wall seconds, seconds of processor time and the largest resident MiB of segmenting `cases` into `maps`."""
    os.mkdir(maps, 0o777)
    os.chmod(maps, 0o777)
    command = ["bwrap", "--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--ro-bind", cases, "/input", "--bind", maps, "/output",
               "--unshare-all", "--uid", "12345", "--gid", "12345", "--clearenv", "/bin/prunet", "segment", *["-m", MODEL] * models, "/input", "/output"]
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=lambda: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES]))
    mib = processor = 0
    while process.poll() is None:
        seen = look(process.pid)
        mib, processor = max(mib, seen[0]), max(processor, seen[1])
        time.sleep(0.1)
    seconds = time.monotonic() - start
    made = len([name for name in os.listdir(maps) if name.endswith(".nii.gz")])
    if process.returncode or made != CASES:
        sys.exit(f"challenge: status {process.returncode}, {made} label maps of {CASES} cases")
    return seconds, processor, mib


def look(pid):
    """The largest VmHWM, in MiB, and the seconds of processor time of a process and those below it, which bwrap does not wait for."""
    mib = seconds = 0
    try:
        for line in open(f"/proc/{pid}/status"):
            if line.startswith("VmHWM"):
                mib = int(line.split()[1]) / 1024
        seconds = sum(map(int, open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")
        for child in open(f"/proc/{pid}/task/{pid}/children").read().split():
            below = look(int(child))
            mib, seconds = max(mib, below[0]), seconds + below[1]
    except OSError:
        pass  # it has just ended
    return mib, seconds


def main(build, out, *folders):
    rows = ["models\tcases\tdifferent\tseconds\tseconds_a_case\tprocessor_seconds_a_case\tmib\thours_of_%d" % SET]
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o711)
        root, cases = scratch + "/root", scratch + "/cases"
        subprocess.run(["packaging/install", build, root], check=True)
        for name in ("input", "output", "proc", "dev"):
            os.mkdir(os.path.join(root, name))
        os.mkdir(cases)
        different = gather(build, folders, cases)
        subprocess.run(["chmod", "-R", "a+rX", cases, root], check=True)
        for models in (1, 5):
            seconds, processor, mib = measure(root, cases, f"{scratch}/maps{models}", models)
            rows.append(f"{models}\t{CASES}\t{different}\t{seconds:.1f}\t{seconds / CASES:.2f}\t{processor / CASES:.2f}\t{mib:.0f}\t{seconds / CASES * SET / 3600:.2f}")
            print(rows[-1], flush=True)
            if seconds / CASES * SET > HOURS * 3600:
                sys.exit(f"challenge: {SET} cases would take more than {HOURS} hours")
    with open(out, "w") as file:
        file.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
