"""The search: what people type leads, among the first three results, to what answers it."""

import json
import re

import pytest
from test_pages import HTML, served

INDEX = HTML / "search-index.js"
FILES = pytest.mark.depends("_build/html/search*", "_build/html/_static/**/*", "_build/html/book/*")
# What is typed in forums and trackers, and the title of a section, trap or term that answers it.
SOUGHT = {
    "dead neurons": "A dead unit gets no gradient",
    "dead unit": "dead unit",
    "dying relu": "dying ReLU",
    "residual connection": "Skip connections",
    "hyperparameter": "hyperparameter",
    "test set": "test set",
    "loss not decreasing": "Diagnosis",
    "freeze batch norm": "A frozen layer",
    "freeze layers": "A frozen layer has a ceiling",
    "weight decay vs l2": "Two kinds of decay",
    "clipnorm": "In Keras",
    "gradient clipping threshold": "The norms, and a threshold",
    "learning rate finder": "The range test",
    "nan loss": "Why is my loss NaN?",
    "vanishing gradient": "Vanishing and exploding gradients",
    "exploding gradients": "Vanishing and exploding gradients",
    "exploding gradients rnn": "Where gradients explode: time",
    "he initialization": "Xavier (Glorot) and He initialization",
    "glorot uniform default": "Glorot initialization",
    "pytorch default initialization": "PyTorch’s default kernels",
    "batch normalization before or after activation": "Before or after",
    "layer normalization": "Layer, RMS and group normalization",
    "group norm": "Layer, RMS and group normalization",
    "training=True": "training=True at prediction",
    "moving average": "Moving averages",
    "transfer learning": "transfer learning",
    "fine-tuning": "fine-tuning",
    "adam vs sgd": "Use adaptive optimizers like Adam",
    "momentum": "momentum",
    "adamw": "Two kinds of decay",
    "learning rate schedule": "Learning rate scheduling",
    "warmup": "Warmup, and why Adam might want it",
    "1cycle": "By step: a schedule object",
    "batch size learning rate": "Batch size and learning rate",
    "reduce lr on plateau": "ReduceLROnPlateau without validation data",
    "early stopping": "Early stopping",
    "l1 regularization": "L1 and L2",
    "max norm": "Max-norm",
    "mc dropout": "MC dropout",
    "label smoothing": "Label smoothing",
    "calibration": "How sure, and is it right to be?",
    "data augmentation": "More rows from the same rows",
    "overfitting": "overfitting",
    "checklist": "A page for the wall",
    "default recipe": "A default recipe",
    "seed": "What a seed fixes",
    "shuffle": "The order of the rows in model.fit",
    "selu": "SELU: two constants for two moments",
    "leaky relu slope": "Two slopes called leaky",
    "skip connections": "Skip connections",
    "orthogonal": "Orthogonal kernels",
    "saturated sigmoid": "Saturated, or not?",
    "mixed precision": "A default recipe",
    "frozen batch normalization": "A frozen layer",
    # Held back until the search was done.
    "model not learning": "Diagnosis",
    "loss not changing": "Diagnosis",
    "batchnorm inference mode": "Training",
    "resume training": "Saving and resuming",
    "trainable = False": "trainable without a new compile",
    "lstm exploding gradient": "Where gradients explode: time",
    "adam epsilon": "Bias correction and epsilon (ε)",
    "cosine annealing": "By step: a schedule object",
    "batch norm small batch": "Batch size",
    "unfreeze layers learning rate": "A lower rate for lower layers",
    "class imbalance": "A rare class",
    "data leakage": "Look at the data first",
    "reproducible results keras": "Reproducibility",
    "from_logits": "Diagnosis",
    "gelu vs relu": "Which to choose",
    "learning rate too high": "The range test",
    # As a question, and as the British write.
    "why not initialise with zeros": "Zeros",
    "why does AdaGrad stop": "AdaGrad",
    "which optimizer should I take by default": "A default recipe",
    "how do I implement 1cycle in Keras": "By step: a schedule object",
    "good default settings": "A default recipe",
    "training loss higher than validation loss": "A training loss above the validation loss",
    "regularisation": "regularization",
    "why do sigmoid gradients vanish": "vanishing gradients",
    "debugging a neural network": "Diagnosis",
    "gradients per layer": "Gradients per layer of a real model",
    "GELU or SiLU": "GELU",
    "batch norm momentum": "batch norm momentum",
    "clipping threshold": "Choosing a threshold",
    "ReduceLROnPlateau": "By epoch: a callback",
    "MC dropout calibrated": "MC dropout",
    "weight initialization relu": "He initialization",
    "weight initialization ReLU": "He initialization",
    # Names in small letters.
    "pytorch": "The same in PyTorch",
    "batchnorm": "batch norm",
    "earlystopping": "Early stopping",
    "leakyrelu": "Two slopes called leaky",
}


@pytest.fixture(scope="module")
def search(browser):
    """The page of results, from a disk, as when unpacked."""
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []


@FILES
@pytest.mark.parametrize("query", SOUGHT)
def test_what_is_sought_is_among_the_first_three(search, query):
    search.goto(f"{(HTML / 'search.html').as_uri()}?q={query.replace('=', '%3D')}")
    search.wait_for_selector(".search-count")
    links = search.query_selector_all("#search-results li a")[:3]
    assert SOUGHT[query] in [link.inner_text() for link in links]


@FILES
def test_a_result_leads_to_its_place_and_an_unknown_word_is_told(browser):
    with served(HTML) as site:
        page = browser.new_page()
        page.goto(f"{site}search.html?q=two+slopes+called+leaky")
        page.locator("#search-results li a").first.click()
        place = page.locator(":target")
        assert place.inner_text().startswith("Two slopes called leaky")
        assert -5 < place.bounding_box()["y"] < 400
        page.goto(f"{site}search.html?q=xylophone")
        assert "Nothing has these words" in page.locator("#search-results").inner_text()


@FILES
def test_each_entry_has_a_place_and_a_sentence_and_no_folded_code_is_found():
    index = json.loads(re.sub(r"^var searchIndex = |;$", "", INDEX.read_text("utf-8")))
    assert len(index["entries"]) > 250
    for title, _, address, snippet in index["entries"]:
        page, _, anchor = address.partition("#")
        html = (HTML / page).read_text("utf-8")
        assert not anchor or f'id="{anchor}"' in html, address
        assert len(snippet) <= 200, title
        assert "\ufffc" not in snippet, title
    assert not {"yticks", "xticks"} & set(index["stems"])  # of drawing alone
    assert "clipnorm" in index["stems"]


def test_the_pages_of_results_and_of_the_book_know_one_stemmer():
    from extensions.search import words

    assert words("Frozen layers: BatchNormalization, ReLU, L2") == [
        "freez", "layer", "batch", "normal", "relu", "l2",
    ]  # fmt: skip
