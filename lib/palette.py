"""The colours of the book's figures; a page turns them into its own, light or dark."""

INK = "#14181f"
MUTED = "#5c6570"
PALETTE = ("#b34700", "#0068a8", "#007556", "#a03e77", "#5a4fcf")
