"""What is done once the HTML pages are written: each step in its order.

The pages are read anew here, since a content security policy needs the hashes of what stands in
them, and since no hook of the theme comes after its own scripts are added.
"""

from pathlib import Path

from sphinx.application import Sphinx

from extensions import bundle, katex, live_figures, policy, previews, search, site, theme


def setup(app: Sphinx) -> None:
    app.connect("build-finished", finish, priority=900)  # the themes write style sheets there, too


def finish(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    katex.copy_files(app)
    site.copy_notebooks(app)
    site.write_lost_page(app)
    site.write_site_map(app)
    search.write(app)
    static = Path(app.outdir) / "_static"
    live_figures.write_scripts(static / live_figures.FOLDER)
    texts = {page: page.read_text("utf-8") for page in Path(app.outdir).rglob("*.html")}
    pages = {p: theme.with_roles(html) for p, html in texts.items() if "data-content_root" in html}
    previews.write(Path(app.outdir), pages)
    fresh = [html for html in pages.values() if not policy.is_closed(html)]
    if fresh:
        bundles = bundle.write(static, fresh, list(pages.values()))
        for page, html in pages.items():
            page.write_text(policy.close(html, *bundles), encoding="utf-8")
    theme.remove_unused(app)
