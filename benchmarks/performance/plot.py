"""A plot of a few curves as SVG, without a library."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import chain

Curve = Sequence[tuple[float, float]]
"""Points, x ascending."""

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 32, 48
COLOURS = ("#1b6ca8", "#d1495b", "#3c8d5a", "#8a5fb0")
STEPS = (1, 2, 5, 10)
TICKS = 5


def svg(curves: Mapping[str, Curve], x_title: str, y_title: str) -> str:
    """The curves by name, both axes from 0."""
    points = list(chain.from_iterable(curves.values()))
    width, height = (max(1e-9, *(point[axis] for point in points)) for axis in (0, 1))
    body = [
        *_grid(width, height),
        *_curves(curves, width, height),
        _text(WIDTH - RIGHT, HEIGHT - 8, x_title, "end"),
        _text(8, TOP - 16, y_title, "start"),
    ]
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *body, "</svg>", ""])


def _curves(curves: Mapping[str, Curve], width: float, height: float) -> Iterator[str]:
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{_x(x, width):.1f},{_y(y, height):.1f}" for x, y in curve)
        yield f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{path}"/>'
        # Low and to the right, where no curve is: memory is never near 0.
        yield _text(WIDTH - RIGHT, HEIGHT - BOTTOM - 8 - 16 * number, name, "end", colour)


def _grid(width: float, height: float) -> Iterator[str]:
    for value in ticks(width):
        yield _text(_x(value, width), HEIGHT - BOTTOM + 16, f"{value:g}", "middle")
    for value in ticks(height):
        at = _y(value, height)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>'
        yield _text(LEFT - 6, at + 4, f"{value:g}", "end")


def ticks(most: float) -> list[float]:
    """Round values from 0 up to `most`, about five of them."""
    scale = 1.0
    while scale * STEPS[-1] * TICKS < most:
        scale *= 10
    while scale * TICKS > most:
        scale /= 10
    step = scale * next(step for step in STEPS if scale * step * TICKS >= most)
    return [number * step for number in range(int(most / step) + 1)]


def _x(value: float, width: float) -> float:
    return LEFT + value / width * (WIDTH - LEFT - RIGHT)


def _y(value: float, height: float) -> float:
    return HEIGHT - BOTTOM - value / height * (HEIGHT - TOP - BOTTOM)


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
