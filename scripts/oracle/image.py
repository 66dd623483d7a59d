"""Fixtures of data/augment: what Pillow, torchvision and timm make of small pictures.

Needs torchvision, and timm 1.0.15 and Pillow 11.1, the versions of the DyT recipes (early 2025). Newer ones differ: timm
in the rectangle of cutmix, Pillow 13 in the order of the two passes of a resize (by up to 15 levels on noise) and in
refusing to posterize to 0 bits. Where newer ones are installed, put these in front of them:

    pip install --no-deps --target DIR timm==1.0.15 pillow==11.1.0
    PYTHONPATH=DIR python scripts/fixtures.py image

Random choices are compared by giving both sides the same numbers. Scripted stands in for the modules `random`,
`numpy.random` and `torch` inside timm and torchvision and keeps every number it gave; a fixture holds them as three rows
(kind, bound, value): kind 0 a uniform number, 1 an integer below bound, 2 a normal number. The Go test hands them out in
the same order and fails if another kind or bound is asked for.
"""

import math
import random
import types

import mpmath
import numpy
import PIL.Image
import timm
import timm.data.auto_augment
import timm.data.mixup
import timm.data.random_erasing
import timm.data.transforms
import torch
import torchvision.transforms.functional as F
import torchvision.transforms.transforms
from timm.data import create_transform
from torchvision.transforms import InterpolationMode

PACKAGES = ["timm", "torchvision", "pillow", "numpy", "mpmath"]
if (timm.__version__, PIL.__version__) != ("1.0.15", "11.1.0"):
    raise SystemExit(f"image: expected timm 1.0.15 and Pillow 11.1.0, got {timm.__version__} and {PIL.__version__}; see the head of scripts/oracle/image.py")

BICUBIC, BILINEAR = PIL.Image.Resampling.BICUBIC, PIL.Image.Resampling.BILINEAR
MODES = {"bicubic": InterpolationMode.BICUBIC, "bilinear": InterpolationMode.BILINEAR}
FILL = (124, 116, 104)
aa = timm.data.auto_augment


def pattern():
    """37 x 53 colour: a smooth ramp, a hard disc, a stripe of pure colours, and a little noise."""
    h, w = 37, 53
    y, x = numpy.mgrid[0:h, 0:w]
    img = numpy.stack([5 * y + 40, 4 * x + 20, 2 * x + 2 * y + 30], -1).astype(float)
    img[(y - 14) ** 2 + (x - 20) ** 2 < 64] = (230, 40, 90)
    for i, c in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255), (255,) * 3, (0,) * 3]):
        img[28:33, 4 + 6 * i : 10 + 6 * i] = c
    img += numpy.random.default_rng(1).normal(0, 4, img.shape)
    return numpy.clip(img, 0, 255).astype(numpy.uint8)


def noise():
    """29 x 31 colour: independent levels over a channel's own range."""
    r = numpy.random.default_rng(2)
    return numpy.stack([r.integers(0, 256, (29, 31)), r.integers(30, 90, (29, 31)), r.integers(100, 256, (29, 31))], -1).astype(numpy.uint8)


IMAGES = {"pattern": pattern(), "noise": noise()}


def over_images(ops, grey=True):
    """Applies each op to both pictures in colour and, where it can be, in grey."""
    out = {}
    for name, array in IMAGES.items():
        for c in ("rgb", "grey") if grey else ("rgb",):
            img = PIL.Image.fromarray(array)
            if c == "grey":
                img = img.convert("L")
            out[f"{name}.{c}"] = numpy.array(img)
            for op, f in ops.items():
                out[f"{name}.{c}.{op}"] = numpy.array(f(img))
    return out


def make_crop(_):
    ops = {"flip": F.hflip}
    for size in (20, 24, 30, 40, 60):
        ops[f"center {size}"] = lambda m, s=size: F.center_crop(m, s)
    for box in ((0, 0, 9, 11), (3, 5, 20, 22), (-4, -4, 28, 28), (4, 2, 40, 40)):
        ops["crop {} {} {} {}".format(*box)] = lambda m, b=box: F.crop(m, *b)
    return over_images(ops)


def make_resize(_):
    ops = {}
    for name, mode in MODES.items():
        for h, w in ((16, 16), (24, 31), (29, 40), (64, 50), (5, 7), (37, 53), (1, 1), (12, 48)):
            ops[f"resize {h} {w} {name}"] = lambda m, s=(h, w), i=mode: F.resize(m, s, i)
        for short in (15, 32, 50):
            ops[f"shorter {short} {name}"] = lambda m, s=short, i=mode: F.resize(m, s, i)
        ops[f"resized_crop 3 5 20 22 24 {name}"] = lambda m, i=mode: F.resized_crop(m, 3, 5, 20, 22, (24, 24), i)
    return over_images(ops)


