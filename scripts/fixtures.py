"""Makes the oracle fixtures in testdata/oracle: truths from PyTorch and others that Go tests compare with.

    python scripts/fixtures.py                       every fixture of every room
    python scripts/fixtures.py norm zoo/vit          all fixtures of these rooms
    python scripts/fixtures.py norm/dyt_last_f32     one fixture
    python scripts/fixtures.py --check norm          make them in memory and compare with the files; write nothing
    python scripts/fixtures.py --list

Needs the packages of scripts/requirements-oracle.txt in exactly these versions; scripts/README.md says how to install
them. Go tests never run it: its output is in the repository.

A room is a module scripts/oracle/<room>.py (a room may hold slashes: scripts/oracle/zoo/vit.py). Convention:

    FIXTURES = {
        "dyt_last_f32": {
            "make": make_dyt_last,           # function(seed) -> {tensor name: torch.Tensor or numpy array}, at most 1 MB;
                                             # or ({..}, {metadata key: string})
            "seed": 1,                       # torch, numpy and random are seeded with it before the call
            "dtype": "f32",                  # what the oracle computed in, for the reader
            "tolerance": {"rel": 1e-6, "abs": 1e-7},     # |got - want| <= abs + rel*|want|; or {"ulp": 3}
            "reason": "why this tolerance",  # never empty
        },
    }
    PACKAGES = ["timm"]                      # optional: packages besides torch whose versions the manifest records;
                                             # each is pinned in requirements-oracle.txt, or for
                                             # this room alone in requirements-oracle-<room, / as ->.txt

Torch runs on one thread and metadata is sorted, so that a fixture made twice has the same bytes. The output of <room>/<name> is
testdata/oracle/<room>/<name>.safetensors and an entry in testdata/oracle/<room>/MANIFEST.json; making a whole room
also removes entries and files that the module no longer names. The room's manifest holds the hash of the module and
of the shared modules that it imports itself, and a Go test in internal/golden fails while the two disagree: change a module, then make its room again.

Go reads a fixture with golden.Load(t, "norm", "dyt_last_f32").
"""

import argparse
import hashlib
import importlib.metadata
import importlib.util
import json
import pathlib
import random
import re
import sys

import numpy
import safetensors.torch
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULES = ROOT / "scripts" / "oracle"
OUTPUT = ROOT / "testdata" / "oracle"
MAX_BYTES = 1_000_000
FIELDS = {"make", "seed", "dtype", "tolerance", "reason"}


def rooms():
    return sorted(p.relative_to(MODULES).with_suffix("").as_posix() for p in MODULES.rglob("*.py") if p.name[0] != "_")


def check_versions(room, packages):
    pins = {}
    for file in ("requirements-oracle.txt", f"requirements-oracle-{room.replace('/', '-')}.txt"):
        path = ROOT / "scripts" / file
        lines = path.read_text().splitlines() if path.exists() else []
        pins |= dict(line.lower().split("==") for line in lines if line and line[0] != "#")
    for p in packages:
        installed = importlib.metadata.version(p).partition("+")[0]  # torch adds the build: 2.15.0+cpu
        if installed != pins.get(p.lower()):
            raise SystemExit(f"{room}: {p} {installed} is installed, {pins.get(p.lower())} is pinned: see scripts/README.md")


