"""PNG and JPEG files as Pillow decodes them: the files themselves, and their levels."""

import io

import numpy
import PIL.Image
import torch

PACKAGES = ["pillow"]


def picture():
    """19 x 23 colour, smooth, with a hard square."""
    y, x = numpy.mgrid[0:19, 0:23]
    img = numpy.stack([9 * y + 40, 7 * x + 30, 4 * x + 4 * y + 20], -1)
    img[5:11, 6:13] = (220, 60, 130)
    return img.astype(numpy.uint8)


def smooth():
    """21 x 35 colour in which colours change slowly, so that how colour samples are spread hardly matters."""
    y, x = numpy.mgrid[0:21, 0:35]
    return numpy.stack([5 * y + 50, 3 * x + 60, 150 - 2 * y - x], -1).astype(numpy.uint8)


def entry(tensors, name, image, kind, **options):
    """Saves the image, reads the file again, and keeps its levels: one channel if it is grey, else convert("RGB")."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    again = PIL.Image.open(io.BytesIO(file.getvalue()))
    levels = again.convert("L" if again.mode in ("L", "1") else "RGB")
    tensors[name + ".file"] = torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8)
    tensors[name + ".levels"] = torch.from_numpy(numpy.array(levels))


def make_png(seed):
    t = {}
    rgb = PIL.Image.fromarray(picture())
    grey = rgb.convert("L")
    alpha = PIL.Image.fromarray((numpy.arange(19 * 23).reshape(19, 23) % 256).astype(numpy.uint8))
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    entry(t, "rgb", rgb, "PNG")
    entry(t, "grey", grey, "PNG")
    entry(t, "rgba", rgba, "PNG")
    entry(t, "grey_alpha", PIL.Image.merge("LA", (grey, alpha)), "PNG")
    entry(t, "palette", rgb.quantize(16), "PNG")
    entry(t, "palette_transparent", rgb.quantize(16), "PNG", transparency=3)
    entry(t, "black_white", grey.convert("1"), "PNG")
    return t


def make_jpeg(seed):
    t = {}
    edges = PIL.Image.fromarray(picture())
    for name, subsampling in {"edges_444": 0, "edges_422": 1, "edges_420": 2}.items():
        entry(t, name, edges, "JPEG", quality=98, subsampling=subsampling)
    for name, options in {"444": {"subsampling": 0}, "420": {"subsampling": 2}, "422_progressive": {"subsampling": 1, "progressive": True}}.items():
        entry(t, name, PIL.Image.fromarray(smooth()), "JPEG", quality=95, **options)
    entry(t, "grey", PIL.Image.fromarray(smooth()).convert("L"), "JPEG", quality=95)
    return t


FIXTURES = {
    "png": {"make": make_png, "seed": 1, "dtype": "u8", "tolerance": {"abs": 0}, "reason": "PNG is lossless; transparency is dropped by both"},
    "jpeg": {
        "make": make_jpeg,
        "seed": 1,
        "dtype": "u8",
        "tolerance": {"abs": 3},
        "reason": "libjpeg and Go's image/jpeg round the cosine transform on their own, up to a level in brightness and in each colour "
        "difference; the conversion makes of one level of colour up to 1.8 of blue, and rounds once more",
    },
}