def make_affine(_):
    """Grey pictures are filled with one level, colour with three."""
    ops = {}
    for name, mode in (("bicubic", BICUBIC), ("bilinear", BILINEAR)):
        def op(f, arg, mode=mode):
            return lambda m: f(m, arg, resample=mode, fillcolor=FILL if m.mode == "RGB" else FILL[0])
        for arg in (-27.0, 3.75, 30.0, 90.0):
            ops[f"rotate {arg} {name}"] = op(aa.rotate, arg)
        for arg in (-0.3, 0.27):
            ops[f"shear_x {arg} {name}"] = op(aa.shear_x, arg)
            ops[f"shear_y {arg} {name}"] = op(aa.shear_y, arg)
        for arg in (-0.405, 0.1, 0.45):
            ops[f"translate_x {arg} {name}"] = op(aa.translate_x_rel, arg)
            ops[f"translate_y {arg} {name}"] = op(aa.translate_y_rel, arg)
    return over_images(ops)


def make_levels(_):
    ops = {"invert": aa.invert, "auto_contrast": aa.auto_contrast, "equalize": aa.equalize}
    for bits in (0, 1, 2, 4, 8):
        ops[f"posterize {bits}"] = lambda m, b=bits: aa.posterize(m, b)
    for t in (0, 26, 128, 256):
        ops[f"solarize {t}"] = lambda m, t=t: aa.solarize(m, t)
    for add in (0, 99, 110):
        ops[f"solarize_add {add}"] = lambda m, a=add: aa.solarize_add(m, a)
    return over_images(ops)


def make_enhance(_):
    ops = {}
    for factor in (0.0, 0.1, 0.19, 0.6, 1.0, 1.3, 1.81, 1.9):
        for name, f in (("brightness", aa.brightness), ("contrast", aa.contrast), ("color", aa.color), ("sharpness", aa.sharpness)):
            ops[f"{name} {factor}"] = lambda m, f=f, x=factor: f(m, x)
    return over_images(ops)


def make_hue(_):
    ops = {f"hue {shift}": lambda m, s=shift: F.adjust_hue(m, s) for shift in (-0.5, -0.1, 0.0, 0.003, 0.2, 0.5)}
    ops["grey"] = lambda m: m.convert("L")
    made = over_images(ops, grey=False)
    levels = numpy.random.default_rng(3).integers(0, 256, (90, 100, 3)).astype(numpy.uint8)
    made["many.rgb"] = levels
    made["many.rgb.hue 0.1"] = numpy.array(F.adjust_hue(PIL.Image.fromarray(levels), 0.1))
    made["many.rgb.grey"] = numpy.array(PIL.Image.fromarray(levels).convert("L"))
    return made


class Scripted(random.Random):
    """Gives random numbers and keeps them. It stands in for random, numpy.random and torch at once."""

    def __init__(self, seed):
        super().__init__(seed)
        self.log = []

    def _keep(self, kind, bound, value):
        self.log.append((kind, bound, value))
        return value

    def random(self):
        return self._keep(0, 0, super().random())

    def gauss(self, mu=0.0, sigma=1.0):
        twin = random.Random(super().random())
        return mu + self._keep(2, 0, twin.gauss(0, 1)) * sigma

    def below(self, n):
        return int(self._keep(1, n, int(super().random() * n)))

    def randint(self, a, b):
        return a + self.below(b - a + 1)

    def beta(self, a, b):
        """Johnk's method on numbers of ours; that it is the right distribution is the fixture `beta`."""
        while True:
            u, v = 1 - self.random(), 1 - self.random()
            x, y = u ** (1 / a), v ** (1 / b)
            if x + y <= 1:
                return x / (x + y)

    def rows(self):
        return numpy.array(self.log, dtype=numpy.float64).reshape(-1, 3).T.copy()


def numpy_like(s):
    """The part of numpy that timm's RandAugment and Mixup use, drawing from s."""
    fake = types.SimpleNamespace(**{k: getattr(numpy, k) for k in ("sqrt", "clip", "ones", "zeros", "where", "float32")})
    fake.random = types.SimpleNamespace(
        rand=s.random,
        beta=s.beta,
        randint=lambda lo, hi, size=None: lo + s.below(hi - lo),
        choice=lambda ops, n, replace, p: [ops[s.below(len(ops))] for _ in range(n)],
    )
    return fake


def patched(module, **names):
    """Replaces names of a module and returns a function that puts them back."""
    old = {k: getattr(module, k) for k in names}
    for k, v in names.items():
        setattr(module, k, v)
    return lambda: [setattr(module, k, v) for k, v in old.items()]


