"""Writes the JPEG files of tests/io with Pillow, and beside them, as .npy, the pixels Pillow decodes from
them; see README.md. Run in this folder."""

import numpy as np
from PIL import Image

# Odd sizes, so that planes end within blocks; smooth and sharp, so that every coefficient occurs.
y, x = np.mgrid[0:37, 0:51]
red = 127.5 + 127.5 * np.sin(x / 7.0 + y / 11.0)
green = (5 * x) % 256
blue = np.where((x // 6 + y // 5) % 2 == 0, 250, 8)
colour = Image.fromarray(np.stack([red, green, blue], axis=2).astype("u1"))
grey = Image.fromarray(red.astype("u1"))


def write(name, picture, **options):
    picture.save(f"{name}.jpg", **options)
    np.save(f"{name}.npy", np.asarray(Image.open(f"{name}.jpg")))


write("jpeg_grey", grey, quality=85)
write("jpeg_grey_progressive", grey, quality=60, progressive=True, optimize=True)
for subsampling in ["4:4:4", "4:2:2", "4:2:0"]:
    name = subsampling.replace(":", "")
    write(f"jpeg_{name}", colour, quality=75, subsampling=subsampling)
    write(f"jpeg_{name}_progressive", colour, quality=90, subsampling=subsampling, progressive=True)
write("jpeg_rgb", colour, quality=80, keep_rgb=True)
write("jpeg_restarts", colour, quality=50, restart_marker_blocks=3)
write("jpeg_restarts_progressive", colour, quality=50, restart_marker_rows=1, progressive=True)
write("jpeg_narrow", colour.crop((0, 0, 3, 40)), quality=70, subsampling="4:2:0")
write("jpeg_one_pixel", grey.crop((5, 5, 6, 6)), quality=95)

# Refused by design.
colour.convert("CMYK").crop((0, 0, 8, 8)).save("bad_cmyk.jpg")