def load(room):
    path = MODULES / (room + ".py")
    sys.path[:0] = [str(path.parent), str(MODULES)]  # modules may share code in files that begin with an underscore
    spec = importlib.util.spec_from_file_location("oracle_" + room.replace("/", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check_versions(room, ["torch", "numpy", "safetensors", *getattr(module, "PACKAGES", [])])
    for name, f in module.FIXTURES.items():
        if set(f) != FIELDS:
            raise SystemExit(f"{room}/{name}: expected the fields {sorted(FIELDS)}, got {sorted(f)}")
        bound = f["tolerance"]
        if not bound or not (set(bound) <= {"rel", "abs"} or set(bound) == {"ulp"}):
            raise SystemExit(f"{room}/{name}: tolerance must hold rel and abs, or ulp, got {bound}")
        if not f["reason"].strip():
            raise SystemExit(f"{room}/{name}: a tolerance needs a reason")
    return module, path


def make(name, fixture):
    """Returns the bytes of the fixture's file."""
    seed = fixture["seed"]
    torch.manual_seed(seed)
    numpy.random.seed(seed)
    random.seed(seed)
    made = fixture["make"](seed)
    tensors, meta = made if isinstance(made, tuple) else (made, None)
    tensors = {k: torch.as_tensor(v).detach().cpu().contiguous().clone() for k, v in tensors.items()}
    data = sorted_metadata(safetensors.torch.save(tensors, meta))
    if len(data) > MAX_BYTES:
        raise SystemExit(f"{name}: {len(data)} bytes, a fixture has at most {MAX_BYTES}: make the model smaller")
    return data


def sorted_metadata(data):
    """The package writes metadata in another order in each process; a fixture has the same bytes each time."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    if "__metadata__" in header:
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[end:]


def source(path):
    """Returns the text of a room's module and of the underscore modules that it imports, by name."""
    text = path.read_bytes()
    shared = sorted(set(re.findall(rb"^(?:from|import) (_\w+)", text, re.MULTILINE)))
    for name in shared:
        beside = path.parent / (name.decode() + ".py")
        text += (beside if beside.exists() else MODULES / beside.name).read_bytes()
    return text


def record(module, path, fixture, data):
    r = {
        "script_sha256": hashlib.sha256(source(path)).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "torch": torch.__version__,
    }
    packages = getattr(module, "PACKAGES", [])
    if packages:
        r["packages"] = {p: importlib.metadata.version(p) for p in packages}
    return r | {k: fixture[k] for k in ("seed", "dtype", "tolerance", "reason")}


def run(room, only, check):
    """Makes the fixtures of a room, or the one called only. Returns how many differ from their files."""
    module, path = load(room)
    if only and only not in module.FIXTURES:
        raise SystemExit(f"{room}: no fixture {only!r}, it has {', '.join(module.FIXTURES)}")
    folder = OUTPUT / room
    manifest = folder / "MANIFEST.json"
    records = json.loads(manifest.read_text())["fixtures"] if manifest.exists() else {}
    different = 0
    for name, fixture in module.FIXTURES.items():
        if only and name != only:
            continue
        data = make(f"{room}/{name}", fixture)
        file = folder / (name + ".safetensors")
        same = file.exists() and file.read_bytes() == data
        different += not same
        print(f"{room}/{name}: {len(data)} bytes, {'unchanged' if same else 'changed'}")
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            records[name] = record(module, path, fixture, data)
    if check:
        return different
    for name in set(records) - set(module.FIXTURES):
        del records[name]
        (folder / (name + ".safetensors")).unlink(missing_ok=True)
        print(f"{room}/{name}: removed")
    manifest.write_text(json.dumps({"fixtures": dict(sorted(records.items()))}, indent=1, ensure_ascii=False) + "\n")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help="room or room/fixture; nothing means all")
    parser.add_argument("--check", action="store_true", help="compare with the files instead of writing them")
    parser.add_argument("--list", action="store_true", help="print the names of all fixtures")
    args = parser.parse_args()
    torch.set_num_threads(1)
    known = rooms()
    if args.list:
        for room in known:
            print("\n".join(f"{room}/{name}" for name in load(room)[0].FIXTURES))
        return
    different = 0
    for what in args.what or known:
        room, only = (what, None) if what in known else what.rpartition("/")[::2]
        if room not in known:
            raise SystemExit(f"no room {room or only!r}, there are {', '.join(known)}")
        different += run(room, only, args.check)
    if different:
        raise SystemExit(f"{different} fixtures differ from their files")


if __name__ == "__main__":
    main()