def make_resized_crop_choice(_):
    """Rectangles for sizes that fit often, seldom and never."""
    out = {}
    for i, (h, w, scale, ratio) in enumerate([(375, 500, (0.08, 1), (3 / 4, 4 / 3)), (32, 32, (0.9, 1), (3 / 4, 4 / 3)), (10, 200, (0.8, 1), (3 / 4, 4 / 3)), (200, 10, (0.8, 1), (3 / 4, 4 / 3)), (90, 100, (1.5, 2), (3 / 4, 4 / 3))]):
        for trial in range(6):
            s = Scripted(100 * i + trial)
            undo = patched(timm.data.transforms, random=s)
            top, left, ch, cw = timm.data.transforms.RandomResizedCropAndInterpolation.get_params(PIL.Image.new("L", (w, h)), scale, ratio)
            undo()
            out[f"{i}.{trial}.draws"] = s.rows()
            out[f"{i}.{trial}.image"] = numpy.array([h, w], dtype=numpy.int32)
            out[f"{i}.{trial}.range"] = numpy.array([*scale, *ratio])
            out[f"{i}.{trial}.rect"] = numpy.array([top, left, ch, cw], dtype=numpy.int32)
    return out


def make_rand_augment_choice(_):
    """The operations and arguments of 150 pictures; no-argument operations have argument 0."""
    out = {}
    ra = aa.rand_augment_transform("rand-m9-mstd0.5-inc1", dict(translate_const=100, img_mean=FILL, interpolation=BICUBIC))
    names = [op.name for op in ra.ops]
    for trial in range(150):
        s, chosen = Scripted(trial), []
        for i, op in enumerate(ra.ops):
            op.aug_fn = lambda img, *args, i=i, **_: chosen.append((i, float(args[0]) if args else 0.0)) or img
        undo = patched(aa, random=s, np=numpy_like(s))
        ra(PIL.Image.new("RGB", (8, 8)))
        undo()
        out[f"{trial}.draws"] = s.rows()
        out[f"{trial}.chosen"] = numpy.array(chosen, dtype=numpy.float64).reshape(-1, 2)
    return out, {"names": ",".join(names)}


def make_erase_choice(_):
    """Rectangles (top, left, height, width; all 0 where nothing is erased) at probability 0.25 and 1."""
    out = {}
    for i, (p, h, w) in enumerate([(0.25, 32, 32), (1.0, 28, 40), (1.0, 5, 60)]):
        for trial in range(12):
            s = Scripted(1000 * i + trial)
            eraser = timm.data.random_erasing.RandomErasing(p, mode="pixel", max_count=1, device="cpu")
            img = torch.zeros(1, h, w)
            undo = patched(timm.data.random_erasing, random=s, _get_pixels=lambda a, b, size, **_: torch.ones(size))
            eraser(img)
            undo()
            ys, xs = numpy.nonzero(img[0].numpy())
            rect = (ys.min(), xs.min(), ys.max() - ys.min() + 1, xs.max() - xs.min() + 1) if len(ys) else (0, 0, 0, 0)
            out[f"{i}.{trial}.draws"] = s.rows()
            out[f"{i}.{trial}.image"] = numpy.array([h, w], dtype=numpy.int32)
            out[f"{i}.{trial}.prob"] = numpy.array([p])
            out[f"{i}.{trial}.rect"] = numpy.array(rect, dtype=numpy.int32)
    return out


def make_mix(_):
    """Whole batches: 6 pictures of 2 channels, 7 x 9, 5 classes."""
    out = {}
    settings = [(0.8, 1.0, 1.0, 0.5, 0.1)] * 10 + [(0.2, 0.0, 0.7, 0.5, 0.0)] * 3 + [(0.0, 0.5, 1.0, 0.5, 0.2)] * 3
    for trial, (mixup, cutmix, prob, switch, smoothing) in enumerate(settings):
        s = Scripted(trial)
        x = torch.randn(6, 2, 7, 9)
        labels = torch.randint(0, 5, (6,))
        out[f"{trial}.setting"] = numpy.array([mixup, cutmix, prob, switch, smoothing])
        out[f"{trial}.images"] = x.clone()
        out[f"{trial}.labels"] = labels.int()
        undo = patched(timm.data.mixup, np=numpy_like(s))
        mixed, target = timm.data.mixup.Mixup(mixup, cutmix, None, prob, switch, "batch", True, smoothing, 5)(x, labels)
        undo()
        out[f"{trial}.draws"] = s.rows()
        out[f"{trial}.mixed"], out[f"{trial}.target"] = mixed, target
    return out


def make_beta(_):
    """The distribution function of Beta(a, a) at 19 points."""
    points = numpy.arange(1, 20) / 20
    out = {"points": points}
    for a in (0.1, 0.5, 0.8, 1.0):
        out[f"cdf {a}"] = numpy.array([float(mpmath.betainc(a, a, 0, p, regularized=True)) for p in points])
    return out


