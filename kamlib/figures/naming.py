"""Names beside the marks of a chart, each at the first place where it covers no other name."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from kamlib.figures import theme

Box = tuple[float, float, float, float]
MAX_LETTERS = 24
FONT_SIZE = 8.5
# Mean width of a letter and height of a line, in points, at that size.
LETTER, LINE = 5.6, 12.0
# A white ground keeps a name legible over marks; an outline would turn its letters into shapes.
HALO = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.65}


def name_points(ax: Axes, points: Sequence[tuple[float, float]], names: Sequence[str], *,
                radii: Sequence[float]) -> None:
    """Write a name beside each point (data), first come first placed; radii: of marks, points.

    A name that finds no free place stands at the right of its mark. Scales and limits have to be
    set before.
    """
    ax.autoscale_view()
    scale = ax.figure.dpi / 72
    frame = ax.bbox.extents
    taken: list[Box] = []
    for point, name, radius in zip(points, names, radii, strict=True):
        text = name if len(name) <= MAX_LETTERS else f"{name[:MAX_LETTERS - 1]}…"
        width = sum(2 if ord(letter) > theme.WIDE_FROM else 1 for letter in text) * LETTER
        x, y = ax.transData.transform(point)
        places = _places(radius + 3)
        boxes = [_box(x + dx * scale, y + dy * scale, side, width * scale, LINE * scale)
                 for dx, dy, side in places]
        free = [i for i, box in enumerate(boxes)
                if frame[0] <= box[0] and box[2] <= frame[2] and frame[1] <= box[1]
                and box[3] <= frame[3]
                and not any(_overlap(box, other) for other in taken)]
        chosen = free[0] if free else 0
        taken.append(boxes[chosen])
        dx, dy, side = places[chosen]
        # A name that had to move away keeps a thread to its mark.
        thread = {"arrowstyle": "-", "color": theme.MUTED, "linewidth": 0.6, "shrinkA": 0,
                  "shrinkB": 0} if abs(dy) > 2 * LINE + radius else None
        ax.annotate(text, point, xytext=(dx, dy), textcoords="offset points", ha=side,
                    va="center", fontsize=FONT_SIZE, color=theme.INK, arrowprops=thread,
                    bbox=HALO)


def _places(gap: float) -> list[tuple[float, float, str]]:
    """Where a name may stand around its mark, best first: shift in points, and its anchor."""
    near = [(gap, 0.0, "left"), (-gap, 0.0, "right"), (0.0, gap + LINE / 2, "center"),
            (0.0, -gap - LINE / 2, "center")]
    far = [(side * (gap + abs(step)), step * LINE, anchor) for step in (1, -1, 2, -2, 3, -3, 4, -4,
                                                                      5, -5, 6, -6)
           for side, anchor in ((1, "left"), (-1, "right"))]
    return near + far


def _box(x: float, y: float, side: str, width: float, height: float) -> Box:
    left = {"left": x, "right": x - width, "center": x - width / 2}[side]
    return left, y - height / 2, left + width, y + height / 2


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