def make_train(_):
    """timm's whole training transform with the recipe's options at size 24, and the one for small pictures: crops of a
    padded picture at size 28."""
    out = {}
    for trial in range(14):
        s = Scripted(trial)
        img = PIL.Image.fromarray(IMAGES["pattern" if trial % 2 else "noise"])
        small = trial >= 10
        size = 28 if small else 24
        transform = create_transform(
            size, is_training=True, color_jitter=0.4, auto_augment="rand-m9-mstd0.5-inc1", interpolation="bicubic",
            re_prob=0.25 if trial else 1.0, re_mode="pixel", re_count=1, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
        if small:
            img = img.crop((0, 0, size, size))
            transform.transforms[0] = torchvision.transforms.transforms.RandomCrop(size, padding=4)

        def rand(*_):
            return torch.tensor([s.random()], dtype=torch.float64)

        def randint(lo, hi, size=()):
            return torch.tensor(lo + s.below(hi - lo))

        def pixels(a, b, size, **_):
            return torch.tensor([s.gauss() for _ in range(math.prod(size))]).reshape(size).float()

        undo = [
            patched(timm.data.transforms, random=s),
            patched(aa, random=s, np=numpy_like(s)),
            patched(timm.data.random_erasing, random=s, _get_pixels=pixels),
            patched(torchvision.transforms.transforms, torch=types.SimpleNamespace(rand=rand, randint=randint, Tensor=torch.Tensor)),
        ]
        out[f"{trial}.result"] = transform(img)
        for u in undo:
            u()
        out[f"{trial}.draws"] = s.rows()
        out[f"{trial}.image"] = numpy.array(img)
    return out


def make_jitter(seed):
    """torchvision's ColorJitter as a whole: what it drew (order, then brightness, contrast, saturation, hue) and the pixels."""
    out = {}
    jitter = torchvision.transforms.transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)
    for trial in range(12):
        state = torch.get_rng_state()
        order, *values = jitter.get_params(jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue)
        torch.set_rng_state(state)  # so that the call draws the same
        array = IMAGES["pattern" if trial % 2 else "noise"]
        out[f"{trial}.image"] = array
        out[f"{trial}.chosen"] = numpy.array([*order.tolist(), *values], dtype=numpy.float64)
        out[f"{trial}.result"] = numpy.array(jitter(PIL.Image.fromarray(array)))
    return out


def make_eval(_):
    """The recipe's evaluation transform at smaller sizes."""
    from torchvision import transforms as T

    out = {}
    for name, array in IMAGES.items():
        for resize, size in ((32, 28), (21, 16), (50, 44)):
            t = T.Compose([T.Resize(resize, InterpolationMode.BICUBIC), T.CenterCrop(size), T.ToTensor(), T.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
            out[f"{name}.{resize}.{size}"] = t(PIL.Image.fromarray(array))
        out[name] = array
    return out


def fixture(make, tolerance, reason, seed=1, dtype="u8"):
    return {"make": make, "seed": seed, "dtype": dtype, "tolerance": tolerance, "reason": reason}


EXACT = "the same integer or float32 arithmetic in the same order: no level may differ"
CHOICE = "the same float64 formulas on the same numbers: integers agree, arguments to rounding"
FIXTURES = {
    "crop": fixture(make_crop, {"abs": 0}, "pixels are only moved"),
    "resize": fixture(make_resize, {"abs": 0}, EXACT),
    "affine": fixture(make_affine, {"abs": 0}, EXACT),
    "levels": fixture(make_levels, {"abs": 0}, EXACT),
    "enhance": fixture(make_enhance, {"abs": 0}, EXACT),
    "hue": fixture(make_hue, {"abs": 0}, EXACT),
    "jitter": fixture(make_jitter, {"abs": 0}, EXACT),
    "resized_crop_choice": fixture(make_resized_crop_choice, {"abs": 0}, CHOICE, dtype="f64"),
    "rand_augment_choice": fixture(make_rand_augment_choice, {"rel": 1e-14, "abs": 0}, CHOICE, dtype="f64"),
    "erase_choice": fixture(make_erase_choice, {"abs": 0}, CHOICE, dtype="f64"),
    "mix": fixture(make_mix, {"rel": 1e-6, "abs": 1e-6}, "float32 products and sums of numbers of size 1: two roundings", dtype="f32"),
    "beta": fixture(make_beta, {"abs": 0.008}, "40,000 draws: the Kolmogorov-Smirnov distance stays under 0.008 in all but 1 % of cases (1.63/sqrt(n))", dtype="f64"),
    "train": fixture(make_train, {"rel": 1e-6, "abs": 1e-6}, "levels agree exactly; normalising is two float32 roundings", dtype="f32"),
    "eval": fixture(make_eval, {"rel": 1e-6, "abs": 1e-6}, "levels agree exactly; normalising is two float32 roundings", dtype="f32"),
}
